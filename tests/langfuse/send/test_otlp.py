"""Spans for v4: valid by construction, whole when read back, and every answer read right."""

import gzip
import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from record_strategies import OBSERVATIONS, TRACES, outgoing

from coaiapy.config.settings import Settings
from coaiapy.langfuse.client import wire
from coaiapy.langfuse.client.http import LangfuseHttp
from coaiapy.langfuse.client.metadata import from_text, received
from coaiapy.langfuse.records import ids
from coaiapy.langfuse.records.records import observation_from, score_from, trace_from
from coaiapy.langfuse.send import otlp

TRACE = trace_from(
    {
        "id": "my trace",
        "timestamp": 60,
        "name": "run",
        "user_id": "john",
        "session_id": "s1",
        "tags": ["a", "b"],
        "metadata": {"k": "1"},
        "environment": "dev",
        "release": "r9",
        "version": "v9",
        "public": True,
        "input": {"q": 1},
        "output": "done",
    }
)


def observation(**values):
    return observation_from(dict({"trace_id": "my trace", "id": "o", "start_time": 61}, **values))


def body_of(request):
    return json.loads(gzip.decompress(request.body))


def spans_in(encoded):
    return [
        span
        for request in encoded.requests
        for span in body_of(request)["resourceSpans"][0]["scopeSpans"][0]["spans"]
    ]


def one_span(record, context=None):
    return spans_in(otlp.encode([outgoing(record, context=context)]))[0]


def attributes(span):
    return {entry["key"]: list(entry["value"].values())[0] for entry in span["attributes"]}


def send(server, items):
    http = LangfuseHttp(Settings("pk-test", "sk-test", server.url))
    verdicts = []
    for request in otlp.encode(items).requests:
        answer = http.send(request)
        verdicts += otlp.outcome(answer.status, answer.body, request.items)
    return verdicts


def test_a_trace_becomes_its_root_span_and_its_observation_hangs_below():
    root, child = one_span(TRACE), one_span(observation(), context=TRACE)
    assert root["spanId"] == ids.root_span_id("my trace") == child["parentSpanId"]
    assert root["traceId"] == child["traceId"] == ids.span_trace_id("my trace")
    assert "parentSpanId" not in root
    assert (root["name"], root["startTimeUnixNano"]) == ("run", "60000000000")
    assert attributes(root)["langfuse.observation.input"] == '{"q":1}'
    assert attributes(root)["langfuse.observation.output"] == "done"


def test_every_span_says_all_of_its_trace():
    for span in (one_span(TRACE), one_span(observation(), context=TRACE)):
        found = attributes(span)
        assert found["langfuse.trace.name"] == "run"
        assert (found["user.id"], found["session.id"]) == ("john", "s1")
        tags = found["langfuse.trace.tags"]["values"]
        assert [tag["stringValue"] for tag in tags] == ["a", "b"]
        assert found["langfuse.trace.metadata.k"] == '"1"'
        assert found["langfuse.environment"] == "dev"
        assert (found["langfuse.release"], found["langfuse.version"]) == ("r9", "v9")
        assert found["langfuse.trace.public"] is True


def test_an_observation_speaks_for_itself_before_its_trace_does():
    found = attributes(one_span(observation(environment="prod", version="v1"), context=TRACE))
    assert (found["langfuse.environment"], found["langfuse.version"]) == ("prod", "v1")


def test_without_a_known_trace_an_observation_is_a_root_itself():
    assert "parentSpanId" not in one_span(observation())
    given = one_span(observation(parent_id="p"), context=TRACE)
    assert given["parentSpanId"] == ids.span_id("p")


def test_ids_that_a_span_can_have_are_kept_and_others_travel_in_the_metadata():
    hexadecimal = observation(id="00f067aa0ba902b7", trace_id="4bf92f3577b34da6a3ce929d0e0e4736")
    span = one_span(hexadecimal)
    assert (span["spanId"], span["traceId"]) == (hexadecimal.id, hexadecimal.trace_id)
    assert not [key for key in attributes(span) if "metadata" in key]
    found = attributes(one_span(observation()))
    assert found["langfuse.trace.metadata.coaia_trace_id"] == "my trace"
    assert found["langfuse.observation.metadata.coaia_id"] == "o"


def test_times_are_nanoseconds_and_an_event_or_an_open_span_ends_where_it_starts():
    assert one_span(observation(type="SPAN", end_time=62.25))["endTimeUnixNano"] == "62250000000"
    assert one_span(observation(type="SPAN"))["endTimeUnixNano"] == "61000000000"
    event = one_span(observation(type="EVENT", end_time=62))
    assert event["endTimeUnixNano"] == event["startTimeUnixNano"] == "61000000000"
    kept = attributes(event)["langfuse.observation.metadata.coaia_end_time"]
    assert kept == "1970-01-01T00:01:02.000Z"


def test_an_error_is_one_for_opentelemetry_too():
    failed = one_span(observation(level="ERROR", status_message="boom"))
    assert failed["status"] == {"code": 2, "message": "boom"}
    assert one_span(observation())["status"] == {}


def test_the_frame_is_what_a_v4_server_wants():
    (request,) = otlp.encode([outgoing(TRACE)]).requests
    assert request.path == "/api/public/otel/v1/traces"
    assert request.headers["x-langfuse-ingestion-version"] == "4"
    (group,) = body_of(request)["resourceSpans"]
    names = [entry["key"] for entry in group["resource"]["attributes"]]
    assert names == ["service.name"]
    assert group["scopeSpans"][0]["scope"]["name"] == "coaia"


def test_a_retry_has_the_same_bytes():
    items = [outgoing(TRACE), outgoing(observation(), 2, context=TRACE)]
    assert otlp.encode(items) == otlp.encode(items)


def test_requests_stay_below_the_limit_and_keep_every_record_in_order():
    records = [observation(id=str(i), input="x" * 500) for i in range(50)]
    items = [outgoing(record, row) for row, record in enumerate(records)]
    requests = otlp.encode(items, limit=8000).requests
    assert [item for request in requests for item in request.items] == items
    assert 1 < len(requests) and all(len(gzip.decompress(r.body)) <= 8000 for r in requests)


@pytest.mark.parametrize(
    "record, part",
    [
        (observation(start_time="1969-12-31T23:59:59Z"), "startTime 1969-12-31"),
        (trace_from({"timestamp": "2300-01-01T00:00:00Z"}), "years 1970 to 2261"),
        (observation(prompt_name="p", prompt_version=-1), "promptVersion -1"),
        (score_from({"name": "q", "value": 1, "trace_id": "t"}), "a score cannot be a span"),
    ],
)
def test_what_cannot_be_a_span_is_refused_before_it_costs_the_others(record, part):
    good, bad = outgoing(observation(), 1), outgoing(record, 2)
    encoded = otlp.encode([bad, good])
    assert [request.items for request in encoded.requests] == [[good]]
    (verdict,) = encoded.refused
    assert (verdict.item, verdict.state) == (bad, wire.REFUSED)
    assert part in verdict.reason


@given(st.one_of(TRACES, OBSERVATIONS), st.none() | TRACES)
def test_spans_are_well_formed_whatever_the_record_says(record, context):
    span = one_span(record, context)
    assert len(span["traceId"]) == 32 and int(span["traceId"], 16)
    assert len(span["spanId"]) == 16 and int(span["spanId"], 16)
    assert int(span["startTimeUnixNano"]) <= int(span["endTimeUnixNano"]) < 2**63
    keys = [entry["key"] for entry in span["attributes"]]
    assert len(keys) == len(set(keys))
    assert all(len(entry["value"]) == 1 for entry in span["attributes"])


@pytest.mark.skipif(sys.version_info < (3, 9), reason="opentelemetry-proto needs Python 3.9")
def test_opentelemetrys_own_parser_reads_every_request():
    pytest.importorskip("google.protobuf", reason="pip install coaiapy[test]")
    from google.protobuf.json_format import ParseDict
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    @given(st.one_of(TRACES, OBSERVATIONS), st.none() | TRACES)
    def check(record, context):
        (request,) = otlp.encode([outgoing(record, context=context)]).requests
        parsed = ParseDict(body_of(request), ExportTraceServiceRequest())
        (span,) = parsed.resource_spans[0].scope_spans[0].spans
        assert span.start_time_unix_nano <= span.end_time_unix_nano

    check()


@pytest.mark.parametrize("kind", ["v4-dual", "v4-events_only"])
def test_a_v4_server_shows_what_was_written(langfuse, kind):
    server = langfuse(kind)

    @given(OBSERVATIONS, TRACES)
    def check(record, trace):
        verdicts = send(server, [outgoing(record, context=trace)])
        assert [verdict.state for verdict in verdicts] == [wire.ACCEPTED]
        row = server.rows()[-1]
        body, known = record.body(), trace.body()
        assert row["type"] == body["type"]
        assert row["level"] == body.get("level", "DEFAULT")
        assert row["startTime"] == body["startTime"]
        assert (row["name"] or "") == body.get("name", "")
        for name in ("input", "output"):
            shown = None if row[name] is None else from_text(row[name])
            assert shown == body.get(name)
        assert row["traceName"] == known.get("name", "")
        assert row["tags"] == known.get("tags", [])
        user, own = received(row["metadata"])
        assert user == body.get("metadata", {})
        assert own.get("id", row["id"]) in (body["id"], row["id"])
        assert ids.span_id(own.get("id", row["id"])) == row["id"]
        assert own.get("trace_id", row["traceId"]) == body["traceId"]

    check()


# What an answer means

ITEMS = [outgoing(observation(id=str(row)), row) for row in (1, 2)]


def states(status, body, items=ITEMS):
    return [verdict.state for verdict in otlp.outcome(status, body, items)]


@pytest.mark.parametrize(
    "status, body, state",
    [
        (200, b"{}", wire.ACCEPTED),
        (200, b'{"partialSuccess":{"rejectedSpans":"0"}}', wire.ACCEPTED),
        (202, b'{"name":"otel-ingestion-job","data":{}}', wire.ACCEPTED),
        (200, b"", wire.RETRY),
        (200, b'{"error":"please log in"}', wire.RETRY),
        (200, b'{"message":"Invalid credentials","error":"UnauthorizedError"}', wire.RETRY),
        (200, b'{"partialSuccess":{"rejectedSpans":"1"}}', wire.RETRY),
        (200, b"[]", wire.RETRY),
        (200, b"<html>sign in</html>", wire.RETRY),
        (200, b'{"name":"otel-inge', wire.RETRY),
        (400, b'{"error":"Invalid OTLP trace export: 1 of 2 span(s)"}', wire.SPLIT),
        (404, b"<!DOCTYPE html><title>404</title>", wire.WRONG_DIALECT),
        (401, b'{"message":"Invalid credentials."}', wire.CREDENTIALS),
        (429, b'{"message":"Rate limit exceeded"}', wire.RETRY),
        (503, b'{"message":"Service Unavailable"}', wire.RETRY),
    ],
)
def test_an_answer_decides_about_the_whole_request(status, body, state):
    assert states(status, body) == [state, state]


def test_one_refused_span_is_refused_with_the_servers_reason():
    body = b'{"error":"Invalid OTLP trace export: 1 of 1 span(s)"}'
    (verdict,) = otlp.outcome(400, body, ITEMS[:1])
    assert verdict.state == wire.REFUSED
    assert verdict.reason == "the server answered 400: Invalid OTLP trace export: 1 of 1 span(s)"


def test_a_v2_server_asks_for_the_other_dialect(langfuse):
    verdicts = send(langfuse("v2"), ITEMS)
    assert [verdict.state for verdict in verdicts] == [wire.WRONG_DIALECT] * 2
