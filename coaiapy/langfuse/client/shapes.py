"""What the answers of a Langfuse server look like: the one table that every answer is checked with.

A route is a method and a path; the shape of its answer says which fields the code behind it relies
on. A needed field that does not fit makes the whole answer an error. A known one that does not fit
is left out, as if the server had not sent it. Every other field is passed on as it came.
"""

import re
from typing import Any, List, NamedTuple

from coaiapy.util.formats.shapes import (
    Kind,
    each,
    either,
    flag,
    mapping,
    maybe,
    name,
    number,
    record,
    text,
    those,
    whole,
)
from coaiapy.util.text.wording import described

API = "/api/public"


def listed(rows: Kind) -> Kind:
    """Return the kind of a page of a listing, numbered or with a cursor."""
    meta = record("the meta of a page", {}, {"totalPages": whole, "cursor": maybe(text)})
    return record("a page", {"data": each(rows)}, {"meta": meta})


def project_id(value: Any) -> str:
    """Accept a text that can be a part of a file's name."""
    if ".." in text(value) or re.search(r"[/\\]", value) or not re.search("[A-Za-z0-9-]", value):
        raise ValueError(described(value))
    return str(value)


def version(value: Any) -> str:
    """Accept a version that begins with two numbers."""
    if not re.match(r"v?[0-9]{1,9}\.[0-9]{1,9}", text(value)):
        raise ValueError(described(value))
    return str(value)


def _of_texts(*fields: str) -> Any:
    return {field: maybe(text) for field in fields}


_ORGANIZATION = record("an organization", {}, _of_texts("id", "name"))
PROJECT = record(
    "a project", {"id": project_id}, {"name": maybe(text), "organization": _ORGANIZATION}
)
HEALTH = record("a health report", {}, {"status": text, "version": version})

# The conversion in server_rows leaves out every other field of theirs that has a wrong type.
TRACE = record("a trace", {"id": name})
OBSERVATION = record("an observation", {"id": name, "traceId": name, "startTime": name})
SCORE = record("a score", {"id": name}, _of_texts("source"))
WHOLE_TRACE = record(
    "a trace", {"id": name, "observations": maybe(each(OBSERVATION)), "scores": maybe(each(SCORE))}
)
SESSION = record("a session", {"id": name})

# What an edit sends back must be what the server has, so that nothing of it is left out.
_CATEGORY = record("a category", {"label": text, "value": number})
_CONFIG_FIELDS = {
    "name": name,
    "dataType": name,
    "categories": maybe(each(_CATEGORY)),
    "minValue": maybe(number),
    "maxValue": maybe(number),
    "isArchived": maybe(flag),
    "description": maybe(text),
}
SCORE_CONFIG = record(
    "a score config",
    dict(_CONFIG_FIELDS, id=name),
    _of_texts("projectId", "createdAt", "updatedAt"),
)
# Scripts may put configs into the cache that no server has.
CACHED_CONFIG = record("a score config", dict(_CONFIG_FIELDS, id=maybe(name), dataType=maybe(name)))

_CONTENT = either(each(mapping), text)
PROMPT = record(
    "a prompt",
    {
        "name": name,
        "version": whole,
        "prompt": _CONTENT,
        "type": maybe(text),
        "labels": each(text),
        "tags": each(text),
        "commitMessage": maybe(text),
    },
    _of_texts("id", "createdAt", "updatedAt", "createdBy"),
)
LISTED_PROMPT = record(
    "a prompt",
    {"name": name, "versions": each(whole), "labels": each(text), "tags": each(text)},
    _of_texts("type", "lastUpdatedAt"),
)

DATASET = record(
    "a dataset",
    {"id": name, "name": name, "description": maybe(text)},
    _of_texts("createdAt", "updatedAt"),
)
DATASET_ITEM = record(
    "a dataset item",
    dict(_of_texts("status", "sourceTraceId", "sourceObservationId"), id=name),
    _of_texts("datasetName", "createdAt", "updatedAt"),
)


def no_item(value: Any) -> Any:
    """Accept what v2 answers if another dataset has an item of this id: the dataset's name alone."""
    if set(mapping(value)) != {"datasetName"}:
        raise ValueError(described(value))
    return value


RUN_ITEM = record("an item of a run", {"datasetRunId": name}, _of_texts("traceId", "datasetItemId"))
RUN = record("a run", {"id": name, "datasetRunItems": maybe(each(RUN_ITEM))})
LISTED_RUN = record(
    "a run", {"id": name, "name": name, "description": maybe(text)}, _of_texts("createdAt")
)
EXPERIMENT = record(
    "an experiment",
    {"id": name, "name": maybe(text), "description": maybe(text), "itemCount": maybe(whole)},
    _of_texts("datasetId", "startTime"),
)
EXPERIMENT_ITEM = record(
    "an item of an experiment", {"id": name, "traceId": name, "experimentItemId": maybe(text)}
)

COMMENT = record(
    "a comment",
    {"id": name, "objectType": text, "objectId": text, "content": text},
    _of_texts("authorUserId", "createdAt", "updatedAt"),
)
POSTED_COMMENT = record("a comment", {"id": name})

MEDIA = record(
    "a media file",
    {"mediaId": name, "contentType": text, "contentLength": whole, "url": text},
    _of_texts("uploadedAt", "urlExpiry"),
)
MEDIA_UPLOAD = record("a media file", {"mediaId": name, "uploadUrl": maybe(text)})

_EVENT = record("an event", {"id": text}, {"status": whole})
INGESTED = record("the outcome of a batch", {"successes": those(_EVENT)}, {"errors": those(_EVENT)})


class Route(NamedTuple):
    """A method, a pattern of the path below ``API``, and the kind of the answers."""

    method: str
    path: Any
    kind: Kind


def _route(method: str, path: str, kind: Kind) -> Route:
    return Route(method, re.compile(path.replace("*", "[^/]+") + r"\Z"), kind)


_ROUTES: List[Route] = [
    _route("GET", "/health", HEALTH),
    _route("GET", "/projects", listed(PROJECT)),
    _route("GET", "/traces", listed(TRACE)),
    _route("GET", "/traces/*", WHOLE_TRACE),
    _route("GET", "/observations", listed(OBSERVATION)),
    _route("GET", "/observations/*", OBSERVATION),
    _route("GET", "/v2/observations", listed(OBSERVATION)),
    _route("GET", "/sessions", listed(SESSION)),
    _route("GET", "/metrics", record("metrics", {"data": each(mapping)})),
    _route("GET", "/(v[23]/)?scores", listed(SCORE)),
    _route("GET", "/(v[23]/)?scores/*", SCORE),
    _route("GET", "/score-configs", listed(SCORE_CONFIG)),
    _route("GET|POST|PATCH", "/score-configs(/*)?", SCORE_CONFIG),
    _route("GET", "/v2/prompts", listed(LISTED_PROMPT)),
    _route("GET|POST|PATCH", "/v2/prompts(/*(/versions/*)?)?", PROMPT),
    _route("GET", "/v2/datasets", listed(DATASET)),
    _route("GET|POST", "/v2/datasets(/*)?", DATASET),
    _route("GET", "/dataset-items", listed(DATASET_ITEM)),
    _route("GET", "/dataset-items/*", DATASET_ITEM),
    _route("POST", "/dataset-items", either(DATASET_ITEM, no_item)),
    _route("GET", "/datasets/*/runs", listed(LISTED_RUN)),
    _route("GET", "/datasets/*/runs/*", RUN),
    _route("GET", "/experiments", listed(EXPERIMENT)),
    _route("GET", "/experiment-items", listed(EXPERIMENT_ITEM)),
    _route("POST", "/dataset-run-items", RUN_ITEM),
    _route("GET", "/comments", listed(COMMENT)),
    _route("GET", "/comments/*", COMMENT),
    _route("POST", "/comments", POSTED_COMMENT),
    _route("GET", "/media/*", MEDIA),
    _route("POST", "/media", MEDIA_UPLOAD),
]


def checked(method: str, path: str, value: Any) -> Any:
    """Return the answer to a request without known fields that do not fit.

    ``value`` is ``None`` for an answer without a body. Raises ``ValueError`` with a few words if it
    is not what the route answers.
    """
    below = path[len(API) :]
    for route in _ROUTES:
        if method in route.method.split("|") and route.path.match(below):
            return route.kind(value)
    return value if value is None else mapping(value)
