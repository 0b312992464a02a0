"""Encodes records as OTLP/JSON for ``POST /api/public/otel/v1/traces`` of v4 servers.

A trace becomes a root span, an observation a span below it, and every span repeats the trace's
fields. A malformed span makes the server refuse the whole request (v4) or is silently lost (v3).
Spans are therefore always well-formed, and ``check`` refuses records that cannot be spans.

The text of a span is joined from its parts, because a batch has very many spans and all have the same
few fields: building dictionaries and encoding them took 1.6 times as long.
"""

from functools import lru_cache
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Tuple

from coaiapy import __version__
from coaiapy.langfuse.client.metadata import SCOPE, as_text, repeated, sent
from coaiapy.langfuse.client.wire import (
    ACCEPTED,
    MAX_BYTES,
    REFUSED,
    Encoded,
    Request,
    Verdict,
    in_chunks,
    to_text,
    whole_request,
)
from coaiapy.langfuse.journal.claims import Outgoing
from coaiapy.langfuse.records import ids
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.records.fields import DEFAULTS, EXPERIMENT_CONTENT
from coaiapy.util import times
from coaiapy.util.formats.json_values import quoted
from coaiapy.util.http.answers import parsed

_OBSERVATION = "langfuse.observation."
# The name of the root span of a trace that has no name.
UNNAMED = "trace"
# The JSON texts of a span's attributes.
Attributes = List[str]
PATH = "/api/public/otel/v1/traces"
_HEADERS = {
    "Content-Type": "application/json",
    "Content-Encoding": "gzip",
    "x-langfuse-ingestion-version": "4",
}
# Spans have times in nanoseconds since 1970, in 64 bits, which allow only these years.
_FIRST_YEAR = "1970"
_LAST_YEAR = "2261"


class SpanWriter:
    """Writes spans; caches the text of the trace's fields, which all spans of a trace repeat."""

    def __init__(self) -> None:
        self._contexts: Dict[Any, str] = {}

    def text_of(self, item: Outgoing) -> str:
        """Return the text of the span of a trace or an observation."""
        body = item.body
        if item.kind == "trace":
            trace, trace_id, fields = body, body["id"], _root_fields(body)
        else:
            trace, trace_id, fields = item.context, body["traceId"], _fields_of(body, item.context)
        environment = body.get("environment") or trace.get("environment")
        version = body.get("version") or trace.get("version")
        key = id(trace), trace_id, environment, version
        context = self._contexts.get(key)
        if context is None:
            context = ",".join(_context(trace, trace_id, environment, version))
            self._contexts[key] = context
        return fields + ("," if context else "") + context + "]}"


def _root_fields(trace: Body) -> str:
    moment = _nanoseconds(trace["timestamp"])
    attributes = _fields({name: trace[name] for name in ("input", "output") if name in trace})
    return _open_span(
        ids.span_trace_id(trace["id"]),
        ids.root_span_id(trace["id"]),
        None,
        trace.get("name") or UNNAMED,
        moment,
        moment,
        "{}",
        attributes + _fields({"type": "SPAN"}),
    )


def _fields_of(body: Body, trace: Body) -> str:
    body = {**DEFAULTS["observation"], **body}
    span_id = ids.span_id(body["id"])
    start = _nanoseconds(body["startTime"])
    is_event = body["type"] == "EVENT"
    end = start if is_event or "endTime" not in body else _nanoseconds(body["endTime"])
    return _open_span(
        ids.span_trace_id(body["traceId"]),
        span_id,
        _parent(body, trace),
        body.get("name") or "",
        start,
        end,
        _status(body),
        _fields(body) + _metadata(body, trace, span_id, is_event),
    )


def _open_span(
    trace_id: str,
    span_id: str,
    parent: Optional[str],
    name: str,
    start: str,
    end: str,
    status: str,
    attributes: Attributes,
) -> str:
    """Return the text of a span up to its last own attribute, after which others may follow."""
    above = '"parentSpanId":"{}",'.format(parent) if parent else ""
    return (
        f'{{"traceId":"{trace_id}","spanId":"{span_id}",{above}"name":{quoted(name)},"kind":1,'
        f'"startTimeUnixNano":"{start}","endTimeUnixNano":"{end}","status":{status},'
        f'"attributes":[{",".join(attributes)}'
    )


def _parent(body: Body, trace: Body) -> Optional[str]:
    if body.get("parentObservationId"):
        return ids.span_id(body["parentObservationId"])
    has_root = trace and trace.get("hasRoot", True)
    return ids.root_span_id(body["traceId"]) if has_root else None


def _status(body: Body) -> str:
    if body.get("level") != "ERROR":
        return "{}"
    message = body.get("statusMessage")
    return to_text({"code": 2, "message": message} if message else {"code": 2})


# For each field with an attribute of its own: the attribute, and how its value becomes text.
_FIELDS: Dict[str, Tuple[str, Callable[[Any], str]]] = {
    "type": (_OBSERVATION + "type", str.lower),
    "input": (_OBSERVATION + "input", as_text),
    "output": (_OBSERVATION + "output", as_text),
    "level": (_OBSERVATION + "level", str),
    "statusMessage": (_OBSERVATION + "status_message", str),
    "model": (_OBSERVATION + "model.name", str),
    "modelParameters": (_OBSERVATION + "model.parameters", to_text),
    "usageDetails": (_OBSERVATION + "usage_details", to_text),
    "costDetails": (_OBSERVATION + "cost_details", to_text),
    "completionStartTime": (_OBSERVATION + "completion_start_time", str),
    "promptName": (_OBSERVATION + "prompt.name", str),
}


def _fields(body: Body) -> Attributes:
    attributes = []
    for name, value in body.items():
        if name in _FIELDS:
            key, text = _FIELDS[name]
            attributes.append(text_attribute(key, text(value)))
    if "promptVersion" in body:
        version = {"intValue": str(body["promptVersion"])}
        attributes.append(_attribute(_OBSERVATION + "prompt.version", version))
    return attributes


def _metadata(body: Body, trace: Body, span_id: str, is_event: bool) -> Attributes:
    own = {}
    if span_id != body["id"]:
        own["id"] = body["id"]
    parent = body.get("parentObservationId")
    if parent and ids.span_id(parent) != parent:
        own["parent_id"] = parent
    if is_event and "endTime" in body or body.get("endTime") == body["startTime"]:
        own["end_time"] = body["endTime"]
    metadata = sent(body.get("metadata") or {}, own)
    if trace.get("metadata"):
        metadata.update(repeated(trace["metadata"], body.get("metadata") or {}))
    return _texts(metadata.items(), _OBSERVATION + "metadata.")


def _context(
    trace: Body, trace_id: str, environment: Optional[str], version: Optional[str]
) -> Attributes:
    """Return the attributes of the trace, which every span repeats: v4 servers filter spans."""
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
        attributes.append(_attribute("langfuse.trace.tags", {"arrayValue": tags}))
    if "public" in trace:
        attributes.append(_attribute("langfuse.trace.public", {"boolValue": trace["public"]}))
    for name, value in trace.get("experiment", {}).items():
        text = as_text(value) if name in EXPERIMENT_CONTENT else str(value)
        attributes.append(text_attribute("langfuse.experiment." + name, text))
    own = {} if ids.span_trace_id(trace_id) == trace_id else {"trace_id": trace_id}
    metadata = sent(trace.get("metadata") or {}, own)
    return attributes + _texts(metadata.items(), "langfuse.trace.metadata.")


def _texts(values: Iterable[Tuple[str, Optional[str]]], prefix: str = "") -> Attributes:
    return [text_attribute(prefix + name, value) for name, value in values if value is not None]


def text_attribute(key: str, text: str) -> str:
    """Return the JSON text of an attribute whose value is a text."""
    return _up_to_text(key) + quoted(text) + "}}"


# Cached, because most keys are in every span.
@lru_cache(maxsize=256)
def _up_to_text(key: str) -> str:
    return '{{"key":{},"value":{{"stringValue":'.format(quoted(key))


def _attribute(key: str, value: Mapping[str, Any]) -> str:
    return to_text({"key": key, "value": value})


def _nanoseconds(text: str) -> str:
    return str(times.epoch_milliseconds(text)) + "000000"


def encode(items: Iterable[Outgoing], limit: int = MAX_BYTES) -> Encoded:
    """Return the requests for traces and observations, in their order.

    Each has at most ``limit`` bytes before compression, unless a single span is larger.
    """
    refused: List[Verdict] = []
    opening, closing = _frame()
    writer = SpanWriter()

    def spans() -> Iterable[Tuple[Outgoing, bytes]]:
        for item in items:
            reason = check(item)
            if reason is None:
                yield item, writer.text_of(item).encode("utf-8", "replace")
            else:
                refused.append(Verdict(item, REFUSED, reason))

    requests = [
        Request(PATH, _HEADERS, opening + text + closing, held)
        for held, text in in_chunks(spans(), limit - len(opening) - len(closing))
    ]
    return Encoded(requests, refused)


def outcome(status: int, body: bytes, items: List[Outgoing]) -> List[Verdict]:
    """Return one verdict for each record; a request is accepted or refused as a whole."""
    if 200 <= status < 300 and _is_acceptance(body):
        return [Verdict(item, ACCEPTED) for item in items]
    return whole_request(status, body, items)


def _is_acceptance(body: bytes) -> bool:
    """Tell whether the body of a 2xx response is from Langfuse: its job object, or ``{}``.

    A proxy or a login page may also answer 200, with an empty body, HTML or an error object.
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
    """Return why a record cannot be a span, or ``None`` if it can."""
    if item.kind not in ("trace", "observation"):
        return "a {} cannot be a span".format(item.kind)
    for name in ("timestamp", "startTime", "endTime"):
        text = item.body.get(name)
        if text is not None and not _FIRST_YEAR <= text[:4] <= _LAST_YEAR:
            return "{} {} is outside the years {} to {} that a span can have".format(
                name, text, _FIRST_YEAR, _LAST_YEAR
            )
    if not 0 <= item.body.get("promptVersion", 0) < 2**31:
        return "promptVersion {} is not a valid version of a prompt".format(
            item.body["promptVersion"]
        )
    return None


def _frame() -> Tuple[bytes, bytes]:
    """Return the JSON text before and after the spans of a request.

    The resource has no ``service.version``: the server would take it for the trace's version.
    """
    opening = (
        '{{"resourceSpans":[{{"resource":{{"attributes":[{}]}},"scopeSpans":[{{"scope":{},"spans":['
    )
    scope = to_text({"name": SCOPE, "version": __version__})
    return opening.format(text_attribute("service.name", SCOPE), scope).encode("ascii"), b"]}]}]}"
