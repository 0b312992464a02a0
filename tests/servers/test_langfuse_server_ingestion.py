"""Rules of ingestion that no single recorded exchange shows."""

import gzip
import json

import pytest
from langfuse_server.client import Client
from server_talk import (
    INGESTION,
    LATER,
    LEGACY_KINDS,
    NOW,
    Start,
    errors_of,
    event,
    ingest,
)

pytestmark = pytest.mark.once


@pytest.mark.parametrize("kind", LEGACY_KINDS)
def test_each_bad_event_is_refused_alone(langfuse: Start, kind: str) -> None:
    server = langfuse(kind)
    result = ingest(
        server,
        event("good", "span-create", id="s1", traceId="t"),
        event("no id", "span-create", traceId="t"),
        event("level", "event-create", id="e", traceId="t", level="LOUD"),
        event("usage", "generation-create", id="g", traceId="t", usageDetails={"input": -1}),
        event("cost", "generation-create", id="g", traceId="t", costDetails={"total": -0.1}),
        event("tags", "trace-create", id="t", tags="one"),
        event("name", "trace-create", id="t", name="x" * 1001),
        event("naive", "trace-create", "2026-03-01T10:00:00", id="t"),
        event("prompt", "generation-create", id="g", traceId="t", promptName="p"),
        event("score", "score-create", id="s", traceId="t", name="n"),
        {"id": "no body", "type": "trace-create", "timestamp": NOW},
        {"type": "trace-create", "timestamp": NOW, "body": {}},
    )
    assert [one["id"] for one in result.body["successes"]] == ["good"]
    assert {one["status"] for one in result.body["errors"]} == {400}
    assert errors_of(result) == {
        "no id": ["body", "id"],
        "level": ["body", "level"],
        "usage": ["body", "usageDetails", "input"],
        "cost": ["body", "costDetails", "total"],
        "tags": ["body", "tags"],
        "name": ["body", "name"],
        "naive": ["timestamp"],
        "prompt": ["body"],
        "score": ["body", "value"],
        "no body": ["body"],
        "unknown": ["id"],
    }
    assert sorted(server.observations()) == ["s1"]


@pytest.mark.parametrize("kind", LEGACY_KINDS)
def test_traces_and_scores_without_an_id_are_lost_quietly(
    langfuse: Start,
    kind: str,
) -> None:
    server = langfuse(kind)
    result = ingest(
        server,
        event("1", "trace-create", name="lost"),
        event("2", "score-create", traceId="t", name="lost", value=1),
        event("3", "observation-create", traceId="t", name="lost"),
    )
    assert len(result.body["successes"]) == 3 and not result.body["errors"]
    assert not (server.traces() or server.scores() or server.observations())


def test_log_events_are_not_echoed(langfuse: Start) -> None:
    for kind in ("v3", "v4-events_only"):
        result = ingest(langfuse(kind), event("1", "sdk-log", log={"x": 1}))
        assert result.body == {"successes": [], "errors": []}


@pytest.mark.parametrize("kind", LEGACY_KINDS)
def test_the_same_event_again_changes_nothing(langfuse: Start, kind: str) -> None:
    server = langfuse(kind)
    first = event("1", "trace-create", id="t", name="first")
    ingest(server, first)
    ingest(server, event("2", "trace-create", LATER, id="t", name="second"))
    assert ingest(server, first).body["successes"] == [{"id": "1", "status": 201}]
    assert server.traces()["t"]["name"] == "second"
    assert server.accepted_count("t") == 2
    assert (server.event_count("1"), server.event_count("2")) == (2, 1)


@pytest.mark.parametrize("kind", LEGACY_KINDS)
def test_a_trace_is_merged_from_its_events(langfuse: Start, kind: str) -> None:
    server = langfuse(kind)
    ingest(
        server,
        event(
            "1",
            "trace-create",
            id="t",
            timestamp=NOW,
            name="one",
            userId="john",
            sessionId="s",
            input={"q": 1},
            output="out",
            metadata={"a": {"x": 1}, "b": 1},
            tags=["a"],
            environment="dev",
            public=True,
        ),
    )
    changed = {"metadata": {"a": {"y": 2}}, "tags": ["b"], "userId": None, "output": None}
    ingest(
        server,
        event("2", "trace-create", LATER, id="t", timestamp=LATER, environment="x", **changed),
    )
    trace = Client(server)("GET", "/api/public/traces/t").body
    assert (trace["name"], trace["userId"], trace["sessionId"]) == ("one", None, "s")
    assert (trace["timestamp"], trace["public"]) == (NOW, False)
    assert (trace["input"], trace["output"]) == ({"q": 1}, "out")
    assert trace["metadata"] == {"a": {"x": 1, "y": 2}, "b": 1}
    assert trace["tags"] == ["a", "b"]
    if kind != "v2":
        assert trace["environment"] == "dev"


def test_events_are_merged_in_the_order_of_their_timestamps(langfuse: Start) -> None:
    server = langfuse("v3")
    ingest(
        server, event("2", "span-update", LATER, id="s", traceId="t", name="later", endTime=LATER)
    )
    ingest(
        server, event("1", "span-create", NOW, id="s", traceId="t", name="earlier", startTime=NOW)
    )
    stored = server.observations()["s"]
    assert (stored["name"], stored["startTime"], stored["endTime"]) == ("later", NOW, LATER)
    ingest(server, event("3", "span-create", LATER, id="s", traceId="other", startTime=LATER))
    assert server.observations()["s"]["startTime"] == NOW
    assert server.observations()["s"]["traceId"] == "t"


def test_what_the_server_does_to_values(langfuse: Start) -> None:
    server = langfuse("v3")
    ingest(
        server,
        event("1", "trace-create", id="t", environment="Langfuse-Prod", metadata="text", extra=1),
        event("2", "span-create", id="s", startTime=LATER, endTime=NOW, environment="no spaces"),
        event("3", "event-create", id="e", traceId="t", startTime="2026-03-01T11:00:00+01:00"),
    )
    trace = server.traces()["t"]
    assert (trace["environment"], trace["metadata"]) == ("prod", {"metadata": "text"})
    assert "extra" not in trace
    observation = Client(server)("GET", "/api/public/observations/s").body
    assert (observation["endTime"], observation["environment"]) == (LATER, "default")
    assert observation["traceId"]  # invented
    assert server.observations()["e"]["startTime"] == NOW


def test_bodies_that_the_parser_refuses(langfuse: Start) -> None:
    server = langfuse("v3")
    client = Client(server)
    body = json.dumps({"batch": [event("1", "trace-create", id="t")]}).encode("utf-8")
    packed = client("POST", INGESTION, gzip.compress(body), headers={"Content-Encoding": "gzip"})
    assert (packed.status, packed.body) == (400, "Invalid JSON")
    large = client("POST", INGESTION, body + b" " * (4718592 - len(body) + 1))
    assert (large.status, large.body) == (413, "Body exceeded 4.5mb limit")
    assert "Content-Type" not in large.headers
    assert client("POST", INGESTION, body + b" " * (4718592 - len(body))).status == 207
    assert client("POST", "/api/public/scores", b"{}" + b" " * 1048576).status == 413
    assert client("POST", INGESTION, body, auth="bad").body["error"] == "UnauthorizedError"
    assert server.requests[0].body == {"batch": [event("1", "trace-create", id="t")]}


def test_chunked_bodies_arrive_whole(langfuse: Start) -> None:
    server = langfuse("v3")
    client = Client(server)
    body = json.dumps({"batch": [event("1", "trace-create", id="t")]}).encode("utf-8")
    pieces = iter([body[:10], body[10:]])
    headers = {"Authorization": "Basic cGstdGVzdDpzay10ZXN0", "Content-Type": "application/json"}
    headers["Transfer-Encoding"] = "chunked"
    client.connection.request("POST", INGESTION, pieces, headers, encode_chunked=True)
    response = client.connection.getresponse()
    assert response.status == 207 and response.read()
    assert list(server.traces()) == ["t"]
