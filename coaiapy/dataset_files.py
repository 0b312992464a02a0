"""Reads dataset items from JSON Lines, JSON, YAML and CSV, and writes JSON Lines and CSV.

Writing and reading again gives the same items. A CSV cell is read as JSON if it is valid JSON, else
as text, and an empty cell as no value. A text that looks like JSON is therefore written in quotes.
"""

import csv
import io
import json
import os
import re
from hashlib import sha256
from typing import IO, Any, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional

from coaiapy.dataset_items import ALIASES, FIELDS, item_from
from coaiapy.errors import UsageError
from coaiapy.langfuse.records.fields import Body
from coaiapy.util.formats import json_values
from coaiapy.util.formats.columns import Columns
from coaiapy.util.formats.item_files import Item, RowErrors, csv_items, read_items
from coaiapy.util.formats.json_values import json_lines
from coaiapy.util.text import Note, ignore_note

CSV = "csv"
JSONL = "jsonl"
FORMATS = (JSONL, CSV)
READABLE = ("jsonl", "json", "yaml", "csv")
_TEXT_FIELDS = ("id", "status", "sourceTraceId", "sourceObservationId")
_TEXT_COLUMNS = [name for field in _TEXT_FIELDS for name in (field,) + tuple(FIELDS[field])]
# Control characters, which not every CSV reader keeps in a cell.
_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f]")


class FileItems(NamedTuple):
    """The items of a file, each once and with an id.

    ``places`` says for each id where in the file it is; ``repeated`` is the number of duplicates.
    """

    items: List[Body]
    places: Dict[str, str]
    repeated: int


def read_dataset_items(
    stream: IO[bytes],
    dataset_name: str,
    name: str = "",
    format: Optional[str] = None,
    new_ids: bool = False,
    renamed: Mapping[str, str] = {},
    note: Note = ignore_note,
) -> FileItems:
    """Return the items in a file for a dataset; the whole file is checked first.

    An item without an id gets one that is a hash of the dataset's name and its content, so that
    reading the file again gives the same items. With ``new_ids`` an item with an id gets a hash of
    the dataset's name and that id. ``renamed`` is as in ``Columns``. Raises one ``UsageError`` that
    lists all mistakes.
    """
    items: Dict[str, Body] = {}
    places: Dict[str, str] = {}
    errors = RowErrors()
    count = 0
    columns = Columns(list(FIELDS), ALIASES, renamed)
    for found in _items(stream, name, format, columns, note):
        count += 1
        try:
            given = columns.row(found.fields("an item"))
            item = _with_id(item_from(given), dataset_name, new_ids)
            if items.setdefault(item["id"], item) != item:
                raise UsageError(
                    "id: {!r} is already the id of {}".format(item["id"], places[item["id"]])
                )
            places.setdefault(item["id"], found.place)
        except UsageError as error:
            errors.add(found.place, error)
    errors.check(count, "items", "sent")
    return FileItems(list(items.values()), places, count - len(items))


def _items(
    stream: IO[bytes], name: str, format: Optional[str], columns: Columns, note: Note
) -> Iterator[Item]:
    if format == CSV or (format is None and name.lower().endswith((".csv", ".tsv"))):
        return csv_items(stream, columns, _value, note)
    return read_items(stream, name, format)


def _value(column: str, cell: str) -> Any:
    if column in _TEXT_COLUMNS:
        return cell
    try:
        return json_values.parse_unique(cell)
    except json_values.DuplicateKeyError as error:
        raise UsageError(str(error)) from error
    except ValueError:
        return cell


def _with_id(item: Body, dataset_name: str, new_ids: bool) -> Body:
    if "id" in item and not new_ids:
        return item
    content = {key: item[key] for key in FIELDS if key in item and key != "status"}
    text = json.dumps([dataset_name, item.get("id", content)], sort_keys=True)
    return dict(item, id=sha256(text.encode("utf-8")).hexdigest()[:32])


def exported(item: Body) -> Body:
    """Return the fields of a server's item that are written to a file and can be imported again."""
    kept = {key: item.get(key) for key in FIELDS if item.get(key) is not None}
    if kept.get("status") == "ACTIVE":
        del kept["status"]
    if kept.get("metadata") == {}:
        del kept["metadata"]
    return kept


def format_of(path: Optional[str]) -> str:
    """Return the format for the extension of a file's name; JSON Lines if it has none.

    ``UsageError`` for an unknown extension.
    """
    ending = os.path.splitext(path or "")[1].lower()
    if ending == ".csv":
        return CSV
    if ending in ("", ".jsonl", ".ndjson"):
        return JSONL
    raise UsageError(
        "{}: the extension {} is not a known format: use .jsonl or .csv, or give --format".format(
            path, ending
        )
    )


def to_jsonl(items: Iterable[Body]) -> str:
    """Return a server's items as JSON Lines."""
    return json_lines(exported(item) for item in items)


def to_csv(items: Iterable[Body]) -> str:
    """Return a server's items as CSV with one column for each field."""
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
    if value and isinstance(value, str) and not _UNSAFE.search(value) and _is_text(value):
        return value
    return json.dumps(value, ensure_ascii=False)


def _is_text(cell: str) -> bool:
    """Tell whether a cell is read as this text, and not as JSON."""
    try:
        json_values.parse(cell)
    except ValueError:
        return True
    return False
