"""Records as the events that Langfuse's ingestion takes: one JSON object for each record.

An event's type says what its body is: ``trace-create``, ``score-create``, or the type of an observation,
as ``generation-create``.
"""

from typing import Any, Callable, Iterator, Mapping

from coaiapy.errors import NetworkError, UsageError
from coaiapy.langfuse.read import rows
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.records.fields import OBSERVATION_TYPES
from coaiapy.langfuse.records.records import record_as_kept
from coaiapy.util.text.wording import cut_repr, described

_ENDINGS = ("-create", "-update")
_KINDS = ("trace", "observation", "score")


def event(kind: str, body: Body) -> Body:
    """Return the event of a record; its id is the same each time."""
    type = str(body.get("type", "EVENT")).lower() if kind == "observation" else kind
    trace_id = body["id"] if kind == "trace" else body.get("traceId", "")
    return {
        "id": "-".join(
            part for part in (kind, trace_id, body["id"] if kind != "trace" else "") if part
        ),
        "timestamp": body.get("startTime") or body.get("timestamp"),
        "type": type + "-create",
        "body": body,
    }


def is_event(values: Mapping[str, Any]) -> bool:
    """Tell whether an object of a file is an event."""
    return isinstance(values.get("body"), dict) and str(values.get("type", "")).endswith(_ENDINGS)


def record_of(values: Mapping[str, Any]) -> Any:
    """Return the record in an event; raises ``UsageError`` that says what is wrong with it."""
    name = str(values["type"]).rpartition("-")[0]
    body = dict(values["body"])
    kind = name if name in _KINDS else "observation"
    if name not in _KINDS:
        if name.upper() not in OBSERVATION_TYPES + (str(body.get("type")).upper(),):
            raise UsageError("type: there is no event {}".format(cut_repr(values["type"])))
        body.setdefault("type", name.upper())
    return record_as_kept(kind, body)


def records_of_trace(values: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the records in a whole trace, as a server or ``trace-view --json`` shows it."""
    body = _read("trace", rows.trace, values)
    yield record_as_kept("trace", body)
    for row in _rows(values, "observations"):
        given = dict(row, traceId=row.get("traceId") or body["id"])
        yield record_as_kept("observation", _read("observation", rows.observation, given))
    for row in _rows(values, "scores"):
        yield record_as_kept("score", _read("score", rows.score, row))


def _read(kind: str, read: Callable[[Mapping[str, Any]], Body], row: Mapping[str, Any]) -> Body:
    try:
        return read(row)
    except NetworkError:  # what a reader says about a server
        needed = ", ".join(rows.REQUIRED[kind])
        said = "{} {} needs valid values of: {}".format(kind, described(row.get("id")), needed)
        raise UsageError(said) from None


def _rows(values: Mapping[str, Any], name: str) -> Iterator[Body]:
    for row in values.get(name) or ():
        if not isinstance(row, dict):
            raise UsageError("{}: must be objects, not {}".format(name, cut_repr(row)))
        yield row
