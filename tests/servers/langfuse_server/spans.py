"""Reads an OTLP span as Langfuse does: the meaning of its attributes, and its row on v4."""

import json
from typing import Any, Dict, List, Optional

from .stored_values import environment_of, in_javascript, json_or_text
from .tables import Body
from .times import iso, normal, now_iso
from .zod import is_datetime

OBSERVATION = "langfuse.observation."
OBSERVATION_METADATA = "langfuse.observation.metadata"
TRACE_METADATA = "langfuse.trace.metadata"
EXPERIMENT = "langfuse.experiment."
TRACE_IO = ("langfuse.trace.input", "langfuse.trace.output")
LEVELS = {
    "DEBUG": "DEBUG",
    "TRACE": "DEBUG",
    "DEFAULT": "DEFAULT",
    "INFO": "DEFAULT",
    "WARN": "WARNING",
    "WARNING": "WARNING",
    "ERROR": "ERROR",
    "FATAL": "ERROR",
    "CRITICAL": "ERROR",
}


def attribute_value(value: Any) -> Any:
    """The Python value of an OTLP AnyValue."""
    if not isinstance(value, dict):
        return None
    if "arrayValue" in value:
        return [attribute_value(one) for one in (value["arrayValue"] or {}).get("values") or []]
    if "kvlistValue" in value:
        return attributes_of((value["kvlistValue"] or {}).get("values"))
    if "intValue" in value:
        return int(value["intValue"])
    for key in ("stringValue", "boolValue", "doubleValue"):
        if key in value:
            return value[key]
    return None


def attributes_of(entries: Any) -> Dict[str, Any]:
    return {entry["key"]: attribute_value(entry.get("value")) for entry in entries or []}


def text_of(value: Any) -> Any:
    """Attribute values as the servers repeat them: structures as JSON text."""
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return value


def milliseconds_of(nanoseconds: Any) -> Optional[int]:
    """OTLP times are decimal strings (or numbers) of nanoseconds."""
    return int(nanoseconds) // 1000000 if nanoseconds not in (None, "") else None


class Span:
    """One span with its resource and scope. `attributes` holds values by key."""

    def __init__(self, span: Body, resource: Body, scope: Body) -> None:
        self.trace_id = id_text(span["traceId"])
        self.id = id_text(span["spanId"])
        self.parent_id = id_text(span.get("parentSpanId")) or None
        self.name = span.get("name") or ""
        self.status = span.get("status") or {}
        self.scope = scope
        self.resource = resource
        self.attributes = attributes_of(span.get("attributes"))
        start = milliseconds_of(span.get("startTimeUnixNano"))
        end = milliseconds_of(span.get("endTimeUnixNano"))
        self.now = now_iso()
        given = [time for time in (start, end) if time is not None]
        self.start = iso(given[0]) if given else self.now
        self.end = iso(given[-1]) if given else self.now

    def get(self, *keys: str) -> Any:
        """The first of these attributes that is set."""
        for key in keys:
            if self.attributes.get(key) is not None:
                return self.attributes[key]
        return None

    def parsed(self, key: str) -> Any:
        return json_or_text(self.get(key))

    @property
    def is_root(self) -> bool:
        return self.parent_id is None or self.get("langfuse.internal.is_app_root") is True

    @property
    def kind(self) -> str:
        given = self.get(OBSERVATION + "type")
        if given:
            return str(given).upper()
        return "GENERATION" if self.get(OBSERVATION + "model.name") else "SPAN"

    @property
    def level(self) -> str:
        given = LEVELS.get(str(self.get(OBSERVATION + "level") or "").upper())
        return given or (
            "ERROR" if self.status.get("code") in (2, "STATUS_CODE_ERROR") else "DEFAULT"
        )

    @property
    def status_message(self) -> Optional[str]:
        return self.get(OBSERVATION + "status_message") or self.status.get("message") or None

    @property
    def environment(self) -> str:
        names = ("langfuse.environment", "deployment.environment.name", "deployment.environment")
        given = self.get(*names)
        for name in names:
            given = given or self.resource.get(name)
        return environment_of(given)

    @property
    def release(self) -> Optional[str]:
        return self.get("langfuse.release") or self.resource.get("langfuse.release")

    @property
    def version(self) -> Optional[str]:
        return self.get("langfuse.version") or self.resource.get("service.version")

    @property
    def user_id(self) -> Optional[str]:
        return self.get("user.id", "langfuse.user.id")

    @property
    def session_id(self) -> Optional[str]:
        return self.get("session.id", "langfuse.session.id", "gen_ai.conversation.id")

    @property
    def trace_name(self) -> Optional[str]:
        return self.get("langfuse.trace.name")

    @property
    def tags(self) -> List[str]:
        value = json_or_text(self.get("langfuse.trace.tags"))
        if isinstance(value, str):
            value = [tag.strip() for tag in value.split(",")]
        return [str(tag) for tag in value or []]

    @property
    def completion_start(self) -> Optional[str]:
        text = json_or_text(self.get(OBSERVATION + "completion_start_time"))
        return normal(text) if is_datetime(text) else None

    def metadata(self, prefix: str) -> Body:
        """User metadata below `prefix`: one attribute per key, or one JSON object for all."""
        whole = self.parsed(prefix)
        found = dict(whole) if isinstance(whole, dict) else {}
        for key, value in self.attributes.items():
            if key.startswith(prefix + "."):
                found[key[len(prefix) + 1 :]] = value
        return found

    def other_attributes(self) -> Body:
        """Attributes that the server copies into the metadata of spans of other SDKs."""
        if str(self.scope.get("name") or "").startswith("langfuse-sdk"):
            return {}
        left_out = (OBSERVATION + "input", OBSERVATION + "output") + TRACE_IO
        return {
            key: text_of(value)
            for key, value in self.attributes.items()
            if key not in left_out and not key.startswith((OBSERVATION_METADATA, TRACE_METADATA))
        }

    def row(self) -> Body:
        """The row of the events table: strings for input and output, flat metadata."""
        row: Body = {"id": self.id, "traceId": self.trace_id, "startTime": self.start}
        row.update(endTime=self.end, parentObservationId=self.parent_id, type=self.kind)
        row.update(name=self.name, level=self.level, statusMessage=self.status_message or "")
        row.update(version=self.version or "", environment=self.environment)
        row.update(userId=self.user_id or "", sessionId=self.session_id or "")
        row.update(traceName=self.trace_name or "", release=self.release or "", tags=self.tags)
        row.update(isRootObservation=self.is_root, public=bool(self.get("langfuse.trace.public")))
        row.update(input=text_of(self.get(OBSERVATION + "input")))
        row.update(output=text_of(self.get(OBSERVATION + "output")))
        row["metadata"] = self.row_metadata()
        row["experiment"] = self.experiment()
        row.update(self.generation_values(), createdAt=self.now, updatedAt=self.now)
        return row

    def row_metadata(self) -> Body:
        flat = dict(self.metadata(TRACE_METADATA), **self.metadata(OBSERVATION_METADATA))
        for key in ("version", "name"):
            if self.scope.get(key):
                flat["scope." + key] = self.scope[key]
        flat.update(("resourceAttributes." + k, v) for k, v in self.resource.items())
        flat.update(("attributes." + k, v) for k, v in self.other_attributes().items())
        return {key: in_javascript(json_or_text(value)) for key, value in flat.items()}

    def experiment(self) -> Body:
        """What the span tells of an experiment; its other reads do not show that."""
        told = self.attributes.items()
        return {key[len(EXPERIMENT) :]: value for key, value in told if key.startswith(EXPERIMENT)}

    def generation_values(self) -> Body:
        values: Body = {"completionStartTime": self.completion_start}
        values["model"] = self.get(OBSERVATION + "model.name")
        values["modelParameters"] = self.parsed(OBSERVATION + "model.parameters")
        values["usageDetails"] = self.parsed(OBSERVATION + "usage_details") or {}
        values["costDetails"] = self.parsed(OBSERVATION + "cost_details") or {}
        if self.kind == "GENERATION":
            values["promptName"] = self.get(OBSERVATION + "prompt.name")
            values["promptVersion"] = self.get(OBSERVATION + "prompt.version")
        return values


def id_text(value: Any) -> str:
    """JSON ids are kept as they are, whatever they look like; byte arrays become hex."""
    if isinstance(value, list):
        return "".join("%02x" % byte for byte in value)
    return value or ""


def spans_of(resource_spans: List[Any]) -> List[Span]:
    spans = []
    for group in resource_spans:
        resource = attributes_of((group.get("resource") or {}).get("attributes"))
        for scope_spans in group.get("scopeSpans") or []:
            scope = scope_spans.get("scope") or {}
            spans += [Span(span, resource, scope) for span in scope_spans.get("spans") or []]
    return spans
