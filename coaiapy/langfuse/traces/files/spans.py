"""Records in OTLP/JSON: what OpenTelemetry's exporters write to files, one object a line.

Attributes of Langfuse become the fields that they are for; the other attributes of other programs
become metadata. A time has milliseconds.
"""

import re
from datetime import datetime, timedelta, timezone
from typing import Any, Dict, Iterator, List, Mapping, Optional

from coaiapy.errors import UsageError
from coaiapy.langfuse.client.metadata import SCOPE, from_text
from coaiapy.langfuse.read.v4 import spans as read_spans
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.records.fields import EXPERIMENT_CONTENT, EXPERIMENT_FIELDS
from coaiapy.langfuse.records.records import record_as_kept
from coaiapy.util import times
from coaiapy.util.text.wording import cut_repr

_OBSERVATION = "langfuse.observation."
_METADATA = (_OBSERVATION + "metadata.", "langfuse.trace.metadata.")
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
# The fields of a row, each with the attributes that may say it, the first one first.
_TEXTS = {
    "userId": ("user.id", "langfuse.user.id"),
    "sessionId": ("session.id", "langfuse.session.id", "gen_ai.conversation.id"),
    "traceName": ("langfuse.trace.name",),
    "release": ("langfuse.release",),
    "version": ("langfuse.version",),
    "environment": (
        "langfuse.environment",
        "deployment.environment.name",
        "deployment.environment",
    ),
    "level": (_OBSERVATION + "level",),
    "statusMessage": (_OBSERVATION + "status_message",),
    "input": (_OBSERVATION + "input",),
    "output": (_OBSERVATION + "output",),
    "model": (_OBSERVATION + "model.name", "gen_ai.request.model"),
    "completionStartTime": (_OBSERVATION + "completion_start_time",),
    "promptName": (_OBSERVATION + "prompt.name",),
    "promptVersion": (_OBSERVATION + "prompt.version",),
    "public": ("langfuse.trace.public",),
    "tags": ("langfuse.trace.tags",),
    "modelParameters": (_OBSERVATION + "model.parameters",),
    "usageDetails": (_OBSERVATION + "usage_details",),
    "costDetails": (_OBSERVATION + "cost_details",),
}
_EXPERIMENT = "langfuse.experiment."
# Those that are structures, which an attribute has as JSON.
_AS_JSON = ("tags", "modelParameters", "usageDetails", "costDetails")


def records_of_spans(document: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the records in an OTLP document; raises ``UsageError`` that says what is wrong."""
    for resource in _objects(document, "resourceSpans"):
        shared = _attributes(_object(resource, "resource"))
        for scope in _objects(resource, "scopeSpans"):
            name = _object(scope, "scope").get("name")
            for span in _objects(scope, "spans"):
                for record in _records(_row(span, shared, name)):
                    yield record


def _records(row: Body) -> Iterator[Any]:
    if row["isRootObservation"] and read_spans.has_trace(row):
        yield record_as_kept("trace", read_spans.trace([row]))
    for body in read_spans.observations([row]):
        yield record_as_kept("observation", body)


def _row(span: Mapping[str, Any], shared: Body, scope: Any) -> Body:
    """Return a span as the row that a v4 server makes of it."""
    given = dict(shared, **_attributes(span))
    row: Body = {
        field: next((given[one] for one in names if given.get(one) is not None), None)
        for field, names in _TEXTS.items()
    }
    for field in _AS_JSON:
        row[field] = from_text(row[field])
    status = _object(span, "status")
    if row["level"] is None and status.get("code") in (2, "STATUS_CODE_ERROR"):
        row["level"] = "ERROR"
    start, end = _time(span, "startTimeUnixNano"), _time(span, "endTimeUnixNano")
    row.update(
        id=_id(span, "spanId"),
        traceId=_id(span, "traceId"),
        parentObservationId=span.get("parentSpanId") or None,
        name=span.get("name"),
        type=str(given.get(_OBSERVATION + "type") or "span").upper(),
        statusMessage=row["statusMessage"] or status.get("message"),
        startTime=start or end,
        endTime=end or start,
        isRootObservation=not span.get("parentSpanId"),
        metadata=_metadata(given, scope),
        experiment=_experiment(given),
    )
    if row["startTime"] is None:
        raise UsageError("startTimeUnixNano: missing in span {!r}".format(row["id"]))
    return row


def _metadata(given: Body, scope: Any) -> Body:
    found = {"scope.name": scope, "resourceAttributes": {}}
    for name, value in given.items():
        prefix = next((one for one in _METADATA if name.startswith(one)), None)
        if prefix:
            found[name[len(prefix) :]] = from_text(value)
        elif scope != SCOPE and not name.startswith("langfuse."):
            found[name] = value
    return found


def _experiment(given: Body) -> Optional[Body]:
    found = {
        name: from_text(given[_EXPERIMENT + name])
        if name in EXPERIMENT_CONTENT
        else given[_EXPERIMENT + name]
        for name in EXPERIMENT_FIELDS
        if _EXPERIMENT + name in given
    }
    return found if found.get("id") and found.get("name") else None


def _attributes(owner: Mapping[str, Any]) -> Body:
    return {str(one.get("key")): _value(one.get("value")) for one in _objects(owner, "attributes")}


def _value(value: Any) -> Any:
    """Return what an attribute's value stands for; lists and maps as such."""
    if not isinstance(value, dict):
        return None
    if "arrayValue" in value:
        return [_value(one) for one in _objects(_object(value, "arrayValue"), "values")]
    if "kvlistValue" in value:
        inner: List[Body] = list(_objects(_object(value, "kvlistValue"), "values"))
        return {str(one.get("key")): _value(one.get("value")) for one in inner}
    if "intValue" in value:
        return _integer(value["intValue"])
    return next(
        (value[one] for one in ("stringValue", "boolValue", "doubleValue") if one in value), None
    )


def _object(owner: Mapping[str, Any], name: str) -> Dict[str, Any]:
    found = owner.get(name)
    if found is not None and not isinstance(found, dict):
        raise UsageError("{}: must be an object, not {}".format(name, cut_repr(found)))
    return found or {}


def _objects(owner: Mapping[str, Any], name: str) -> Iterator[Body]:
    found = owner.get(name)
    if found is not None and not isinstance(found, list):
        raise UsageError("{}: must be a list, not {}".format(name, cut_repr(found)))
    for one in found or ():
        if not isinstance(one, dict):
            raise UsageError("{}: must be objects, not {}".format(name, cut_repr(one)))
        yield one


def _id(span: Mapping[str, Any], name: str) -> str:
    found = span.get(name)
    if not isinstance(found, str) or not found:
        raise UsageError("{}: must be a text, not {}".format(name, cut_repr(found)))
    return found


def _time(span: Mapping[str, Any], name: str) -> Optional[str]:
    given = span.get(name)
    if given in (None, ""):
        return None
    nanoseconds = _integer(given)
    if nanoseconds is None or nanoseconds < 0:
        raise UsageError("{}: must be nanoseconds since 1970, not {}".format(name, cut_repr(given)))
    try:
        return times.to_text(_EPOCH + timedelta(milliseconds=nanoseconds // 1000000))
    except OverflowError:
        raise UsageError("{}: {} is too late".format(name, cut_repr(given))) from None


def _integer(value: Any) -> Optional[int]:
    """Return a number of 64 bits, which OTLP writes as a text; ``None`` for anything else."""
    text = str(value)
    return int(text) if re.match(r"-?[0-9]{1,20}\Z", text) else None


def is_otlp(values: Mapping[str, Any]) -> bool:
    """Tell whether an object of a file is an OTLP document."""
    return "resourceSpans" in values
