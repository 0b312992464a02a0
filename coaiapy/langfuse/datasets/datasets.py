"""Datasets and their items on a Langfuse server."""

from typing import Any, Dict, Iterable, List, Optional, Sequence

from coaiapy.config.settings import Settings
from coaiapy.errors import CoaiaError, NotFoundError, UsageError
from coaiapy.langfuse.client import features
from coaiapy.langfuse.client.errors import ConflictError
from coaiapy.langfuse.client.http import LangfuseHttp, quoted
from coaiapy.langfuse.client.online import client_for
from coaiapy.langfuse.client.pages import numbered
from coaiapy.langfuse.client.server import needing
from coaiapy.langfuse.datasets.shelf import Shelf
from coaiapy.langfuse.records import ids
from coaiapy.langfuse.records.body import Body
from coaiapy.util.formats import json_values
from coaiapy.util.text.wording import did_you_mean
from coaiapy.util.threads import run_all, values_of

DATASETS = "/api/public/v2/datasets"
ITEMS = "/api/public/dataset-items"
ARCHIVED = "ARCHIVED"
STATUSES = ("ACTIVE", ARCHIVED)
LONGEST_ID = 255
# The names of an item's fields in Langfuse's API, each with other names that files may use.
FIELDS: Dict[str, Iterable[str]] = {
    "id": ("item_id",),
    "input": (),
    "expectedOutput": ("expected_output", "expected"),
    "metadata": (),
    "sourceTraceId": ("source_trace_id", "source_trace"),
    "sourceObservationId": ("source_observation_id", "source_observation"),
    "status": (),
}
# Fields that a server adds. A file that was exported from a server may have them; they are ignored.
_SERVER_FIELDS = ("datasetId", "datasetName", "createdAt", "updatedAt", "mediaReferences")
_NAMES = {alias: name for name, aliases in FIELDS.items() for alias in (name,) + tuple(aliases)}
# All other names that a file may use.
ALIASES = [name for name in _NAMES if name not in FIELDS] + list(_SERVER_FIELDS)
_SOURCES = ("sourceTraceId", "sourceObservationId")
_TEXTS = ("id",) + _SOURCES


def list_datasets(settings: Settings) -> List[Body]:
    """Return every dataset: ``id``, ``name``, ``description``, ``metadata``, ``createdAt``..."""
    with client_for(settings, "datasets") as http:
        return list(numbered(http, DATASETS, {}, None))


def get_dataset(settings: Settings, name: str) -> Body:
    """Return a dataset without its items; ``NotFoundError`` if there is none."""
    with client_for(settings, "datasets") as http:
        try:
            found: Body = http.request("GET", DATASETS + "/" + quoted(name))
        except NotFoundError as error:
            raise NotFoundError(
                "no dataset {!r}: coaia fuse datasets list shows them".format(name)
            ) from error
    return found


def create_dataset(
    settings: Settings,
    name: str,
    description: Optional[str] = None,
    metadata: Any = None,
    input_schema: Any = None,
    expected_output_schema: Any = None,
) -> Body:
    """Create a dataset, or change the given fields of the one with this name; return it.

    The schemas are JSON Schemas; servers that support them validate items against them.
    """
    if not name.strip():
        raise UsageError("a dataset needs a name")
    body = {"name": name, "description": description, "metadata": metadata_from(metadata)}
    body.update(inputSchema=input_schema, expectedOutputSchema=expected_output_schema)
    given = {key: value for key, value in body.items() if value is not None}
    with client_for(settings, "datasets") as http:
        created: Body = http.request("POST", DATASETS, json=given, retry=True)
    return created


def metadata_from(value: Any) -> Any:
    """Return metadata as a JSON value; a text that is not JSON becomes ``{"note": text}``."""
    if not isinstance(value, str):
        return value
    try:
        return json_values.parse(value)
    except ValueError:
        return {"note": value}


def list_dataset_items(
    settings: Settings, dataset_name: str, version: Optional[str] = None
) -> List[Body]:
    """Return every item of one dataset; ``NotFoundError`` if there is no such dataset.

    ``version`` is a time: the items as they were then, which servers of v2 do not know. Servers since v3 list only active items; an archived one can be read by its id.
    """
    with client_for(settings, "dataset items") as http:
        try:
            items = list(items_of(http, dataset_name, version))
        except NotFoundError:
            items = []
    if not items:
        get_dataset(settings, dataset_name)
    return with_given_ids(items)


def shelve_items(settings: Settings, dataset_name: str, version: Optional[str] = None) -> Shelf:
    """Put every item of a dataset on a shelf as the server has it, in the order of its listing."""
    shelf = Shelf()
    with client_for(settings, "dataset items") as http:
        try:
            for item in items_of(http, dataset_name, version):
                shelf.add(item)
        except NotFoundError:
            get_dataset(settings, dataset_name)
    return shelf


def items_of(
    http: LangfuseHttp, dataset_name: str, version: Optional[str] = None
) -> Iterable[Body]:
    """Yield the items of a dataset; items of other datasets in the answer are left out."""
    query = {"datasetName": dataset_name, "version": version}
    for item in numbered(http, ITEMS, query, None):
        if item.get("datasetName", dataset_name) == dataset_name:
            yield item


def is_archived(item: Body) -> bool:
    """Tell whether an item is archived: servers since v3 do not list such items."""
    return item.get("status") == ARCHIVED


def lists_archived(settings: Settings) -> bool:
    """Tell whether the server lists archived items; otherwise they can only be read by their id."""
    from coaiapy.langfuse.client.server import server_for
    from coaiapy.langfuse.journal.db import Journal

    with client_for(settings, "dataset items") as http, Journal() as journal:
        return not server_for(http, journal).has(features.ARCHIVED_ITEMS_HIDDEN)


def archived_among(http: LangfuseHttp, dataset_name: str, item_ids: Sequence[str]) -> List[Body]:
    """Return those of the items that are in the dataset, though archived; asks for each by its id."""

    def ask(item_id: str) -> Any:
        try:
            return http.request("GET", ITEMS + "/" + quoted(item_id))
        except NotFoundError:
            return None

    found = values_of(run_all(ask, item_ids, (CoaiaError,)))
    return [
        item
        for item in found
        if item and is_archived(item) and item.get("datasetName", dataset_name) == dataset_name
    ]


def get_dataset_item(settings: Settings, item_id: str) -> Body:
    """Return one item; ``NotFoundError`` if there is none."""
    with client_for(settings, "dataset items") as http:
        try:
            found: Body = http.request("GET", ITEMS + "/" + quoted(item_id))
        except NotFoundError as error:
            raise NotFoundError("no dataset item {!r}".format(item_id)) from error
    return with_given_ids([found])[0]


def create_dataset_item(
    settings: Settings,
    dataset_name: str,
    input_data: Any,
    expected_output: Any = None,
    metadata: Any = None,
    source_trace_id: Optional[str] = None,
    source_observation_id: Optional[str] = None,
    item_id: Optional[str] = None,
    status: Optional[str] = None,
) -> Body:
    """Create an item, or change the given fields of the item with this id; return it."""
    body = item_from(
        {
            "id": item_id or ids.new_id(),
            "input": input_data,
            "expectedOutput": expected_output,
            "metadata": metadata,
            "sourceTraceId": source_trace_id,
            "sourceObservationId": source_observation_id,
            "status": status,
        }
    )
    with client_for(settings, "dataset items") as http:
        return with_given_ids([put(http, dataset_name, as_server_knows(http, [body])[0])])[0]


def delete_dataset_item(settings: Settings, item_id: str) -> None:
    """Delete an item and its runs; ``NotFoundError`` if there is none."""
    with client_for(settings, "dataset items") as http:
        try:
            with needing(http, features.DELETE_ITEMS):
                http.request("DELETE", ITEMS + "/" + quoted(item_id))
        except NotFoundError as error:
            raise NotFoundError("no dataset item {!r} to delete".format(item_id)) from error


def put(http: LangfuseHttp, dataset_name: str, item: Body) -> Body:
    """Send an item that has an id, with retries, and return it as the server has it.

    Raises ``ConflictError`` if another dataset of the project has an item with this id: servers of
    v2 answer with success then, and without an item.
    """
    body = dict(item, datasetName=dataset_name)
    written: Optional[Body] = http.request("POST", ITEMS, json=body, retry=True)
    if not written or written.get("id") != item["id"]:
        raise ConflictError(
            "another dataset has an item {!r}: an id can be in one dataset only, so use another "
            "one".format(item["id"])
        )
    return written


def as_server_knows(http: LangfuseHttp, items: List[Body]) -> List[Body]:
    """Return the items with the ids of their source traces in the form that the server uses.

    The server is asked for its generation only if an item has a source trace.
    """
    if not any(item.get("sourceTraceId") for item in items):
        return items
    from coaiapy.langfuse.client.server import server_for
    from coaiapy.langfuse.journal.db import open_to_read

    with open_to_read(False) as journal:
        if not server_for(http, journal).keeps_spans:
            return items
    return [_with_span_ids(item) for item in items]


def with_given_ids(items: List[Body]) -> List[Body]:
    """Return items with the ids of their source traces as the user gave them, if they are known here.

    A v4 server has them as hex digits.
    """
    if not any(item.get("sourceTraceId") for item in items):
        return items
    from coaiapy.langfuse.journal.db import open_to_read
    from coaiapy.langfuse.journal.reads import given_ids

    with open_to_read(False) as journal:
        return [
            dict(
                item,
                **dict(
                    zip(
                        _SOURCES,
                        given_ids(journal, item["sourceTraceId"], item.get("sourceObservationId")),
                    )
                ),
            )
            if item.get("sourceTraceId")
            else item
            for item in items
        ]


def _with_span_ids(item: Body) -> Body:
    changed = dict(item)
    if item.get("sourceTraceId"):
        changed["sourceTraceId"] = ids.span_trace_id(item["sourceTraceId"])
    if item.get("sourceObservationId"):
        changed["sourceObservationId"] = ids.span_id(item["sourceObservationId"])
    return changed


def item_from(values: Any) -> Body:
    """Return an item's fields under the API's names, checked; ``UsageError`` for a wrong one."""
    if not isinstance(values, dict):
        raise UsageError("an item is an object with input and expectedOutput")
    item: Body = {}
    for key, value in values.items():
        name = _NAMES.get(key)
        if name is None and key not in _SERVER_FIELDS:
            known = ", ".join(FIELDS)
            hint = did_you_mean(str(key), _NAMES)
            raise UsageError("no field {!r}{}; the fields are {}".format(key, hint, known))
        if name in item:
            raise UsageError("{}: given twice, under two names".format(name))
        if name is not None and value is not None:
            item[name] = _checked(name, value)
    if "input" not in item and "expectedOutput" not in item:
        raise UsageError("the item has neither input nor expectedOutput: give one of them")
    if "sourceObservationId" in item and "sourceTraceId" not in item:
        raise UsageError("sourceObservationId needs sourceTraceId")
    return item


def _checked(name: str, value: Any) -> Any:
    if name == "status":
        status = str(value).upper()
        if status not in STATUSES:
            raise UsageError("status: {!r} is not ACTIVE or ARCHIVED".format(value))
        return status
    if name in _TEXTS:
        text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if not isinstance(text, str) or not 0 < len(text) <= LONGEST_ID:
            raise UsageError("{}: {!r} must have 1 to 255 characters".format(name, value))
        value = text
    try:
        return json_values.plain(value)
    except ValueError as error:
        raise UsageError("{} {}".format(name, error)) from error
