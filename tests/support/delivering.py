"""Helpers of the tests of delivery: records, and a look into the journal and the requests."""

from servers import settings_for

from coaiapy.langfuse.journal import claims, outbox
from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.journal.destinations import destination_of
from coaiapy.langfuse.records.records import observation_from, trace_from
from coaiapy.langfuse.traces import traces
from coaiapy.util import deadlines

# Seconds.
LEASE = 60.0
START = "2026-03-01T10:00:00.000Z"
WRITES = ("/api/public/ingestion", "/api/public/otel/v1/traces")
ROWS_KINDS = ("v4-dual", "v4-events_only")
# One server for each way to write.
BOTH = ["v3", "v4-events_only"]


def hex_id(number, digits=16):
    """Return an id that servers of every generation store unchanged."""
    return "{:0{}x}".format(number + 1, digits)


def trace_of(number=0, **fields):
    return trace_from(dict({"id": hex_id(number, 32), "name": "t", "timestamp": START}, **fields))


def observation_of(number, trace=0, **fields):
    values = {"id": hex_id(number), "name": "o{}".format(number), "start_time": START}
    return observation_from(dict(values, **fields), hex_id(trace, 32))


def records_of(count, trace=0):
    """Return one trace and ``count - 1`` observations, with ids of their own per trace."""
    first = trace * 100000
    steps = [observation_of(first + index, trace) for index in range(count - 1)]
    return [trace_of(trace)] + steps


def submit(server, records, seconds=100.0, **changes):
    with deadlines.limit(seconds):
        return traces.submit(settings_for(server, **changes), records)


def acquaint(server):
    """Put a test server and its project into the journal, so that only writes are requested."""
    submit(server, records_of(1, trace=9999), 60, timeout=20)
    assert in_outbox() == {}
    server.forget_requests()
    return server


def leave(server, records, rejected=0):
    """Put records into the outbox, the first of them rejected; return their rows."""
    with Journal() as journal:
        here = destination_of(journal, settings_for(server))
        rows = journal.append(here, records).rows
        with claims.claimant(journal) as name:
            taken = claims.claim(journal, name, [here], 60, rejected, 10**6, rows)
            outbox.reject(journal, [(item, "name: too long") for item in taken[:rejected]])
    return rows


def writes(server):
    """Return the write requests that arrived."""
    return [request for request in server.requests if request.path in WRITES]


def accepted(server, records):
    """Return how often each record was accepted; on v4 the root span counts for a trace."""
    known = server.traces()
    return {
        record.id: server.accepted_count(record.id) or int(record.id in known) for record in records
    }


def in_outbox():
    """Return the outbox as {record id: state}."""
    with Journal() as journal:
        return {entry.id: entry.state for entry in outbox.entries(journal)}


def claimed():
    """Return how many records are claimed by any process."""
    with Journal() as journal:
        rows = journal.rows("SELECT count(*) AS n FROM deliveries WHERE claimed_by IS NOT NULL")
        return next(row["n"] for row in rows)


def events_of(request):
    """Return the ingestion events of a request."""
    return request.body["batch"]


def spans_of(request):
    """Return the spans of an OTLP request."""
    scopes = request.body["resourceSpans"][0]["scopeSpans"]
    return [span for scope in scopes for span in scope["spans"]]


def claim(journal, name, destination, most=100, most_bytes=10**6, rows=None):
    """Claim what waits for a destination, for ``LEASE`` seconds."""
    return claims.claim(journal, name, [destination], LEASE, most, most_bytes, rows)


def keys(items):
    return [item.body["id"] for item in items]
