"""Rules of Langfuse that the contract states and that no single recorded exchange shows."""

import gzip
import json
import pathlib
import subprocess
import sys
import threading
import urllib.request
from typing import Any, Callable, Dict, List

import pytest
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
    """Seconds count from NOW; other keys with `__` for the dots are attributes."""
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
    """Per event id the first issue's path of the 207's errors."""
    return {one["id"]: json.loads(one["error"])[0]["path"] for one in result.body["errors"]}


# Ingestion


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


# OTLP


def test_a_span_sent_again_is_two_rows_until_the_merge(langfuse: Start) -> None:
    server = langfuse("v4-events_only")
    export(server, span("t", "s", end=1, langfuse__observation__output="old"))
    export(server, span("t", "s", end=9, langfuse__observation__output="new"))
    found = rows(server, traceId="t", fields="core,io")
    assert [row["output"] for row in found] == ["new", "new"]
    assert len({row["endTime"] for row in found}) == 2
    assert server.accepted_count("s") == 2
    server.merge()
    (row,) = rows(server, traceId="t")
    assert row["endTime"] == "2026-03-01T10:00:09.000Z"
    export(server, span("t", "s", start=1, end=2))  # another start is another row for good
    server.merge()
    assert len(server.rows()) == 2


@pytest.mark.parametrize("kind", ["v3", "v4-legacy"])
def test_a_span_sent_again_overwrites_the_legacy_record(
    langfuse: Start,
    kind: str,
) -> None:
    server = langfuse(kind)
    export(server, span("T-1", "s", langfuse__observation__output="old"))
    export(server, span("T-1", "s", langfuse__observation__output="new"))
    trace = Client(server)("GET", "/api/public/traces/T-1").body
    assert [(one["id"], one["output"]) for one in trace["observations"]] == [("s", "new")]
    assert Client(server)("GET", "/api/public/traces/t-1").status == 404  # ids are kept verbatim
    assert server.accepted_count("s") == 2


@pytest.mark.parametrize("kind", OTLP_KINDS)
def test_one_malformed_span_loses_the_whole_request(langfuse: Start, kind: str) -> None:
    server = langfuse(kind)
    bad = span("t", "bad")
    del bad["traceId"]
    result = export(server, span("t", "good"), bad)
    assert result.status == (200 if kind == "v3" else 400)
    if kind != "v3":
        assert "1 of 2 span(s) cannot be processed (traceId:absent)" in result.body["error"]
    assert not server.observations()
    assert server.accepted_count("good") == 0


@pytest.mark.parametrize("kind", OTLP_KINDS)
def test_compressed_and_empty_exports(langfuse: Start, kind: str) -> None:
    server = langfuse(kind)
    assert export(server, span("t", "s"), compress=True).status == 200
    assert list(server.observations()) == ["s"]
    assert [one["spanId"] for one in spans_in(server)] == ["s"]
    client = Client(server)
    assert client("POST", OTLP, {}, headers=VERSION_4).body == {}
    broken = client("POST", OTLP, b"{", headers=VERSION_4)
    assert (broken.status, broken.body["error"]) == (400, "Failed to parse OTel JSON Trace")


def spans_in(server: LangfuseServer) -> List[Dict[str, Any]]:
    return server.requests[0].body["resourceSpans"][0]["scopeSpans"][0]["spans"]


def test_without_the_version_header_a_dual_server_shows_spans_late(
    langfuse: Start,
) -> None:
    server = langfuse("v4-dual")
    export(server, span("t", "late"), headers={"Content-Type": "application/json"})
    export(server, span("t", "now"))
    assert [row["id"] for row in rows(server, traceId="t")] == ["now"]
    trace = Client(server)("GET", "/api/public/traces/t").body
    assert sorted(one["id"] for one in trace["observations"]) == ["late", "now"]
    server.propagate()
    assert sorted(row["id"] for row in rows(server, traceId="t")) == ["late", "now"]


def test_legacy_writes_appear_in_the_rows_of_a_dual_server(langfuse: Start) -> None:
    server = langfuse("v4-dual")
    ingest(
        server,
        event("1", "trace-create", id="t", name="trace", userId="john", input={"q": 1}),
        event("2", "span-create", id="s", traceId="t", name="span"),
        event("3", "span-create", id="c", traceId="t", parentObservationId="s"),
    )
    assert rows(server, traceId="t") == []
    server.propagate()
    found = {row["id"]: row for row in rows(server, traceId="t", fields="core,basic,io")}
    assert sorted(found) == ["c", "s", "t-t"]
    root = found["t-t"]
    assert (root["type"], root["endTime"], root["isRootObservation"]) == ("SPAN", None, True)
    assert (root["name"], root["userId"], root["input"]) == ("trace", "john", '{"q":1}')
    assert found["s"]["parentObservationId"] == "t-t" and found["s"]["userId"] == "john"
    assert found["c"]["parentObservationId"] == "s"


# Reading


def test_writes_become_readable_after_a_while(langfuse: Start) -> None:
    server = langfuse("v3", visible_after=0.15)
    ingest(server, event("1", "trace-create", id="t"))
    get = Client(server)
    assert get("GET", "/api/public/traces/t").status == 404
    assert list(server.traces()) == ["t"]
    server.wait_until(lambda: get("GET", "/api/public/traces/t").status == 200)
    ingest(server, event("2", "trace-create", id="u"))
    assert get("GET", "/api/public/traces/u").status == 404
    server.show_all()
    assert get("GET", "/api/public/traces/u").status == 200


def test_a_2x_server_writes_at_once(langfuse: Start) -> None:
    server = langfuse("v2", visible_after=60)
    ingest(server, event("1", "trace-create", id="t"))
    assert Client(server)("GET", "/api/public/traces/t").status == 200


@pytest.mark.parametrize("kind", LEGACY_KINDS)
def test_trace_pages_filters_and_order(langfuse: Start, kind: str) -> None:
    server = langfuse(kind)
    ingest(
        server,
        *[
            event(
                str(number),
                "trace-create",
                id="t%d" % number,
                timestamp="2026-03-01T10:00:%02d.000Z" % number,
                name="even" if number % 2 == 0 else "odd",
                userId="user%d" % (number % 3),
                sessionId="s%d" % (number % 2),
                tags=["all", "tag%d" % number],
            )
            for number in range(7)
        ],
    )
    client = Client(server)

    def ids(**query: Any) -> List[str]:
        result = client("GET", "/api/public/traces", query=query)
        assert result.status == 200, result.body
        return [one["id"] for one in result.body["data"]]

    assert ids() == ["t6", "t5", "t4", "t3", "t2", "t1", "t0"]
    assert ids(orderBy="timestamp.asc", limit=2, page=2) == ["t2", "t3"]
    assert ids(limit=3, page=3) == ["t0"] and ids(limit=3, page=4) == []
    assert ids(name="odd", userId="user0") == ["t3"]
    assert ids(sessionId="s1") == ["t5", "t3", "t1"]
    assert ids(tags="tag4") == ["t4"]
    window = {"fromTimestamp": "2026-03-01T10:00:02Z", "toTimestamp": "2026-03-01T10:00:04Z"}
    assert ids(**window) == ["t3", "t2"]
    meta = client("GET", "/api/public/traces", query={"limit": 3}).body["meta"]
    assert meta == {"page": 1, "limit": 3, "totalItems": 7, "totalPages": 3}
    for query in ({"limit": 101}, {"page": 0}, {"limit": "x"}, {"fromTimestamp": "today"}):
        refused = client("GET", "/api/public/traces", query=query)
        assert (refused.status, refused.body["error"][0]["path"]) == (400, list(query))
    sessions = client("GET", "/api/public/sessions").body["data"]
    assert sorted(one["id"] for one in sessions) == ["s0", "s1"]
    assert client("GET", "/api/public/sessions/nope").status == 404


@pytest.mark.parametrize("kind", ROW_KINDS)
def test_row_pages_follow_the_cursor(langfuse: Start, kind: str) -> None:
    server = langfuse(kind)
    export(server, *[span("t", "s%02d" % number, start=number // 2) for number in range(11)])
    client = Client(server)
    found: List[str] = []
    query: Dict[str, Any] = {"traceId": "t", "limit": 4}
    for _ in range(3):
        page = client("GET", ROWS, query=query).body
        found += [row["id"] for row in page["data"]]
        query["cursor"] = page["meta"].get("cursor")
    assert query["cursor"] is None
    assert found == sorted(found, reverse=True) and len(found) == 11
    assert client("GET", ROWS, query={"limit": 1001}).status == 400
    assert client("GET", ROWS, query={"cursor": "?"}).status == 400
    assert client("GET", ROWS, query={"parseIoAsJson": "true"}).status == 400


@pytest.mark.parametrize("kind", ROW_KINDS)
def test_row_filters_and_field_groups(langfuse: Start, kind: str) -> None:
    server = langfuse(kind)
    named = {"langfuse__environment": "dev", "session__id": "s1", "user__id": "john"}
    export(
        server,
        span("t", "root", 0, 9, langfuse__observation__metadata__long="x" * 300, **named),
        span("t", "call", 1, 2, parentSpanId="root", langfuse__observation__type="tool"),
        span("u", "other", 5, 6, **named),
    )

    def ids(**query: Any) -> List[str]:
        return [row["id"] for row in rows(server, **query)]

    assert ids() == ["other", "call", "root"]
    assert ids(traceId="t") == ["call", "root"]
    assert ids(sessionId="s1", environment="dev", userId="john") == ["other", "root"]
    assert ids(type="TOOL") == ["call"] and ids(name="root") == ["root"]
    assert ids(parentObservationId="root") == ["call"]
    assert ids(parentObservationId="") == ["other", "root"] == ids(isRootObservation="true")
    assert ids(isRootObservation="false") == ["call"]
    assert ids(fromStartTime="2026-03-01T10:00:01Z", toStartTime="2026-03-01T10:00:05Z") == ["call"]
    one = [{"type": "string", "column": "id", "operator": "=", "value": "root"}]
    assert ids(filter=json.dumps(one), traceId="u") == ["root"]  # it replaces the parameters
    some = [{"type": "stringOptions", "column": "traceId", "operator": "any of", "value": ["u"]}]
    assert ids(filter=json.dumps(some)) == ["other"]
    time = {"type": "datetime", "column": "startTime", "operator": "<", "value": LATER}
    empty = {"type": "null", "column": "sessionId", "operator": "is null", "value": ""}
    assert ids(filter=json.dumps([time, empty])) == ["call"]
    bad = Client(server)("GET", ROWS, query={"filter": '[{"column": "id"}]'})
    assert bad.status == 400
    (row,) = rows(server, name="root", fields="core")
    assert "name" not in row and "input" not in row
    (row,) = rows(server, name="root", fields="metadata")
    assert row["metadata"]["long"] == "x" * 200
    (row,) = rows(server, name="root", fields="metadata", expandMetadata="long")
    assert row["metadata"]["long"] == "x" * 300


@pytest.mark.parametrize("kind", OTLP_KINDS)
def test_deleted_traces_are_gone(langfuse: Start, kind: str) -> None:
    server = langfuse(kind)
    export(server, span("t", "a"), span("u", "b"), span("w", "c"))
    ingest(server, event("1", "score-create", id="x", traceId="t", name="n", value=1))
    client = Client(server)
    assert client("DELETE", "/api/public/traces/t").status == 200
    deleted = client("DELETE", "/api/public/traces", {"traceIds": ["u"]})
    assert deleted.status == 200 and "message" in deleted.body
    assert client("DELETE", "/api/public/traces", {"traceIds": []}).status == 400
    assert list(server.traces()) == ["w"] and list(server.observations()) == ["c"]
    assert not server.scores()


# Scores


@pytest.mark.parametrize("kind", OTLP_KINDS)
def test_scores_on_newer_servers(langfuse: Start, kind: str) -> None:
    server = langfuse(kind)
    client = Client(server)
    bodies: List[Dict[str, Any]] = [
        {"id": "a", "traceId": "t", "name": "n", "value": 0.5},
        {"id": "b", "traceId": "t", "observationId": "o", "name": "n", "value": "good"},
        {"id": "c", "sessionId": "s", "name": "ok", "value": 1, "dataType": "BOOLEAN"},
    ]
    assert [client("POST", "/api/public/scores", body).status for body in bodies] == [200] * 3
    for wrong in (
        {"name": "n", "value": 1},
        {"traceId": "t", "name": "n", "value": True},
        {"traceId": "t", "name": "n", "value": 2, "dataType": "BOOLEAN"},
        {"traceId": "t", "name": "n", "value": "1", "dataType": "NUMERIC"},
        {"traceId": "t", "name": "n", "value": 1, "dataType": "STARS"},
        {"sessionId": "s", "observationId": "o", "name": "n", "value": 1},
    ):
        assert client("POST", "/api/public/scores", wrong).status == 400, wrong
    listed = client("GET", "/api/public/v3/scores", query={"fields": "subject", "limit": 2}).body
    assert [(one["id"], one["value"]) for one in listed["data"]] == [("c", True), ("b", "good")]
    assert listed["data"][1]["subject"] == {"kind": "observation", "id": "o", "traceId": "t"}
    query = {"limit": 2, "cursor": listed["meta"]["cursor"]}
    rest = client("GET", "/api/public/v3/scores", query=query).body
    assert [one["id"] for one in rest["data"]] == ["a"] and "cursor" not in rest["meta"]
    assert server.accepted_count("a") == 1
    assert client("DELETE", "/api/public/scores/a").status == 202
    assert sorted(server.scores()) == ["b", "c"]


# The server as a whole


def test_a_prefix_belongs_to_every_path(langfuse: Start) -> None:
    server = langfuse("v3", prefix="/langfuse/")
    assert server.url.endswith("/langfuse")
    assert Client(server)("GET", "/api/public/health").status == 200
    bare = Client(server)
    bare.prefix = ""
    assert bare("GET", "/api/public/health").status == 404
    assert server.requests[0].path == "/api/public/health"


def test_keys_and_project_are_its_own(langfuse: Start) -> None:
    server = langfuse("v3", public_key="pk", secret_key="sk", project_id="p", project_name="P")
    (project,) = Client(server)("GET", "/api/public/projects").body["data"]
    assert (project["id"], project["name"]) == ("p", "P")


def test_resources_that_are_not_played_say_so(langfuse: Start) -> None:
    result = Client(langfuse("v3"))("GET", "/api/public/models/name")
    assert result.status == 501


def test_many_clients_at_once(langfuse: Start) -> None:
    server = langfuse("v3")

    def work(number: int) -> None:
        client = Client(server)
        for one in range(20):
            name = "%d-%d" % (number, one)
            client("POST", INGESTION, {"batch": [event("e" + name, "trace-create", id=name)]})

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.traces()) == 160 == len(server.requests)
    assert {server.accepted_count(trace_id) for trace_id in server.traces()} == {1}
    assert {request.status for request in server.requests} == {207}


def test_it_runs_in_a_process_of_its_own() -> None:
    folder = str(pathlib.Path(__file__).parent)
    command = [sys.executable, "-m", "langfuse_server", "v3"]
    process = subprocess.Popen(
        command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, universal_newlines=True
    )
    url = process.stdout.readline().strip()
    with urllib.request.urlopen(url + "/api/public/health") as answer:
        assert json.loads(answer.read().decode("utf-8"))["version"] == KINDS["v3"].version
    process.communicate()
    assert process.returncode == 0
