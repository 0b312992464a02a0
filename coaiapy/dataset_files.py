"""Dataset items as files: JSON Lines, JSON, YAML and CSV, and back without a loss.

In CSV a cell is JSON where it can be read as JSON, else text; an empty one is nothing. Texts that
look like JSON are therefore written as JSON texts, in quotes.
"""

import csv
import io
import json
import os
import re
from hashlib import sha256
from typing import IO, Any, Dict, Iterable, Iterator, List, NamedTuple, Optional

from coaiapy import json_values
from coaiapy.csv_items import csv_items
from coaiapy.dataset_items import FIELDS, item_from
from coaiapy.errors import UsageError
from coaiapy.item_files import Item, read_items
from coaiapy.json_lines import json_lines
from coaiapy.record_fields import Body
from coaiapy.row_errors import RowErrors

CSV = "csv"
JSONL = "jsonl"
FORMATS = (JSONL, CSV)
READABLE = ("jsonl", "json", "yaml", "csv")
_TEXT_FIELDS = ("id", "status", "sourceTraceId", "sourceObservationId")
_TEXT_COLUMNS = [name for field in _TEXT_FIELDS for name in (field,) + tuple(FIELDS[field])]
# What not every reader of CSV takes for part of a cell.
_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f]")


class FileItems(NamedTuple):
    """The items of a file, each once and with an id, and how many lines repeated another."""

    items: List[Body]
    places: Dict[str, str]
    repeated: int


def read_dataset_items(
    stream: IO[bytes],
    dataset_name: str,
    name: str = "",
    format: Optional[str] = None,
    new_ids: bool = False,
) -> FileItems:
    """Return the items that a file holds for a dataset, checked whole.

    One without an id is given one that depends on the dataset and its content alone, so that the
    same file read again means the same items. With ``new_ids`` an item that has an id gets one
    that depends on the dataset and that id alone. Raises ``UsageError`` that lists what is wrong.
    """
    items: Dict[str, Body] = {}
    places: Dict[str, str] = {}
    errors = RowErrors()
    count = 0
    for found in _items(stream, name, format):
        count += 1
        try:
            item = _with_id(item_from(found.fields("an item")), dataset_name, new_ids)
            if items.setdefault(item["id"], item) != item:
                raise UsageError(
                    "id: {!r} is also that of {}".format(item["id"], places[item["id"]])
                )
            places.setdefault(item["id"], found.place)
        except UsageError as error:
            errors.add(found.place, error)
    errors.check(count, "items", "sent")
    return FileItems(list(items.values()), places, count - len(items))


def _items(stream: IO[bytes], name: str, format: Optional[str]) -> Iterator[Item]:
    if format == CSV or (format is None and name.lower().endswith(".csv")):
        return csv_items(stream, _value)
    return read_items(stream, name, format)


def _value(column: str, cell: str) -> Any:
    if column in _TEXT_COLUMNS:
        return cell
    try:
        return json_values.parse(cell)
    except ValueError:
        return cell


def _with_id(item: Body, dataset_name: str, new_ids: bool) -> Body:
    if "id" in item and not new_ids:
        return item
    content = {key: item[key] for key in FIELDS if key in item and key != "status"}
    text = json.dumps([dataset_name, item.get("id", content)], sort_keys=True)
    return dict(item, id=sha256(text.encode("utf-8")).hexdigest()[:32])


def exported(item: Body) -> Body:
    """Return what of an item of a server goes into a file, and can be imported again."""
    kept = {key: item.get(key) for key in FIELDS if item.get(key) is not None}
    if kept.get("status") == "ACTIVE":
        del kept["status"]
    if kept.get("metadata") == {}:
        del kept["metadata"]
    return kept


def format_of(path: Optional[str]) -> str:
    """Return the format that the ending of a file's name tells; JSON Lines without an ending.

    ``UsageError`` for any other ending.
    """
    ending = os.path.splitext(path or "")[1].lower()
    if ending == ".csv":
        return CSV
    if ending in ("", ".jsonl", ".ndjson"):
        return JSONL
    raise UsageError(
        "{}: the ending {} names no format that is written: end it in .jsonl or .csv, or give "
        "--format".format(path, ending)
    )


def to_jsonl(items: Iterable[Body]) -> str:
    """Return items of a server as JSON Lines."""
    return json_lines(exported(item) for item in items)


def to_csv(items: Iterable[Body]) -> str:
    """Return items of a server as CSV with one column for each field."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(list(FIELDS))
    for item in items:
        kept = exported(item)
        writer.writerow([_cell(name, kept.get(name)) for name in FIELDS])
    return stream.getvalue()


def _cell(column: str, value: Any) -> str:
    if value is None or column in _TEXT_COLUMNS:
        return value or ""
    if (
        value
        and isinstance(value, str)
        and not _UNSAFE.search(value)
        and _value(column, value) == value
    ):
        return value
    return json.dumps(value, ensure_ascii=False)
