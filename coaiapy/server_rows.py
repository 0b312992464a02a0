"""What servers of every generation answer, brought into the shape of our own bodies.

Servers fill what was not given with ``null``, ``""``, ``{}``, ``[]`` or ``0`` and add fields of
their own; here is only what somebody wrote.
"""

from typing import Any, Dict, Mapping

from coaiapy import span_metadata
from coaiapy.record_fields import FIELDS, Body

_EMPTY: Any = (None, "", {}, [])
_CONTENT = ("input", "output")
_API = {kind: {field.attribute: field.api for field in fields} for kind, fields in FIELDS.items()}


def trace(row: Mapping[str, Any]) -> Body:
    """Return the trace of a row of ``/traces``."""
    body = _given("trace", row)
    if not body.get("public"):
        body.pop("public", None)
    return body


def observation(row: Mapping[str, Any]) -> Body:
    """Return the observation of a row of ``/observations`` or ``/v2/observations``."""
    row = dict(row, model=row.get("model") or row.get("providedModelName"))
    body = _given("observation", row)
    usage = body.pop("usageDetails", None) or _legacy_usage(row)
    if usage:
        body["usageDetails"] = usage
    return body


def span(row: Mapping[str, Any]) -> Body:
    """Return the observation of a row of ``/v2/observations``, whose contents are JSON text."""
    contents = {name: span_metadata.from_text(row.get(name)) for name in _CONTENT}
    return observation(dict(row, **contents))


def score(row: Mapping[str, Any]) -> Body:
    """Return the score of a row of ``/scores`` or ``/v3/scores``."""
    return _given("score", dict(row, **_target(row.get("subject") or {})))


def _given(kind: str, row: Mapping[str, Any]) -> Body:
    metadata = row.get("metadata")
    user, own = span_metadata.received(metadata if isinstance(metadata, dict) else {})
    body = {}
    for field in FIELDS[kind]:
        value = user if field.api == "metadata" else row.get(field.api)
        if value is not None and (field.api in _CONTENT or value not in _EMPTY):
            body[field.api] = value
    body.update((_API[kind][name], value) for name, value in own.items() if name in _API[kind])
    return body


def _legacy_usage(row: Mapping[str, Any]) -> Dict[str, int]:
    usage = row.get("usage")
    counts = usage if isinstance(usage, dict) else {}
    return {name: counts[name] for name in ("input", "output", "total") if counts.get(name)}


def _target(subject: Mapping[str, Any]) -> Body:
    """Return the target of a v3 score under the names that the older answers use."""
    if subject.get("kind") == "observation":
        return {"observationId": subject.get("id"), "traceId": subject.get("traceId")}
    names = {"trace": "traceId", "session": "sessionId", "experiment": "datasetRunId"}
    name = names.get(subject.get("kind", ""))
    return {name: subject.get("id")} if name else {}
