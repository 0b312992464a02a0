"""Records as the events that Langfuse's ingestion takes: one JSON object for each record.

An event's type says what its body is: ``trace-create``, ``score-create``, or the type of an observation,
as ``generation-create``.
"""

from typing import Any, Callable, Dict, Iterator, Mapping

from coaiapy.errors import UsageError
from coaiapy.langfuse.read import rows
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.records.fields import OBSERVATION_TYPES
from coaiapy.langfuse.records.records import observation_from, score_from, trace_from
from coaiapy.util.text import cut_repr

_ENDINGS = ("-create", "-update")
_MAKERS: Dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "trace": trace_from,
    "observation": observation_from,
    "score": score_from,
}


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
    kind = name if name in _MAKERS else "observation"
    if kind == "observation":
        if name.upper() not in OBSERVATION_TYPES and name != kind:
            raise UsageError("type: there is no event {}".format(cut_repr(values["type"])))
        if name != kind:
            body.setdefault("type", name.upper())
    return _MAKERS[kind](body)


def records_of_trace(values: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the records in a whole trace, as a server or ``trace-view --json`` shows it."""
    body = rows.trace(values)
    yield trace_from(body)
    for row in _rows(values, "observations"):
        given = dict(row, traceId=row.get("traceId") or body["id"])
        yield observation_from(with_whole_prompt(rows.observation(given)))
    for row in _rows(values, "scores"):
        yield score_from(rows.score(row))


def with_whole_prompt(body: Body) -> Body:
    """Return an observation without half of the reference to a prompt: servers keep an empty name."""
    if "promptName" in body and "promptVersion" in body:
        return body
    return {name: body[name] for name in body if name not in ("promptName", "promptVersion")}


def _rows(values: Mapping[str, Any], name: str) -> Iterator[Body]:
    for row in values.get(name) or ():
        if not isinstance(row, dict):
            raise UsageError("{}: must be objects, not {}".format(name, cut_repr(row)))
        yield row
