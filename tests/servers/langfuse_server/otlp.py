"""POST /api/public/otel/v1/traces: OTLP/JSON exports, accepted or refused as a whole."""

import gzip
import json
import time
import uuid
import zlib
from typing import Any, List, Optional

from .legacy_spans import put_legacy
from .messages import Answer, RefusedError
from .otlp_checks import is_whole, require_whole
from .request import Request
from .spans import Span, spans_of
from .times import now_iso


def export(server: Any, request: Request) -> Answer:
    content_type = request.headers.get("content-type", "")
    if "json" not in content_type and "x-protobuf" not in content_type:
        raise RefusedError(400, {"error": "Invalid content type"})
    version = ingestion_version(request)
    if "json" not in content_type:  # the stand-in reads JSON alone
        raise RefusedError(400, {"error": "Failed to parse OTel Protobuf Trace"})
    resource_spans = parsed(request)
    if not resource_spans:
        return Answer(200, {})
    if server.kind.checks_spans:
        require_whole(resource_spans)
    elif not is_whole(resource_spans):
        return Answer(200, job(server, version))
    store(server, spans_of(resource_spans), version)
    return Answer(200, job(server, version))


def ingestion_version(request: Request) -> Optional[str]:
    text = request.headers.get("x-langfuse-ingestion-version")
    if text is not None and not (text.isdigit() and int(text) <= 4):
        message = 'Unsupported x-langfuse-ingestion-version: "%s". Maximum supported: "4".'
        raise RefusedError(400, {"error": message % text})
    return text


def parsed(request: Request) -> List[Any]:
    data = request.raw
    try:
        if request.headers.get("content-encoding") == "gzip":
            data = gzip.decompress(data)
    except (OSError, EOFError, zlib.error):
        raise RefusedError(400, {"error": "Failed to read request body"}) from None
    try:
        body = json.loads(data.decode("utf-8"))
        return body.get("resourceSpans") or []
    except (ValueError, AttributeError):
        raise RefusedError(400, {"error": "Failed to parse OTel JSON Trace"}) from None


def store(server: Any, spans: List[Span], version: Optional[str]) -> None:
    with server.store.lock:
        for span in spans:
            if server.kind.legacy:
                put_legacy(server, span, count=not server.kind.rows)
            if server.kind.rows:
                at_once = version == "4" or not server.kind.legacy
                server.store.add_row(span.row(), at_once)


def job(server: Any, version: Optional[str]) -> Any:
    """The queue job that the real server shows as its answer; clients ignore it."""
    day = time.strftime("%Y/%m/%d/%H/%M", time.gmtime())
    data = {"id": str(uuid.uuid4()), "timestamp": now_iso(), "name": "otel-ingestion-job"}
    data["payload"] = {
        "data": {
            "fileKey": "events/otel/%s/%s/%s.json" % (server.project_id, day, uuid.uuid4()),
            "publicKey": server.public_key,
        },
        "authCheck": {
            "validKey": True,
            "scope": {
                "projectId": server.project_id,
                "accessLevel": "project",
                "orgId": server.organization["id"],
            },
        },
        "sdkName": "unknown",
        "sdkVersion": "unknown",
        "ingestionVersion": version,
    }
    options = {"attempts": 6, "removeOnComplete": True, "removeOnFail": 100000}
    options["backoff"] = {"type": "exponential", "delay": 5000}
    if server.traces_itself:
        options.update(traceparent="00-%s-01" % uuid.uuid4().hex, baggage="")
    entry = {"name": "otel-ingestion-job", "data": data, "opts": options}
    entry.update(id=str(server.store.next_number()), progress=0, returnvalue=None)
    entry.update(stacktrace=None, priority=0, attemptsStarted=0, attemptsMade=0)
    entry.update(stalledCounter=0, timestamp=int(time.time() * 1000))
    entry["queueQualifiedName"] = "bull:otel-ingestion-queue"
    return entry
