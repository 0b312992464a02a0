"""Batches for /ingestion: accepted whole by a strict server, and every answer read right."""

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from record_strategies import OBSERVATIONS, SCORES, TRACES, outgoing

from coaiapy.config.settings import Settings
from coaiapy.langfuse.client import wire
from coaiapy.langfuse.client.http import LangfuseHttp
from coaiapy.langfuse.client.server import Server
from coaiapy.langfuse.records.records import observation_from, score_from, trace_from
from coaiapy.langfuse.send import ingestion

V2 = Server("2.95.12", "v2")
V3 = Server("3.225.4", "v3")
V4 = Server("4.16.0", "v4-events_only")
ERRORS_ONLY = {"message": "Event type not accepted", "error": "... events_only ..."}


def events(encoded):
    return [event for request in encoded.requests for event in json.loads(request.body)["batch"]]


def one_event(record, server=V3, **options):
    return events(ingestion.encode([outgoing(record, **options)], server))[0]


def observation(**values):
    return observation_from(dict({"trace_id": "t", "id": "o", "start_time": 0}, **values))


def send(server, records, kind=V3):
    """Deliver records to a running stand-in and return the verdicts."""
    http = LangfuseHttp(Settings("pk-test", "sk-test", server.url))
    items = [outgoing(record, row) for row, record in enumerate(records)]
    verdicts = []
    for request in ingestion.encode(items, kind).requests:
        answer = http.send(request)
        verdicts += ingestion.outcome(answer.status, answer.body, request.items)
    return verdicts


def test_every_record_becomes_an_event_of_its_type_under_the_users_own_ids():
    trace = trace_from({"id": "My Trace", "timestamp": 0, "name": "n", "public": True})
    step = observation(id="step/1", type="SPAN", end_time=1, parent_id="step/0")
    score = score_from({"id": "s", "name": "ok", "value": True, "trace_id": "My Trace"})
    found = [one_event(record) for record in (trace, step, score)]
    assert [event["type"] for event in found] == ["trace-create", "span-create", "score-create"]
    assert found[0]["body"]["id"] == "My Trace" and found[0]["body"]["public"] is True
    assert found[1]["body"]["parentObservationId"] == "step/0"
    assert found[1]["body"]["endTime"] == "1970-01-01T00:00:01.000Z"
    assert (found[2]["body"]["value"], found[2]["body"]["dataType"]) == (1, "BOOLEAN")


@pytest.mark.parametrize(
    "server, given, event, kept",
    [
        (V3, {"type": "AGENT"}, "agent-create", None),
        (V2, {"type": "AGENT"}, "span-create", "AGENT"),
        (V2, {"type": "TOOL", "model": "m"}, "generation-create", "TOOL"),
        (
            Server("3.98.2", "v3"),
            {"type": "CHAIN", "usage": {"input": 1}},
            "generation-create",
            "CHAIN",
        ),
        (V2, {"type": "GENERATION"}, "generation-create", None),
    ],
)
def test_a_type_that_the_server_does_not_know_becomes_the_nearest_one(server, given, event, kept):
    sent = one_event(observation(**given), server)
    assert sent["type"] == event
    assert sent["body"].get("metadata", {}).get("coaia_type") == kept


def test_an_event_has_no_end_and_no_model_so_these_travel_in_its_metadata():
    body = one_event(observation(end_time=1, model="m", metadata={"k": 1}))["body"]
    assert "endTime" not in body and "model" not in body
    moment = "1970-01-01T00:00:01.000Z"
    assert body["metadata"] == {"k": 1, "coaia_end_time": moment, "coaia_model": "m"}


def test_v2_gets_the_old_usage_and_keeps_the_rest_in_the_metadata():
    given = {"type": "GENERATION", "usage": {"input": 1, "cached": 2}, "cost": {"total": 0.5}}
    body = one_event(observation(environment="dev", **given), V2)["body"]
    assert body["usage"] == {"input": 1, "unit": "TOKENS", "totalCost": 0.5}
    assert "usageDetails" not in body and "environment" not in body
    assert body["metadata"] == {
        "coaia_usage": {"input": 1, "cached": 2},
        "coaia_environment": "dev",
    }


def test_v3_gets_the_details_and_the_environment():
    given = {"type": "GENERATION", "usage": {"input": 1}, "cost": {"total": 0.5}}
    body = one_event(observation(environment="dev", **given))["body"]
    assert (body["usageDetails"], body["costDetails"]) == ({"input": 1}, {"total": 0.5})
    assert body["environment"] == "dev" and "metadata" not in body


def test_a_score_names_its_target_as_the_spans_of_a_v4_server_do():
    score = score_from({"name": "q", "value": 1, "trace_id": "mine", "observation_id": "step"})
    body = one_event(score, V4)["body"]
    assert len(body["traceId"]) == 32 and len(body["observationId"]) == 16
    assert body["metadata"] == {"coaia_trace_id": "mine", "coaia_observation_id": "step"}
    assert one_event(score, V3)["body"]["traceId"] == "mine"


def test_a_later_revision_has_a_later_time_and_a_retry_the_same_bytes():
    trace = trace_from({"id": "t", "timestamp": 0})
    first = one_event(trace, revision=1, written_at=1767225600.5)
    second = one_event(trace, revision=2, written_at=1767225601.0)
    assert first["timestamp"] == "2026-01-01T00:00:00.500Z" < second["timestamp"]
    assert first["id"] != second["id"]
    again = [ingestion.encode([outgoing(trace)], V3).requests[0].body for _ in range(2)]
    assert again[0] == again[1]


def test_model_parameters_of_strange_kinds_become_text():
    given = {"temperature": 0.5, "stop": ["a"], "format": {"type": "json"}, "seed": None, "n": [1]}
    body = one_event(observation(type="GENERATION", model_parameters=given))["body"]
    assert body["modelParameters"] == {
        "temperature": 0.5,
        "stop": ["a"],
        "format": '{"type":"json"}',
        "n": "[1]",
    }


def test_requests_stay_below_the_limit_and_keep_every_record_in_order():
    records = [observation(id=str(i), input="x" * 500) for i in range(50)]
    records[7] = observation(id="7", input="x" * 9000)
    items = [outgoing(record, row) for row, record in enumerate(records)]
    requests = ingestion.encode(items, V3, limit=4000).requests
    assert [item for request in requests for item in request.items] == items
    big = [request for request in requests if len(request.body) > 4000]
    assert [len(request.items) for request in big] == [1]
    assert len(requests) < 15


def test_nothing_to_send_is_no_request():
    assert ingestion.encode([], V3) == wire.Encoded([], [])


@pytest.mark.parametrize("kind, server", [("v2", V2), ("v3", V3), ("v4-dual", V3)])
def test_a_strict_server_accepts_every_record(langfuse, kind, server):
    running = langfuse(kind)

    @given(st.lists(st.one_of(TRACES, OBSERVATIONS, SCORES), min_size=1, max_size=5))
    def check(records):
        verdicts = send(running, records, server)
        assert [verdict for verdict in verdicts if verdict.state != wire.ACCEPTED] == []

    check()


@pytest.mark.skipif(sys.version_info < (3, 10), reason="the langfuse package needs Python 3.10")
def test_the_official_models_take_every_event():
    pytest.importorskip("langfuse", reason="pip install coaiapy[test]")
    from langfuse.api.ingestion.types.ingestion_event import IngestionEvent
    from pydantic import TypeAdapter

    model = TypeAdapter(IngestionEvent)

    @given(st.one_of(TRACES, OBSERVATIONS, SCORES))
    def check(record):
        event = one_event(record)
        if event["type"].split("-")[0] in ("trace", "span", "generation", "event", "score"):
            body = model.validate_python(event).body
            assert body.id == event["body"]["id"]

    check()


# What an answer means


ITEMS = [outgoing(observation(id=str(row)), row) for row in (1, 2)]


def states(status, body, items=ITEMS):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode("utf-8")
    return [verdict.state for verdict in ingestion.outcome(status, raw, items)]


def test_only_the_named_events_are_acknowledged():
    body = {"successes": [{"id": "event-2-1", "status": 201}], "errors": []}
    assert states(207, body) == [wire.RETRY, wire.ACCEPTED]


@pytest.mark.parametrize(
    "error, state",
    [
        (dict(ERRORS_ONLY, status=400), wire.WRONG_DIALECT),
        ({"status": 400, "message": "Invalid request data", "error": "[]"}, wire.REFUSED),
        ({"status": 401, "message": "Authentication error"}, wire.CREDENTIALS),
        ({"status": 404, "message": "Resource not found"}, wire.REFUSED),
        ({"status": 408}, wire.RETRY),
        ({"status": 425, "message": "Too Early"}, wire.RETRY),
        ({"status": 429}, wire.RETRY),
        ({"status": 500, "message": "Internal Server Error"}, wire.RETRY),
    ],
)
def test_an_events_error_decides_about_that_event_alone(error, state):
    body = {
        "successes": [{"id": "event-2-1", "status": 201}],
        "errors": [dict(error, id="event-1-1")],
    }
    assert states(207, body) == [state, wire.ACCEPTED]


def test_the_reason_names_the_field_and_what_is_wrong_with_it(langfuse):
    item = outgoing(observation())
    item.body["startTime"] = "yesterday"
    server = langfuse("v3")
    request = ingestion.encode([item], V3).requests[0]
    answer = LangfuseHttp(Settings("pk-test", "sk-test", server.url)).send(request)
    (verdict,) = ingestion.outcome(answer.status, answer.body, request.items)
    assert verdict.state == wire.REFUSED
    assert verdict.reason == "Invalid request data: startTime: Invalid ISO datetime"


@pytest.mark.parametrize(
    "status, body, state",
    [
        (207, b'{"successes": [{"id": "event-1-1"', wire.RETRY),
        (200, b"<html>sign in</html>", wire.RETRY),
        (302, b"", wire.RETRY),
        (401, {"message": "Invalid credentials."}, wire.CREDENTIALS),
        (403, {"message": "Ingestion suspended: Usage threshold exceeded."}, wire.CREDENTIALS),
        (404, b"<!DOCTYPE html><title>404</title>", wire.WRONG_DIALECT),
        (413, b"Body exceeded 4.5mb limit", wire.SPLIT),
        (400, b"Invalid JSON", wire.SPLIT),
        (429, b"429 - rate limit exceeded", wire.RETRY),
        (408, b"", wire.RETRY),
        (425, b"Too Early", wire.RETRY),
        (500, {"message": "Invalid request data", "errors": ["queue"]}, wire.RETRY),
        (502, b"<html><title>502 Bad Gateway</title></html>", wire.RETRY),
    ],
)
def test_an_answer_to_the_whole_request_decides_about_all(status, body, state):
    assert states(status, body) == [state, state]


def test_what_is_refused_alone_is_refused_for_good():
    (verdict,) = ingestion.outcome(413, b"Body exceeded 4.5mb limit", ITEMS[:1])
    assert verdict == wire.Verdict(
        ITEMS[0], wire.REFUSED, "the server answered 413: Body exceeded 4.5mb limit"
    )


def test_events_only_servers_ask_for_the_other_dialect_and_take_scores(langfuse):
    records = [observation(), score_from({"name": "q", "value": 1, "trace_id": "t"})]
    verdicts = send(langfuse("v4-events_only"), records, V3)
    assert [verdict.state for verdict in verdicts] == [wire.WRONG_DIALECT, wire.ACCEPTED]


def test_half_a_refused_batch_is_half_acknowledged(langfuse):
    server = langfuse("v3")
    server.fail("half refused", status=500)
    verdicts = send(server, [observation(id=str(i)) for i in range(4)])
    assert [verdict.state for verdict in verdicts] == [wire.ACCEPTED, wire.RETRY] * 2


def test_an_old_server_is_not_sent_scores_that_it_does_not_know():
    session = outgoing(score_from({"id": "s", "name": "mood", "value": 1, "session_id": "x"}), 1)
    trace = outgoing(score_from({"id": "t", "name": "mood", "value": 1, "trace_id": "x"}), 2)
    encoded = ingestion.encode([session, trace], V2)
    assert [each.item for each in encoded.refused] == [session]
    assert "scores of traces" in encoded.refused[0].reason
    assert [held for request in encoded.requests for held in request.items] == [trace]
    assert not ingestion.encode([session], V3).refused
