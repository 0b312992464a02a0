"""OTLP spans in the traces and observations tables of 3.x and of 4.x before its cutover."""

from typing import Any

from .spans import OBSERVATION, OBSERVATION_METADATA, TRACE_METADATA, Span
from .stored_values import in_javascript, json_or_text
from .tables import Body
from .times import now_iso


def put_legacy(server: Any, span: Span, count: bool) -> None:
    """Write a span as an observation, and its trace's fields to the trace. A span id sent again
    changes the observation. `count` is false where the v4 row is what counts as accepted."""
    store, arrival = server.store, now_iso()
    known = store.stored.get("trace", span.trace_id)
    if count:
        store.accepted[span.id] += 1
    rank = (arrival, 1)
    if span.is_root or known is None or span.trace_name:
        store.write("put", "trace", span.trace_id, rank, trace_body(span))
    store.write("put", "observation", span.id, rank, observation_body(span))


def trace_body(span: Span) -> Body:
    """The trace's fields in a span. Only a root span also gives input, output and its own name."""
    body: Body = {"timestamp": span.start, "environment": span.environment}
    optional = (
        ("name", span.trace_name or (span.name if span.is_root else None)),
        ("userId", span.user_id),
        ("sessionId", span.session_id),
        ("release", span.release),
        ("version", span.version),
        ("tags", span.tags or None),
    )
    body.update((key, value) for key, value in optional if value is not None)
    body["metadata"] = values_of(span.metadata(TRACE_METADATA))
    body["public"] = bool(span.get("langfuse.trace.public"))
    if span.is_root:
        body["metadata"].update(copied(span))
        for key in ("input", "output"):
            value = span.get("langfuse.trace." + key, OBSERVATION + key)
            body[key] = in_javascript(json_or_text(value))
    body.update(createdAt=span.now, updatedAt=span.now)
    return body


def values_of(metadata: Body) -> Body:
    return {key: in_javascript(json_or_text(value)) for key, value in metadata.items()}


def copied(span: Span) -> Body:
    attributes = span.other_attributes()
    scope = {"name": span.scope.get("name"), "version": span.scope.get("version")}
    scope["attributes"] = {}
    found: Body = {"attributes": attributes} if attributes else {}
    return dict(found, resourceAttributes=span.resource, scope=scope)


def observation_body(span: Span) -> Body:
    body: Body = {"traceId": span.trace_id, "startTime": span.start, "type": span.kind}
    body.update(endTime=None if span.kind == "EVENT" else span.end, name=span.name)
    body.update(parentObservationId=span.parent_id, environment=span.environment)
    body.update(level=span.level, statusMessage=span.status_message, version=span.version)
    for key in ("input", "output"):
        body[key] = in_javascript(span.parsed(OBSERVATION + key))
    body["metadata"] = dict(values_of(span.metadata(OBSERVATION_METADATA)), **copied(span))
    body.update(span.generation_values())
    if span.kind == "GENERATION":
        body["modelParameters"] = body["modelParameters"] or {}
    body.update(createdAt=span.now, updatedAt=span.now)
    return body
