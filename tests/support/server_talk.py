"""Requests that tests of the Langfuse test server build by hand."""

import gzip
import json
from typing import Any, Callable, Dict, List

from langfuse_server import KINDS, LangfuseServer
from langfuse_server.client import Client, Result

INGESTION = "/api/public/ingestion"
OTLP = "/api/public/otel/v1/traces"
ROWS = "/api/public/v2/observations"
NOW = "2026-03-01T10:00:00.000Z"
LATER = "2026-03-01T10:00:05.000Z"
VERSION_4 = {"x-langfuse-ingestion-version": "4", "Content-Type": "application/json"}
LEGACY_KINDS = [name for name in sorted(KINDS) if KINDS[name].legacy]
ROW_KINDS = [name for name in sorted(KINDS) if KINDS[name].rows]
OTLP_KINDS = [name for name in sorted(KINDS) if KINDS[name].otlp]

Start = Callable[..., LangfuseServer]


def event(event_id: str, kind: str, sent: str = NOW, **body: Any) -> Dict[str, Any]:
    return {"id": event_id, "type": kind, "timestamp": sent, "body": body}


def ingest(server: LangfuseServer, *events: Dict[str, Any]) -> Result:
    return Client(server)("POST", INGESTION, {"batch": list(events)})


def span(trace_id: str, span_id: str, start: int = 0, end: int = 1, **more: Any) -> Dict[str, Any]:
    """Return an OTLP span; times are seconds after NOW, other keys attributes (`__` for dots)."""
    base = 1772359200
    attributes = [
        {"key": key.replace("__", "."), "value": {"stringValue": str(value)}}
        for key, value in more.items()
        if key != "parentSpanId"
    ]
    made = {"traceId": trace_id, "spanId": span_id, "name": span_id, "attributes": attributes}
    made["startTimeUnixNano"] = str((base + start) * 10**9)
    made["endTimeUnixNano"] = str((base + end) * 10**9)
    if "parentSpanId" in more:
        made["parentSpanId"] = more["parentSpanId"]
    return made


def export(server: LangfuseServer, *spans: Dict[str, Any], **options: Any) -> Result:
    headers = options.get("headers", VERSION_4)
    scope_spans = [{"scope": {"name": "test"}, "spans": list(spans)}]
    body = {"resourceSpans": [{"resource": {"attributes": []}, "scopeSpans": scope_spans}]}
    data = json.dumps(body).encode("utf-8")
    if options.get("compress"):
        data, headers = gzip.compress(data), dict(headers, **{"Content-Encoding": "gzip"})
    return Client(server)("POST", OTLP, data, headers=headers)


def rows(server: LangfuseServer, **query: Any) -> List[Dict[str, Any]]:
    result = Client(server)("GET", ROWS, query=query)
    assert result.status == 200, result.body
    return result.body["data"]


def errors_of(result: Result) -> Dict[str, Any]:
    """Return the errors of a 207: for each event id the path of its first issue."""
    return {one["id"]: json.loads(one["error"])[0]["path"] for one in result.body["errors"]}
