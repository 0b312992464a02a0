"""Encodes records as batches for ``POST /api/public/ingestion``, and reads the 207 response.

Servers of v2, v3 and v4 in legacy mode get all records here; every server gets scores here.
"""

from typing import Any, List, Mapping, Optional, Sequence, Tuple

from coaiapy.langfuse.client import features
from coaiapy.langfuse.client import shapes as langfuse_shapes
from coaiapy.langfuse.client.errors import is_event_type_refusal
from coaiapy.langfuse.client.metadata import OWN_PREFIX, aside, kept_text
from coaiapy.langfuse.client.server import Server
from coaiapy.langfuse.client.wire import (
    ACCEPTED,
    CREDENTIALS,
    MAX_BYTES,
    REFUSED,
    RETRY,
    WRONG_DIALECT,
    Encoded,
    Request,
    Verdict,
    in_chunks,
    to_bytes,
    to_text,
    whole_request,
)
from coaiapy.langfuse.journal.claims import Outgoing
from coaiapy.langfuse.records import ids
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.records.fields import FIELDS
from coaiapy.util import times
from coaiapy.util.http.answers import is_html, parsed_object, reason_of
from coaiapy.util.http.retry import is_temporary

PATH = "/api/public/ingestion"
_HEADERS = {"Content-Type": "application/json"}
_ONLY_TRACES = "a server of this version accepts only scores of traces and observations"
_FRAME = (b'{"batch":[', b"]}")

_EVENT_FIELDS = frozenset(
    "id traceId name startTime parentObservationId input output metadata level statusMessage"
    " version environment".split()
)
_SPAN_FIELDS = _EVENT_FIELDS | {"endTime"}
_GENERATION_FIELDS = _SPAN_FIELDS | frozenset(
    "completionStartTime model modelParameters usage usageDetails costDetails promptName"
    " promptVersion".split()
)
_CARRIED = {"event": _EVENT_FIELDS, "span": _SPAN_FIELDS}
_GENERATION_ONLY = _GENERATION_FIELDS - _SPAN_FIELDS
_ATTRIBUTES = {field.api: field.attribute for field in FIELDS["observation"]}


def encode(items: Sequence[Outgoing], server: Server, limit: int = MAX_BYTES) -> Encoded:
    """Return the requests for the records, in their order, each of at most ``limit`` bytes.

    A single record that is larger gets its own request, which the server may refuse. A score on a
    target that the server does not support is refused here.
    """
    refused = [Verdict(item, REFUSED, _ONLY_TRACES) for item in items if _is_unknown(item, server)]
    known = (item for item in items if not _is_unknown(item, server))
    parts = ((item, to_bytes(_event(item, server))) for item in known)
    chunks = in_chunks(parts, limit - len(b"".join(_FRAME)))
    requests = [Request(PATH, _HEADERS, text.join(_FRAME), held) for held, text in chunks]
    return Encoded(requests, refused)


def _is_unknown(item: Outgoing, server: Server) -> bool:
    """Tell whether the server cannot take a score: those of sessions and dataset runs need 3.53."""
    return (
        item.kind == "score"
        and "traceId" not in item.body
        and not server.has(features.SESSION_SCORES)
    )


def outcome(status: int, body: bytes, items: List[Outgoing]) -> List[Verdict]:
    """Return one verdict for each record; ``ACCEPTED`` only if the 207 lists its event id."""
    try:
        answer = langfuse_shapes.INGESTED(parsed_object(body))
    except ValueError:
        answer = None
    if not 200 <= status < 300 or is_html(body) or answer is None:
        return whole_request(status, body, items)
    done = {entry["id"] for entry in answer["successes"] if _status(entry) < 300}
    failed = {entry["id"]: entry for entry in answer.get("errors") or ()}
    return [_verdict(item, done, failed.get(item.event_id)) for item in items]


def _verdict(item: Outgoing, done: Any, error: Optional[Mapping[str, Any]]) -> Verdict:
    if item.event_id in done:
        return Verdict(item, ACCEPTED)
    if error is None:
        return Verdict(item, RETRY, "the server's answer does not mention the record")
    status, reason = _status(error), reason_of(error) or "the server did not give a reason"
    if is_event_type_refusal(error):
        return Verdict(item, WRONG_DIALECT, reason)
    if status in (401, 403):
        return Verdict(item, CREDENTIALS, reason)
    if is_temporary(status):
        return Verdict(item, RETRY, reason)
    return Verdict(item, REFUSED, reason)


def _status(entry: Mapping[str, Any]) -> int:
    return int(entry.get("status", 500))


def _event(item: Outgoing, server: Server) -> Body:
    """Return a record's event. Servers apply changes of a record in order of the timestamps."""
    if item.kind == "observation":
        event_type, body = _observation(item.body, server)
    elif item.kind == "trace":
        event_type, body = "trace", _trace(item.body, server)
    else:
        event_type, body = "score", _score(item.body, server)
    return {
        "id": item.event_id,
        "type": event_type + "-create",
        "timestamp": _moment(item),
        "body": {name: value for name, value in body.items() if value is not None},
    }


def _moment(item: Outgoing) -> str:
    """Return the event's timestamp: when the revision was written.

    For a score it is the score's own timestamp, which has no other place.
    """
    first_score = item.kind == "score" and item.revision == 1
    if item.written_at and not first_score:
        return times.parse_time(item.written_at)
    return str(item.body.get("startTime") or item.body["timestamp"])


def _trace(body: Body, server: Server) -> Body:
    sent = dict(body)
    own: Body = {}
    sent.pop("experiment", None)  # these servers have runs of datasets instead
    if not server.has(features.ENVIRONMENTS):
        own["environment"] = sent.pop("environment", None)
    return _as_read(_with_metadata(sent, own), server)


def _observation(body: Body, server: Server) -> Tuple[str, Body]:
    """Return the event type for an observation, and its body.

    Fields that this type or this server does not have are put into the metadata.
    """
    event_type, own = _event_type(body, server)
    carried = _CARRIED.get(event_type, _GENERATION_FIELDS)
    sent = {name: value for name, value in body.items() if name in carried}
    for name in body:
        if name not in carried and name != "type":
            own[_ATTRIBUTES[name]] = body[name]
    if "modelParameters" in sent:
        sent["modelParameters"] = _parameters(sent["modelParameters"])
    if not server.has(features.ENVIRONMENTS):
        own["environment"] = sent.pop("environment", None)
    if not server.has(features.USAGE_BY_NAME):
        _to_old_usage(sent, own)
    return event_type, _as_read(_with_metadata(sent, own), server)


def _event_type(body: Body, server: Server) -> Tuple[str, Body]:
    """Return the event type for an observation, and own fields for its metadata.

    Servers before 3.99 have only events, spans and generations. Another type is sent as a span or
    generation, with the real type in its metadata.
    """
    name = body.get("type", "EVENT")
    if name in ("EVENT", "SPAN", "GENERATION") or server.has(features.OBSERVATION_TYPES):
        return name.lower(), {}
    return ("generation" if _GENERATION_ONLY & set(body) else "span"), {"type": name}


def _to_old_usage(sent: Body, own: Body) -> None:
    """Replace usage and cost by the format of v2, which has only input, output and total."""
    usage, cost = sent.pop("usageDetails", None), sent.pop("costDetails", None)
    names = ("input", "output", "total")
    old = {name: usage[name] for name in names if name in (usage or {})}
    old.update((name + "Cost", cost[name]) for name in names if name in (cost or {}))
    if old:
        sent["usage"] = dict(old, unit="TOKENS")
    for attribute, details in (("usage", usage), ("cost", cost)):
        if details and not set(details) <= set(names):
            own[attribute] = details


def _parameters(parameters: Mapping[str, Any]) -> Body:
    """Return model parameters with values of unsupported types as JSON text.

    Servers support texts, numbers, booleans and lists of texts.
    """
    return {
        name: value if _is_parameter(value) else to_text(value)
        for name, value in parameters.items()
        if value is not None
    }


def _is_parameter(value: Any) -> bool:
    if isinstance(value, list):
        return all(isinstance(part, str) for part in value)
    return isinstance(value, (str, int, float))


def _score(body: Body, server: Server) -> Body:
    """Return the body of a score; for v4 its target's ids are in the form of the spans."""
    sent = dict(body)
    own: Body = {}
    sent.pop("timestamp", None)
    if isinstance(sent.get("value"), bool):
        sent.setdefault("dataType", "BOOLEAN")
        sent["value"] = int(sent["value"])
    if server.keeps_spans:
        _name_spans(sent, own)
    return _as_read(_with_metadata(sent, own), server)


def _name_spans(sent: Body, own: Body) -> None:
    targets = (
        ("traceId", "trace_id", ids.span_trace_id),
        ("observationId", "observation_id", ids.span_id),
    )
    for name, attribute, form in targets:
        if sent.get(name) and form(sent[name]) != sent[name]:
            own[attribute] = sent[name]
            sent[name] = form(sent[name])


def _with_metadata(sent: Body, own: Body) -> Body:
    """Return the body with coaia's own fields added to the user's metadata."""
    kept = {OWN_PREFIX + name: value for name, value in own.items() if value is not None}
    if sent.get("metadata") or kept:
        user = {aside(key): value for key, value in (sent.get("metadata") or {}).items()}
        sent["metadata"] = dict(user, **kept)
    return sent


def _as_read(body: Body, server: Server) -> Body:
    """Return the body with its texts in a form that the server reads back as the same texts.

    From v3 on a server reads every text in an input, an output or the metadata as JSON, if it is.
    """
    if not server.has(features.TEXTS_READ_AS_JSON):
        return body
    for name in ("input", "output"):
        if isinstance(body.get(name), str):
            body[name] = kept_text(body[name])
    if body.get("metadata"):
        body["metadata"] = {
            key: kept_text(value) if isinstance(value, str) else value
            for key, value in body["metadata"].items()
        }
    return body
