"""What servers of every generation answer, brought into the shape of our own bodies.

Servers fill what was not given with ``null``, ``""``, ``{}``, ``[]`` or ``0`` and add fields of
their own; here is only what somebody wrote.
"""

from typing import Any, Callable, Dict, Iterator, Mapping, Tuple

from coaiapy import ids, span_metadata
from coaiapy.record_fields import FIELDS, Body
from coaiapy.trace_filter import DEFAULT_ENVIRONMENT

_EMPTY: Any = (None, "", {}, [])
_CONTENT = ("input", "output")
_API = {kind: {field.attribute: field.api for field in fields} for kind, fields in FIELDS.items()}
_API["trace"]["trace_id"] = _API["trace"].pop("id")
# A v4 server keeps these ids as digits made of the user's own text, which is an own field.
_DIGITS: Dict[str, Dict[str, Callable[[str], str]]] = {
    "trace": {"id": ids.span_trace_id},
    "observation": {
        "id": ids.span_id,
        "traceId": ids.span_trace_id,
        "parentObservationId": ids.span_id,
    },
    "score": {"traceId": ids.span_trace_id, "observationId": ids.span_id},
}
_COUNTS = ("input", "output", "total")
_TOTALLED = ("usageDetails", "costDetails")
_TEXT_SCORES = ("CATEGORICAL", "TEXT", "CORRECTION")


def trace(row: Mapping[str, Any]) -> Body:
    """Return the trace of a row of ``/traces``."""
    body = _given("trace", row)
    if not body.get("public"):
        body.pop("public", None)
    return body


def observation(row: Mapping[str, Any]) -> Body:
    """Return the observation of a row of ``/observations`` or ``/v2/observations``."""
    row = dict(row, model=row.get("model") or row.get("providedModelName"))
    if "usageDetails" not in row:
        row.update(usageDetails=_old_usage(row), costDetails=_old_cost(row))
    return completed(_given("observation", row))


def span(row: Mapping[str, Any]) -> Body:
    """Return the observation of a row of ``/v2/observations``, whose contents are JSON text.

    Every span has an end; where nobody gave one, it is the start.
    """
    contents = {name: span_metadata.from_text(row.get(name)) for name in _CONTENT}
    body = observation(dict(row, **contents))
    if body.get("endTime") == body.get("startTime") and _is_end_made_up(row):
        body.pop("endTime", None)
    return body


def completed(body: Body) -> Body:
    """Return an observation with what servers add when it was not given: type, level, totals."""
    whole = dict({"type": "EVENT", "level": "DEFAULT"}, **body)
    for name in _TOTALLED:
        details = whole.get(name)
        if details and "total" not in details:
            whole[name] = dict(details, total=sum(details.values()))
    return whole


def score(row: Mapping[str, Any]) -> Body:
    """Return the score of a row of ``/scores`` or ``/v3/scores``."""
    body = _given("score", dict(row, **_target(row.get("subject") or {})))
    if body.get("dataType") in _TEXT_SCORES and row.get("stringValue") is not None:
        body["value"] = row["stringValue"]
    elif body.get("dataType") == "BOOLEAN":
        body["value"] = bool(body["value"])
    return body


def _is_end_made_up(row: Mapping[str, Any]) -> bool:
    """An event has no end; a span of ours says so if its end was given as its start."""
    metadata = row.get("metadata") or {}
    if span_metadata.OWN_PREFIX + "end_time" in metadata:
        return False
    return row.get("type") == "EVENT" or span_metadata.is_ours(metadata)


def _given(kind: str, row: Mapping[str, Any]) -> Body:
    metadata = row.get("metadata")
    user, own = span_metadata.received(metadata if isinstance(metadata, dict) else {})
    body = {}
    for field in FIELDS[kind]:
        value = user if field.api == "metadata" else row.get(field.api)
        if value is not None and (field.api in _CONTENT or value not in _EMPTY):
            body[field.api] = value
    if body.get("environment") == DEFAULT_ENVIRONMENT:
        del body["environment"]
    body.update(_believed(kind, own, body))
    return body


def _believed(kind: str, own: Body, body: Body) -> Iterator[Tuple[str, Any]]:
    """Yield own fields under their API names; an id must be the one that the server's stands for."""
    for attribute, value in own.items():
        name = _API[kind].get(attribute)
        digits = _DIGITS[kind].get(name or "")
        if name and (digits is None or isinstance(value, str) and digits(value) == body.get(name)):
            yield name, value


def _old_usage(row: Mapping[str, Any]) -> Dict[str, int]:
    usage = row.get("usage")
    counts = usage if isinstance(usage, dict) else {}
    return {name: counts[name] for name in _COUNTS if counts.get(name)}


def _old_cost(row: Mapping[str, Any]) -> Dict[str, float]:
    costs = {name: row.get("calculated{}Cost".format(name.title())) for name in _COUNTS}
    return {name: cost for name, cost in costs.items() if cost}


def _target(subject: Mapping[str, Any]) -> Body:
    """Return the target of a v3 score under the names that the older answers use."""
    if subject.get("kind") == "observation":
        return {"observationId": subject.get("id"), "traceId": subject.get("traceId")}
    names = {"trace": "traceId", "session": "sessionId", "experiment": "datasetRunId"}
    name = names.get(subject.get("kind", ""))
    return {name: subject.get("id")} if name else {}
