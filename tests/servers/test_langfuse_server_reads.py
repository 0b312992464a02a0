"""Rules of reading that no single recorded exchange shows."""

import json
from typing import Any, Dict, List

import pytest
from langfuse_server.client import Client
from server_talk import (
    LATER,
    LEGACY_KINDS,
    OTLP_KINDS,
    ROW_KINDS,
    ROWS,
    Start,
    event,
    export,
    ingest,
    rows,
    span,
)

pytestmark = pytest.mark.once


def test_writes_become_readable_after_a_while(langfuse: Start) -> None:
    soon, late = langfuse("v3", visible_after=0.1), langfuse("v3", visible_after=1000)
    for server in (soon, late):
        ingest(server, event("1", "trace-create", id="t"))
        assert list(server.traces()) == ["t"]
    get, get_late = Client(soon), Client(late)
    soon.wait_until(lambda: get("GET", "/api/public/traces/t").status == 200)
    assert get_late("GET", "/api/public/traces/t").status == 404
    late.show_all()
    assert get_late("GET", "/api/public/traces/t").status == 200


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
