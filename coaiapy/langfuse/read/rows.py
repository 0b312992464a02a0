"""Converts rows from servers of every generation to bodies like those in the journal.

Servers fill missing fields with ``null``, ``""``, ``{}``, ``[]`` or ``0`` and add fields of their
own; a body has only the fields that were written. A row without a required field raises
``NetworkError``; any other field of a wrong type (a name that is a list) is left out.
"""

from typing import Any, Callable, Dict, Iterator, Mapping, Optional, Tuple

from coaiapy.errors import NetworkError, UsageError
from coaiapy.langfuse.client.metadata import OWN_PREFIX, from_text, is_ours, received
from coaiapy.langfuse.read.filters import DEFAULT_ENVIRONMENT
from coaiapy.langfuse.records import ids
from coaiapy.langfuse.records.body import Body, completed
from coaiapy.langfuse.records.fields import FIELDS
from coaiapy.util import times
from coaiapy.util.text.wording import described

_EMPTY: Any = (None, "", {}, [])
_CONTENT = ("input", "output")
_SCORED = ("name", "value")
_API = {kind: {field.attribute: field.api for field in fields} for kind, fields in FIELDS.items()}
_API["trace"]["trace_id"] = _API["trace"].pop("id")
# A v4 server stores these ids as hex digits. The id that the user chose is in coaia's own metadata.
_DIGITS: Dict[str, Dict[str, Callable[[str], str]]] = {
    "trace": {"id": ids.span_trace_id},
    "observation": {
        "id": ids.span_id,
        "traceId": ids.span_trace_id,
        "parentObservationId": ids.span_id,
    },
    "score": {"traceId": ids.span_trace_id, "observationId": ids.span_id},
}
REQUIRED = {
    "trace": ("id", "timestamp"),
    "observation": ("id", "traceId", "startTime"),
    "score": ("id", "name", "value"),
}
_TIMES = {
    field.api for fields in FIELDS.values() for field in fields if field.check is times.parse_time
}
# The types of fields that are not texts.
_HOLDS = {
    "input": object,
    "output": object,
    "value": object,
    "metadata": dict,
    "modelParameters": dict,
    "experiment": dict,
    "public": bool,
    "promptVersion": int,
}
_COUNTS = ("input", "output", "total")
_TOTALLED = ("usageDetails", "costDetails")
_TEXT_SCORES = ("CATEGORICAL", "TEXT", "CORRECTION")


def trace(row: Mapping[str, Any]) -> Body:
    """Return the trace in a row of ``/traces``."""
    body = _given("trace", row)
    if not body.get("public"):
        body.pop("public", None)
    return body


def observation(row: Mapping[str, Any]) -> Body:
    """Return the observation in a row of ``/observations`` or ``/v2/observations``."""
    row = dict(row, model=row.get("model") or row.get("providedModelName"))
    if "usageDetails" not in row:
        row.update(usageDetails=_old_usage(row), costDetails=_old_cost(row))
    return completed(_given("observation", row))


def span(row: Mapping[str, Any]) -> Body:
    """Return the observation in a row of ``/v2/observations``.

    Input and output are JSON text in such a row. Every span has an end. If none was given, the end
    is the start, and is left out here.
    """
    contents = {name: from_text(row.get(name)) for name in _CONTENT}
    body = observation(dict(row, **contents))
    if body.get("endTime") == body.get("startTime") and _is_end_made_up(row):
        body.pop("endTime", None)
    return body


def score(row: Mapping[str, Any]) -> Body:
    """Return the score in a row of ``/scores`` or ``/v3/scores``."""
    row = dict(row, **_target(row.get("subject")))
    if row.get("dataType") in _TEXT_SCORES and row.get("stringValue") is not None:
        row["value"] = row["stringValue"]
    body = _given("score", row)
    if body.get("dataType") == "BOOLEAN":
        body["value"] = bool(body["value"])
    return body


def session(row: Mapping[str, Any]) -> Body:
    """Return the session in a row of ``/sessions``."""
    found = {"id": row["id"], "createdAt": _time(row.get("createdAt"))}
    if found["createdAt"] is None:
        raise _wrong("session", "createdAt", row)
    environment = row.get("environment")
    if isinstance(environment, str) and environment != DEFAULT_ENVIRONMENT:
        found["environment"] = environment
    return found


def _is_end_made_up(row: Mapping[str, Any]) -> bool:
    """Tell whether an end that equals the start was filled in, and not given by the user.

    Events have no end. Our own spans note in their metadata that an end was given.
    """
    metadata = _metadata(row)
    if OWN_PREFIX + "end_time" in metadata:
        return False
    return row.get("type") == "EVENT" or is_ours(metadata)


def _given(kind: str, row: Mapping[str, Any]) -> Body:
    user, own = received(_metadata(row))
    body = {}
    may_be_empty = _SCORED if kind == "score" else _CONTENT
    for field in FIELDS[kind]:
        value = _fitting(field.api, user if field.api == "metadata" else row.get(field.api))
        if value is not None and (field.api in may_be_empty or value not in _EMPTY):
            body[field.api] = value
    if body.get("environment") == DEFAULT_ENVIRONMENT:
        del body["environment"]
    body.update(_own_fields(kind, own, body))
    for name in REQUIRED[kind]:
        if name not in body:
            raise _wrong(kind, name, row)
    return body


def _metadata(row: Mapping[str, Any]) -> Body:
    """Return the metadata of a row as a dict; a v2 server allows any value."""
    metadata = row.get("metadata")
    if isinstance(metadata, dict):
        return metadata
    return {} if metadata in _EMPTY else {"metadata": metadata}


def _fitting(name: str, value: Any) -> Any:
    """Return the value of a field as in our own bodies, ``None`` if it has the wrong type."""
    if name in _TIMES:
        return _time(value)
    if name in _TOTALLED:
        return _numbers(value)
    if name == "tags":
        return [tag for tag in value if isinstance(tag, str)] if isinstance(value, list) else None
    return value if isinstance(value, _HOLDS.get(name, str)) else None


def _time(value: Any) -> Optional[str]:
    try:
        return times.parse_time(value) if isinstance(value, str) else None
    except UsageError:
        return None


def _numbers(value: Any) -> Optional[Body]:
    if not isinstance(value, dict):
        return None
    return {
        name: count
        for name, count in value.items()
        if isinstance(count, (int, float)) and not isinstance(count, bool)
    }


def _wrong(kind: str, name: str, row: Mapping[str, Any]) -> NetworkError:
    return NetworkError(
        "the server gave {} {} whose {} is {}: check that LANGFUSE_BASE_URL is the address of "
        "Langfuse".format(kind, described(row.get("id")), name, described(row.get(name)))
    )


def _own_fields(kind: str, own: Body, body: Body) -> Iterator[Tuple[str, Any]]:
    """Yield the fields in coaia's own metadata under their API names.

    An id is used only if the server's hex digits are made from it: metadata may be forged.
    """
    for attribute, value in own.items():
        name = _API[kind].get(attribute)
        if name is None or _fitting(name, value) is None:
            continue
        digits = _DIGITS[kind].get(name)
        if digits is None or digits(value) == body.get(name):
            yield name, _fitting(name, value)


def _old_usage(row: Mapping[str, Any]) -> Body:
    counts = _numbers(row.get("usage")) or {}
    return {name: counts[name] for name in _COUNTS if counts.get(name)}


def _old_cost(row: Mapping[str, Any]) -> Body:
    costs = {name: row.get("calculated{}Cost".format(name.title())) for name in _COUNTS}
    return {name: cost for name, cost in costs.items() if cost}


def _target(subject: Any) -> Body:
    """Return the target of a v3 score under the names of the older APIs."""
    if not isinstance(subject, dict):
        return {}
    if subject.get("kind") == "observation":
        return {"observationId": subject.get("id"), "traceId": subject.get("traceId")}
    names = {"trace": "traceId", "session": "sessionId", "experiment": "datasetRunId"}
    name = names.get(str(subject.get("kind")))
    return {name: subject.get("id")} if name else {}
