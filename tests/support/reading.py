"""Helpers of the tests of reading: traces that only the server has, and spans of other clients."""

import os

from langfuse_server.client import Client

from coaiapy.config import settings
from coaiapy.langfuse.records.records import trace_from
from coaiapy.langfuse.traces import traces

LEGACY = ["v2", "v3", "v4-legacy"]
SPANS = ["v4-dual", "v4-events_only"]
EVERY = LEGACY + SPANS
DASHED = "11c5e2a0-7f59-4d6c-9b0e-0a1b2c3d4e5f"


def known():
    return settings.load()


def moment(second):
    return "2026-01-31T12:{:02d}:{:02d}.000Z".format(*divmod(second, 60))


def write_many(count, **fields):
    """Write ``count`` traces, a second apart, from this machine; return their ids, oldest first."""
    names = ["t{:03d}".format(number) for number in range(count)]
    made = [
        trace_from(dict(fields, id=name, timestamp=moment(number), name=name))
        for number, name in enumerate(names)
    ]
    assert not traces.submit(known(), made).waiting
    forget_what_was_written()
    return names


def forget_what_was_written():
    """Delete the journal, so that this machine knows only what the server shows."""
    from coaiapy.langfuse.journal.db import journal_path

    for name in (journal_path(), journal_path() + "-wal", journal_path() + "-shm"):
        if os.path.exists(name):
            os.remove(name)


def span(trace_id, span_id, **fields):
    """Return an OTLP span as another client sends it."""
    attributes = [
        {"key": key, "value": {"stringValue": text}}
        for key, text in fields.pop("attributes", {}).items()
    ]
    start = fields.pop("start", 1769860800)
    end = fields.pop("end", start)
    body = {"traceId": trace_id, "spanId": span_id, "name": "span", "kind": 1, "status": {}}
    body.update(startTimeUnixNano="%d000000000" % start, endTimeUnixNano="%d000000000" % end)
    return dict(body, attributes=attributes, **fields)


def send_spans(server, *spans, **headers):
    scope = {"scope": {"name": "another client"}, "spans": list(spans)}
    body = {"resourceSpans": [{"resource": {"attributes": []}, "scopeSpans": [scope]}]}
    given = {"x-langfuse-ingestion-version": "4"} if headers.get("at_once", True) else {}
    answer = Client(server)("POST", "/api/public/otel/v1/traces", body, headers=given)
    assert answer.status == 200


def asked(server, path):
    return [request for request in server.requests if request.path.startswith(path)]
