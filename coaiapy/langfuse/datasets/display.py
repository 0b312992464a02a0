"""Datasets and their items formatted for people."""

from typing import Any, Iterable, Sequence

from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.records.display import fields, listing
from coaiapy.util.formats.json_values import text_or_json
from coaiapy.util.times import moment

COLUMNS = {
    "name": "Name",
    "description": "Description",
    "metadata": "Metadata",
    "createdAt": "Created",
    "updatedAt": "Updated",
}
ITEM_COLUMNS = {
    "id": "Item",
    "status": "Status",
    "input": "Input",
    "expectedOutput": "Expected output",
    "metadata": "Metadata",
    "sourceTraceId": "Trace",
}


def format_datasets_table(datasets: Iterable[Body]) -> str:
    """Return a table of the rows of ``datasets.list_datasets``."""
    return listing(datasets, COLUMNS)


def format_dataset_display(dataset: Body, items: Sequence[Body], local: bool = False) -> str:
    """Return a dataset's fields, then each item with its input and expected output."""
    heading = {
        "name": dataset["name"],
        "id": dataset["id"],
        "description": dataset.get("description") or "",
        "metadata": dataset.get("metadata") or {},
        "created": moment(dataset.get("createdAt"), local),
        "items": str(len(items)),
    }
    return "\n\n".join([fields(heading)] + [_item(item) for item in items])


def _item(item: Body) -> str:
    lines = ["{}  {}".format(item["id"], item.get("status") or "ACTIVE")]
    for name, key in (("input", "input"), ("expected", "expectedOutput"), ("metadata", "metadata")):
        if item.get(key) not in (None, {}):
            lines.append("  {:<8}  {}".format(name, _text(item[key])))
    return "\n".join(lines)


def _text(value: Any) -> str:
    if value is None or value == {}:
        return ""
    return text_or_json(value)
