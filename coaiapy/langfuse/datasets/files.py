"""Dataset items as files: reading them, writing them, and importing many of them once."""

import csv
import io
import json
import os
import re
from hashlib import sha256
from typing import (
    IO,
    Any,
    Dict,
    Iterable,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

from coaiapy import patience
from coaiapy.config.settings import Settings
from coaiapy.errors import CoaiaError, ConfigError, NetworkError, NotFoundError, UsageError
from coaiapy.langfuse.client.http import LangfuseHttp
from coaiapy.langfuse.client.online import client_for
from coaiapy.langfuse.datasets.datasets import (
    ALIASES,
    FIELDS,
    archived_among,
    as_server_knows,
    create_dataset,
    get_dataset,
    is_archived,
    item_from,
    items_of,
    put,
)
from coaiapy.langfuse.datasets.shelf import Shelf
from coaiapy.langfuse.records.body import Body
from coaiapy.util.formats import json_values
from coaiapy.util.formats.columns import Columns
from coaiapy.util.formats.item_files import Item, RowErrors, csv_items, read_items
from coaiapy.util.formats.json_values import json_lines
from coaiapy.util.text.notes import Note, ignore_note
from coaiapy.util.threads import run_all

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

    @classmethod
    def of(cls, shelf: Shelf) -> "FileItems":
        """Return all items of a shelf."""
        found = list(shelf)
        places = {str(one.body["id"]): one.place for one in found}
        return cls([one.body for one in found], places, shelf.repeated)


def read_dataset_items(
    stream: IO[bytes],
    dataset_name: str,
    name: str = "",
    format: Optional[str] = None,
    new_ids: bool = False,
    renamed: Mapping[str, str] = {},
    note: Note = ignore_note,
    undone: str = "sent",
) -> Shelf:
    """Put the items in a file for a dataset on a shelf; the whole file is checked first.

    An item without an id gets one that is a hash of the dataset's name and its content, so that
    reading the file again gives the same items. With ``new_ids`` an item with an id gets a hash of
    the dataset's name and that id. ``renamed`` is as in ``Columns``. Raises one ``UsageError`` that
    lists all mistakes, and says by the word ``undone`` what was not done with the items.
    """
    shelf = Shelf()
    errors = RowErrors()
    count = 0
    columns = Columns(list(FIELDS), ALIASES, renamed)
    for found in _items(stream, name, format, columns, note):
        count += 1
        try:
            given = columns.row(found.fields("an item"))
            shelf.add(_with_id(item_from(given), dataset_name, new_ids), found.place)
        except UsageError as error:
            errors.add(found.place, error)
    errors.check(count, "item", undone)
    return shelf


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


class FailedItem(NamedTuple):
    """An item that was not accepted: its place in the file, its id, and why."""

    place: str
    id: str
    error: CoaiaError


class Imported(NamedTuple):
    """What became of a file's items; every item is in exactly one of the counts.

    ``unsent``: not tried, because ``problem`` ended the import. ``missing``: accepted, but not in
    the dataset when it was read afterwards. ``there`` is the number of active items in the dataset
    after the import, ``None`` if it could not be read because of ``problem``; ``archived`` is how
    many of the file's items are archived there.
    """

    new: int = 0
    changed: int = 0
    same: int = 0
    repeated: int = 0
    unsent: int = 0
    missing: int = 0
    there: Optional[int] = None
    archived: int = 0
    failed: Sequence[FailedItem] = ()
    problem: Optional[CoaiaError] = None

    def counts(self) -> Body:
        """Return only the numbers; ``total`` is the number of items in the file."""
        total = self.new + self.changed + self.same + self.repeated + self.unsent
        counts: Body = {"total": total + len(self.failed) + self.missing}
        counts.update(new=self.new, changed=self.changed, same=self.same, repeated=self.repeated)
        counts.update(failed=len(self.failed), unsent=self.unsent, missing=self.missing)
        return dict(counts, there=self.there, archived=self.archived)


def import_dataset_items(
    settings: Settings,
    dataset_name: str,
    found: FileItems,
    dry_run: bool = False,
    create: bool = False,
) -> Imported:
    """Import the items of a file into a dataset and return the counts.

    ``create`` makes the dataset if it does not exist; without it that raises ``NotFoundError``.
    ``dry_run`` sends nothing and counts what would be new or changed.
    """
    with client_for(settings, "dataset items", seconds=patience.LANGFUSE_ITEM) as http:
        known: Dict[str, Body] = {}
        if _ensure(settings, dataset_name, create, dry_run):
            known = _known(http, dataset_name, found.items)
        return _import(http, dataset_name, found, known, dry_run)


def _known(http: LangfuseHttp, dataset_name: str, items: List[Body]) -> Dict[str, Body]:
    """Return the dataset's items by their ids, also those of ``items`` that are archived there.

    An empty listing is taken for a new dataset, unless the file has archived items.
    """
    known = {item["id"]: item for item in items_of(http, dataset_name)}
    if known or any(map(is_archived, items)):
        unlisted = [item["id"] for item in items if item["id"] not in known]
        archived = archived_among(http, dataset_name, unlisted)
        known.update((item["id"], item) for item in archived)
    return known


def _import(
    http: LangfuseHttp, dataset_name: str, found: FileItems, known: Dict[str, Body], dry_run: bool
) -> Imported:
    """Import those of a file's items that are not ``known`` or differ from what is known."""
    items = as_server_knows(http, found.items)
    new = [item for item in items if item["id"] not in known]
    changed = [item for item in items if item["id"] in known and _differs(item, known[item["id"]])]
    same = len(items) - len(new) - len(changed)
    if dry_run:
        result = Imported(len(new), len(changed), same, found.repeated)
        return result._replace(there=_active(known.values()))
    archived = sum(is_archived(known.get(item["id"], {})) for item in items if item not in changed)
    result = Imported(same=same, repeated=found.repeated, archived=archived)
    if not new and not changed:
        return result._replace(there=_active(known.values()))
    outcomes = run_all(
        lambda item: put(http, dataset_name, item), new + changed, (NetworkError, ConfigError)
    )
    return _counted(result, outcomes, found, known, lambda: items_of(http, dataset_name))


def _ensure(settings: Settings, name: str, create: bool, dry_run: bool) -> bool:
    """Return whether the dataset exists now; create it if it is missing and ``create`` is true."""
    try:
        get_dataset(settings, name)
    except NotFoundError:
        if not create:
            raise
        if dry_run:
            return False
        create_dataset(settings, name)
    return True


def _active(items: Iterable[Body]) -> int:
    return sum(not is_archived(item) for item in items)


def _differs(item: Body, known: Body) -> bool:
    """Tell whether a field has another value on the server, where large numbers are rounded."""
    rounded = json_values.rounded
    return any(rounded(known.get(key)) != rounded(value) for key, value in item.items())


def _counted(
    result: Imported, outcomes: Any, found: FileItems, known: Dict[str, Body], read: Any
) -> Imported:
    failed: List[FailedItem] = []
    problem = None
    for outcome in outcomes:
        error = outcome.error
        if error is None:
            continue
        if not isinstance(error, CoaiaError):
            raise error
        failed.append(FailedItem(found.places[outcome.item["id"]], outcome.item["id"], error))
        if isinstance(error, (NetworkError, ConfigError)):
            problem = error
    unsent = sum(not outcome.was_tried for outcome in outcomes)
    written = [one.value for one in outcomes if one.was_tried and one.error is None]
    archived = result.archived + len(written) - _active(written)
    result = result._replace(unsent=unsent, failed=failed, problem=problem, archived=archived)
    accepted = [item["id"] for item in written]
    if problem is None:
        result, accepted = _compared(result, written, read)
    changed = sum(item_id in known for item_id in accepted)
    return result._replace(new=len(accepted) - changed, changed=changed)


def _compared(result: Imported, written: List[Body], read: Any) -> Tuple[Imported, List[str]]:
    """Read the dataset again; return ``result`` with its counts, and the written ids found there.

    Archived ones are not listed: for them the answer to the write counts. If the dataset cannot be
    read, all written ids count as found.
    """
    accepted = [item["id"] for item in written]
    try:
        there = {item["id"]: item for item in read()}
    except CoaiaError as error:
        return result._replace(problem=error), accepted
    active = _active(there.values())
    there.update((item["id"], item) for item in written if is_archived(item))
    found = [item_id for item_id in accepted if item_id in there]
    return result._replace(missing=len(accepted) - len(found), there=active), found
