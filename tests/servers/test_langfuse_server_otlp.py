"""Rules of OTLP that no single recorded exchange shows."""

from typing import Any, Dict, List

import pytest
from langfuse_server import LangfuseServer
from langfuse_server.client import Client
from server_talk import OTLP, OTLP_KINDS, VERSION_4, Start, event, export, ingest, rows, span

pytestmark = pytest.mark.once


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
