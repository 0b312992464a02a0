"""Reading from a v4 server: what its spans say of a trace, and how much is asked at once."""

import json

import pytest
from langfuse_server.client import Client
from reading import (
    SPANS,
    asked,
    forget_what_was_written,
    known,
    moment,
    send_spans,
    span,
    write_many,
)

from coaiapy.langfuse.read.filters import ObservationFilter, TraceFilter
from coaiapy.langfuse.read.v4 import reader, spans
from coaiapy.langfuse.records import ids
from coaiapy.langfuse.records.records import observation_from, trace_from
from coaiapy.langfuse.traces import reads as trace_reads
from coaiapy.langfuse.traces import traces


@pytest.mark.parametrize("kind", SPANS)
def test_a_span_that_was_sent_twice_is_one_that_ended_last(use, kind):
    server = use(kind)
    trace_id = "ab" * 16
    root = span(trace_id, "aa" * 8, attributes={"langfuse.observation.output": "first"})
    again = span(trace_id, "aa" * 8, end=1769860809)
    again["attributes"] = [
        {"key": "langfuse.observation.output", "value": {"stringValue": "second"}}
    ]
    for one in (root, again, root):
        send_spans(server, one)
    server_rows = [row for row in server.rows() if row["traceId"] == trace_id]
    assert len(server_rows) == 3
    found = trace_reads.get_trace(known(), trace_id)
    assert [one["endTime"] for one in found["observations"]] == ["2026-01-31T12:00:09.000Z"]
    page = trace_reads.list_observations(known(), ObservationFilter(), limit=5)
    assert [one["id"] for one in page.rows] == ["aa" * 8]
    assert [trace["id"] for trace in trace_reads.list_traces(known())] == [trace_id]


@pytest.mark.parametrize("kind", SPANS)
def test_what_our_trace_says_last_is_what_counts(use, kind):
    use(kind)
    first = {"id": "t", "timestamp": moment(0), "name": "old"}
    traces.submit(known(), [trace_from(first)])
    traces.submit(known(), [trace_from(dict(first, name="new", tags=["x"]))])
    traces.patch_output(known(), "t", "done")
    forget_what_was_written()
    for found in (trace_reads.get_trace(known(), "t"), trace_reads.list_traces(known())[0]):
        assert (found["name"], found["output"], found["tags"]) == ("new", "done", ["x"])


@pytest.mark.parametrize("kind", SPANS)
def test_several_roots_of_another_client_are_one_trace(use, kind):
    server = use(kind)
    trace_id = "cd" * 16
    early = span(trace_id, "01" * 8, name="early root")
    early["attributes"] = [{"key": "session.id", "value": {"stringValue": "s9"}}]
    child = span(trace_id, "02" * 8, start=1769860801, parentSpanId="01" * 8)
    late = span(trace_id, "03" * 8, start=1769860900, name="late root")
    send_spans(server, early, child, late)
    for limit in (None, 1, 5):
        listed = trace_reads.list_traces(known(), limit=limit)
        assert [(one["id"], one["name"], one["timestamp"]) for one in listed] == [
            (trace_id, "early root", "2026-01-31T12:00:00.000Z")
        ]
    found = trace_reads.get_trace(known(), trace_id)
    assert [one["id"] for one in found["observations"]] == ["01" * 8, "02" * 8, "03" * 8]
    assert found["observations"][1]["parentObservationId"] == "01" * 8
    # A span of a session brings the whole trace into it, those without the session included.
    session = trace_reads.get_session(known(), "s9")
    assert [len(one["observations"]) for one in session["traces"]] == [3]


def test_spans_without_a_root_are_shown_with_what_they_say_of_their_trace(use):
    server = use("v4-events_only")
    child = span("ef" * 16, "02" * 8, parentSpanId="99" * 8)
    child["attributes"] = [{"key": "langfuse.trace.name", "value": {"stringValue": "far away"}}]
    send_spans(server, child)
    found = trace_reads.get_trace(known(), "ef" * 16)
    assert (found["name"], found["timestamp"]) == ("far away", "2026-01-31T12:00:00.000Z")
    assert [one["parentObservationId"] for one in found["observations"]] == ["99" * 8]


def test_the_root_that_a_dual_server_makes_of_an_event_is_the_trace(use):
    server = use("v4-dual")
    body = {"id": "legacy", "timestamp": moment(0), "name": "from events", "input": {"q": 1}}
    step = {"id": "step", "traceId": "legacy", "startTime": moment(1), "name": "step"}
    batch = [
        {"id": "e1", "type": "trace-create", "timestamp": moment(0), "body": body},
        {"id": "e2", "type": "span-create", "timestamp": moment(1), "body": step},
    ]
    Client(server)("POST", "/api/public/ingestion", {"batch": batch})
    server.propagate()
    found = trace_reads.get_trace(known(), "legacy")
    assert (found["id"], found["name"], found["input"]) == ("legacy", "from events", {"q": 1})
    assert [(one["id"], one.get("parentObservationId")) for one in found["observations"]] == [
        ("step", None)
    ]
    assert [trace["name"] for trace in trace_reads.list_traces(known())] == ["from events"]


@pytest.mark.parametrize("kind", SPANS)
def test_long_metadata_comes_back_whole(use, kind):
    use(kind)
    given = {"text": "x" * 5000, "list": ["y" * 300], "short": 1, "uni": "ü" * 150}
    traces.submit(known(), [trace_from({"id": "t", "timestamp": moment(0), "metadata": given})])
    forget_what_was_written()
    assert trace_reads.get_trace(known(), "t")["metadata"] == given
    assert trace_reads.list_traces(known())[0]["metadata"] == given


@pytest.mark.parametrize("kind", SPANS)
def test_a_traces_metadata_is_not_its_observations(use, kind):
    use(kind)
    trace = trace_from({"id": "t", "timestamp": moment(0), "metadata": {"a": 1, "b": 1}})
    step = observation_from({"id": "o", "start_time": moment(1), "metadata": {"b": 1}}, "t")
    traces.submit(known(), [trace, step])
    traces.submit(known(), [trace_from({"id": "t", "metadata": {"a": 2}})])
    forget_what_was_written()
    found = trace_reads.get_trace(known(), "t")
    assert found["metadata"] == {"a": 2, "b": 1}
    assert found["observations"][0]["metadata"] == {"b": 1}
    assert trace_reads.get_observation(known(), "o")["metadata"] == {"b": 1}


@pytest.mark.parametrize("kind", SPANS)
def test_scores_of_a_trace_are_read_with_it(use, kind):
    server = use(kind)
    traces.submit(known(), [trace_from({"id": "t", "timestamp": moment(0)})])
    forget_what_was_written()
    score = {"id": "s", "name": "ok", "value": 1, "dataType": "BOOLEAN"}
    score["traceId"] = ids.span_trace_id("t")
    assert Client(server)("POST", "/api/public/scores", score).status == 200
    for found in (
        trace_reads.get_trace(known(), "t"),
        trace_reads.list_traces(known(), with_observations=True)[0],
    ):
        assert [(one["name"], one["value"]) for one in found["scores"]] == [("ok", True)]


@pytest.mark.parametrize("kind", SPANS)
def test_what_a_span_says_of_its_ids_counts_only_where_it_fits(use, kind):
    server = use(kind)
    root = span("ab" * 16, "01" * 8, parentSpanId="")
    for name in ("id", "trace_id", "parent_id"):
        key = "langfuse.observation.metadata.coaia_" + name
        root["attributes"].append({"key": key, "value": {"stringValue": "another"}})
    send_spans(server, root)
    found = trace_reads.get_trace(known(), "ab" * 16)
    assert found["id"] == "ab" * 16
    assert [(one["id"], one["traceId"]) for one in found["observations"]] == [("01" * 8, "ab" * 16)]


@pytest.mark.parametrize("kind", SPANS)
def test_an_observation_repeats_of_its_trace_what_the_trace_said(use, kind):
    """The span of the trace itself may be late, or lost."""
    server = use(kind)
    given = {"id": "t", "timestamp": moment(0), "name": "n", "user_id": "u", "metadata": {"k": 1}}
    step = observation_from({"id": "o", "name": "step", "metadata": {"x": 1}, "input": 1}, "t")
    traces.submit(known(), [trace_from(given), step])
    forget_what_was_written()
    with server.store.lock:
        rows = server.store.tables().rows
        rows[:] = [row for row in rows if not row["id"] == ids.root_span_id("t")]
    found = trace_reads.get_trace(known(), "t")
    assert {name: found.get(name) for name in ("name", "userId", "metadata", "input")} == {
        "name": "n",
        "userId": "u",
        "metadata": {"k": 1},
        "input": None,
    }
    assert found["observations"][0]["metadata"] == {"x": 1}


@pytest.mark.parametrize("kind", SPANS)
@pytest.mark.parametrize("limit", [1, 2, 5])
def test_a_page_that_ends_between_two_rows_of_a_span_shows_the_newer(use, kind, limit, monkeypatch):
    use(kind)
    monkeypatch.setattr(reader, "FIRST_PAGE", limit)
    for module in (reader, spans):
        monkeypatch.setattr(module, "PAGE_SIZE", limit + 3)
    for name in ("old", "new"):
        for number in range(6):
            given = {"id": "t%d" % number, "timestamp": moment(number), "name": name}
            step = {"id": "o%d" % number, "start_time": moment(number), "name": name}
            step.update(type="SPAN", end_time=moment(20 if name == "old" else 30))
            traces.submit(known(), [trace_from(given), observation_from(step, "t%d" % number)])
    forget_what_was_written()
    every = ["t5", "t4", "t3", "t2", "t1", "t0"]
    for wanted in (TraceFilter(), TraceFilter(name="new")):
        for most in (None, limit):
            listed = trace_reads.list_traces(known(), wanted, most)
            assert [(one["id"], one["name"]) for one in listed] == [
                (trace_id, "new") for trace_id in every[:most]
            ]
    assert trace_reads.list_traces(known(), TraceFilter(name="old"), limit) == []
    listed, cursor = [], None
    while True:
        page = trace_reads.list_observations(known(), ObservationFilter(), limit, cursor)
        listed += page.rows
        assert len(page.rows) == limit or not page.cursor
        cursor = page.cursor
        if not cursor:
            break
    assert [(one["traceId"], one["name"]) for one in listed] == [(one, "new") for one in every]


@pytest.mark.parametrize("kind", SPANS)
def test_a_trace_of_many_roots_costs_few_requests(use, kind):
    server = use(kind)
    steps = [observation_from({"start_time": moment(100 + i)}, "bulk") for i in range(2000)]
    early = trace_from({"id": "early", "timestamp": moment(1), "name": "early"})
    traces.submit(known(), [early])
    traces.submit(known(), steps)
    forget_what_was_written()
    server.forget_requests()
    listed = trace_reads.list_traces(known(), limit=1)
    assert listed == [{"id": "bulk", "timestamp": moment(100)}]
    assert [one["id"] for one in trace_reads.list_traces(known(), limit=2)] == ["bulk", "early"]
    assert len(asked(server, spans.ROWS)) < 25


@pytest.mark.parametrize("kind", SPANS)
def test_observations_behind_many_traces_cost_few_requests(use, kind):
    server = use(kind)
    step = {"id": "o", "start_time": "2026-01-31T11:00:00Z"}
    traces.submit(known(), [observation_from(step, "t000")])
    write_many(400)
    server.forget_requests()
    page = trace_reads.list_observations(known(), ObservationFilter(), limit=1)
    assert ([one["id"] for one in page.rows], page.cursor) == (["o"], None)
    assert len(asked(server, spans.ROWS)) < 12


@pytest.mark.parametrize("kind", SPANS)
def test_a_name_is_looked_for_by_the_server(use, kind):
    server = use(kind)
    write_many(30)
    foreign = span("ab" * 16, "01" * 8, name="t007", start=1769860900)
    send_spans(server, foreign)
    trace_reads.list_traces(known())
    server.forget_requests()
    found = trace_reads.list_traces(known(), TraceFilter(name="t007"), 5)
    assert [one["id"] for one in found] == ["ab" * 16, "t007"]
    for request in asked(server, spans.ROWS):
        columns = {one["column"] for one in json.loads(request.first("filter"))}
        assert columns & {"name", "traceName", "traceId"}
