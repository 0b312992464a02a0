"""Records as OTLP/JSON for ``POST /api/public/otel/v1/traces``, the write of v4 servers.

A trace becomes a root span, an observation a span below it, and every span repeats what the trace
says of itself. A malformed span costs its whole request (v4) or is lost without a word (v3), so
spans are valid by construction and ``check`` refuses what cannot be one.
"""

import zlib
from typing import Any, Callable, Dict, Iterable, List, Optional, Tuple

from coaiapy import __version__, ids, times
from coaiapy.http_answers import parsed
from coaiapy.outgoing import Outgoing
from coaiapy.record_fields import DEFAULTS, Body
from coaiapy.span_metadata import SCOPE, as_text, repeated, sent
from coaiapy.wire import (
    ACCEPTED,
    MAX_BYTES,
    REFUSED,
    Encoded,
    Request,
    Verdict,
    in_chunks,
    to_bytes,
    to_text,
    whole_request,
)

PATH = "/api/public/otel/v1/traces"
_HEADERS = {
    "Content-Type": "application/json",
    "Content-Encoding": "gzip",
    "x-langfuse-ingestion-version": "4",
}
_OBSERVATION = "langfuse.observation."
# The span of a trace that has no name of its own.
UNNAMED = "trace"
# The years whose nanoseconds since 1970 fit into 64 bits.
_FIRST_YEAR = "1970"
_LAST_YEAR = "2261"
_COMPRESSION = 3

Attributes = List[Body]


def encode(items: Iterable[Outgoing], limit: int = MAX_BYTES) -> Encoded:
    """Return the requests that carry traces and observations, in their order.

    Each is at most ``limit`` bytes before compression, unless a single span is bigger.
    """
    refused: List[Verdict] = []
    opening, closing = _frame()
    contexts: Dict[Any, Attributes] = {}

    def spans() -> Iterable[Tuple[Outgoing, bytes]]:
        for item in items:
            reason = check(item)
            if reason is None:
                yield item, to_bytes(span_of(item, contexts))
            else:
                refused.append(Verdict(item, REFUSED, reason))

    requests = [
        Request(PATH, _HEADERS, _gzip(opening + text + closing), held)
        for held, text in in_chunks(spans(), limit - len(opening) - len(closing))
    ]
    return Encoded(requests, refused)


def outcome(status: int, body: bytes, items: List[Outgoing]) -> List[Verdict]:
    """Return one verdict per record; a request is accepted or refused as a whole."""
    if 200 <= status < 300 and _is_acceptance(body):
        return [Verdict(item, ACCEPTED) for item in items]
    return whole_request(status, body, items)


def _is_acceptance(body: bytes) -> bool:
    """Whether a 2xx body is one that Langfuse sends: its job object, or ``{}``.

    A proxy or a login page may answer 200, too, with nothing, HTML or an error object.
    """
    try:
        said = parsed(body)
    except ValueError:
        return False
    if not isinstance(said, dict) or said.get("error") or said.get("message"):
        return False
    partial = said.get("partialSuccess")
    return not (isinstance(partial, dict) and str(partial.get("rejectedSpans") or 0) != "0")


def check(item: Outgoing) -> Optional[str]:
    """Return why the record cannot be a span, or ``None``."""
    if item.kind not in ("trace", "observation"):
        return "a {} cannot be a span".format(item.kind)
    for name in ("timestamp", "startTime", "endTime"):
        text = item.body.get(name)
        if text is not None and not _FIRST_YEAR <= text[:4] <= _LAST_YEAR:
            return "{} {} is outside the years {} to {}, which are all that spans have".format(
                name, text, _FIRST_YEAR, _LAST_YEAR
            )
    if not 0 <= item.body.get("promptVersion", 0) < 2**31:
        return "promptVersion {} is none that a prompt can have".format(item.body["promptVersion"])
    return None


def span_of(item: Outgoing, contexts: Optional[Dict[Any, Attributes]] = None) -> Body:
    """Return the span of a trace or an observation.

    ``contexts`` keeps what the spans of one trace have in common from one call to the next.
    """
    if item.kind == "trace":
        span, trace, trace_id = _root_span(item.body), item.body, item.body["id"]
    else:
        span, trace, trace_id = _span(item.body, item.context), item.context, item.body["traceId"]
    environment = item.body.get("environment") or trace.get("environment")
    version = item.body.get("version") or trace.get("version")
    contexts = {} if contexts is None else contexts
    common = id(trace), trace_id, environment, version
    if common not in contexts:
        contexts[common] = _context(trace, trace_id, environment, version)
    span["attributes"] += contexts[common]
    return span


def _root_span(trace: Body) -> Body:
    moment = _nanoseconds(trace["timestamp"])
    contents: Body = {name: trace[name] for name in ("input", "output") if name in trace}
    return {
        "traceId": ids.span_trace_id(trace["id"]),
        "spanId": ids.root_span_id(trace["id"]),
        "name": trace.get("name") or UNNAMED,
        "kind": 1,
        "startTimeUnixNano": moment,
        "endTimeUnixNano": moment,
        "status": {},
        "attributes": _fields(dict(contents, type="SPAN")),
    }


def _span(body: Body, trace: Body) -> Body:
    body = dict(DEFAULTS["observation"], **body)
    start = _nanoseconds(body["startTime"])
    is_event = body["type"] == "EVENT"
    end = start if is_event or "endTime" not in body else _nanoseconds(body["endTime"])
    span = {
        "traceId": ids.span_trace_id(body["traceId"]),
        "spanId": ids.span_id(body["id"]),
        "name": body.get("name") or "",
        "kind": 1,
        "startTimeUnixNano": start,
        "endTimeUnixNano": end,
        "status": _status(body),
        "attributes": _fields(body) + _metadata(body, trace, is_event),
    }
    parent = _parent(body, trace)
    if parent:
        span["parentSpanId"] = parent
    return span


def _parent(body: Body, trace: Body) -> Optional[str]:
    if body.get("parentObservationId"):
        return ids.span_id(body["parentObservationId"])
    return ids.root_span_id(body["traceId"]) if trace else None


def _status(body: Body) -> Body:
    if body.get("level") != "ERROR":
        return {}
    message = body.get("statusMessage")
    return {"code": 2, "message": message} if message else {"code": 2}


# The attribute and the text of each field that a span has a place for.
_FIELDS: Dict[str, Tuple[str, Callable[[Any], str]]] = {
    "type": ("type", str.lower),
    "input": ("input", as_text),
    "output": ("output", as_text),
    "level": ("level", str),
    "statusMessage": ("status_message", str),
    "model": ("model.name", str),
    "modelParameters": ("model.parameters", to_text),
    "usageDetails": ("usage_details", to_text),
    "costDetails": ("cost_details", to_text),
    "completionStartTime": ("completion_start_time", str),
    "promptName": ("prompt.name", str),
}


def _fields(body: Body) -> Attributes:
    attributes = []
    for name, value in body.items():
        if name in _FIELDS:
            key, text = _FIELDS[name]
            attributes.append(_text(_OBSERVATION + key, text(value)))
    if "promptVersion" in body:
        version = {"intValue": str(body["promptVersion"])}
        attributes.append({"key": _OBSERVATION + "prompt.version", "value": version})
    return attributes


def _metadata(body: Body, trace: Body, is_event: bool) -> Attributes:
    own = {}
    if ids.span_id(body["id"]) != body["id"]:
        own["id"] = body["id"]
    parent = body.get("parentObservationId")
    if parent and ids.span_id(parent) != parent:
        own["parent_id"] = parent
    if is_event and "endTime" in body or body.get("endTime") == body["startTime"]:
        own["end_time"] = body["endTime"]
    metadata = sent(body.get("metadata") or {}, own)
    metadata.update(repeated(trace.get("metadata") or {}, body.get("metadata") or {}))
    return _texts(metadata.items(), _OBSERVATION + "metadata.")


def _context(
    trace: Body, trace_id: str, environment: Optional[str], version: Optional[str]
) -> Attributes:
    """What every span repeats of its trace: v4 servers filter spans, not traces."""
    texts = [
        ("langfuse.trace.name", trace.get("name")),
        ("user.id", trace.get("userId")),
        ("session.id", trace.get("sessionId")),
        ("langfuse.environment", environment),
        ("langfuse.release", trace.get("release")),
        ("langfuse.version", version),
    ]
    attributes = _texts(texts)
    if trace.get("tags"):
        tags = {"values": [{"stringValue": tag} for tag in trace["tags"]]}
        attributes.append({"key": "langfuse.trace.tags", "value": {"arrayValue": tags}})
    if "public" in trace:
        attributes.append({"key": "langfuse.trace.public", "value": {"boolValue": trace["public"]}})
    own = {} if ids.span_trace_id(trace_id) == trace_id else {"trace_id": trace_id}
    metadata = sent(trace.get("metadata") or {}, own)
    return attributes + _texts(metadata.items(), "langfuse.trace.metadata.")


def _texts(values: Iterable[Tuple[str, Optional[str]]], prefix: str = "") -> Attributes:
    return [_text(prefix + name, value) for name, value in values if value is not None]


def _text(key: str, value: str) -> Body:
    return {"key": key, "value": {"stringValue": value}}


def _nanoseconds(text: str) -> str:
    return "{}000000".format(times.epoch_milliseconds(text))


def _frame() -> Tuple[bytes, bytes]:
    """Return what stands before and after the spans. The resource has no service.version: the
    server would take it for the version of the trace."""
    resource = to_bytes({"attributes": _texts([("service.name", SCOPE)])})
    scope = to_bytes({"name": SCOPE, "version": __version__})
    opening = b'{"resourceSpans":[{"resource":%s,"scopeSpans":[{"scope":%s,"spans":[' % (
        resource,
        scope,
    )
    return opening, b"]}]}]}"


def _gzip(data: bytes) -> bytes:
    """Compress; the same data gives the same bytes, so that a retry is the same request."""
    compressor = zlib.compressobj(_COMPRESSION, zlib.DEFLATED, 31)
    return compressor.compress(data) + compressor.flush()
