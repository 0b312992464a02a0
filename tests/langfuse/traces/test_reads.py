"""Traces, observations and sessions as they are read, whoever answers."""

import json

import pytest
from reading import (
    DASHED,
    EVERY,
    LEGACY,
    SPANS,
    asked,
    forget_what_was_written,
    known,
    moment,
    send_spans,
    span,
    write_many,
)

from coaiapy.config.settings import Settings
from coaiapy.errors import UsageError
from coaiapy.langfuse.client import pages
from coaiapy.langfuse.read.filters import ObservationFilter, TraceFilter
from coaiapy.langfuse.read.v4 import reader, spans
from coaiapy.langfuse.records.records import observation_from, trace_from
from coaiapy.langfuse.traces import reads as trace_reads
from coaiapy.langfuse.traces import traces

LOCAL = Settings()


@pytest.mark.parametrize("kind", EVERY)
def test_every_page_is_fetched_when_all_are_asked_for(use, kind, monkeypatch):
    use(kind)
    monkeypatch.setattr(pages, "MOST_ROWS", 7)
    for module in (reader, spans):
        monkeypatch.setattr(module, "PAGE_SIZE", 7)
    monkeypatch.setattr(reader, "FIRST_PAGE", 5)
    names = write_many(20)
    assert [trace["id"] for trace in trace_reads.list_traces(known())] == names[::-1]
    oldest_first = TraceFilter(order="timestamp.asc")
    assert [trace["id"] for trace in trace_reads.list_traces(known(), oldest_first)] == names
    assert [trace["id"] for trace in trace_reads.list_traces(known(), oldest_first, 3)] == names[:3]
    assert [trace["id"] for trace in trace_reads.list_traces(known(), limit=9)] == names[:-10:-1]


@pytest.mark.parametrize("kind", EVERY)
def test_a_short_listing_asks_for_little(use, kind):
    server = use(kind)
    write_many(5)
    trace_reads.list_traces(known())
    server.forget_requests()
    assert len(trace_reads.list_traces(known(), limit=2)) == 2
    if kind in LEGACY:
        assert [request.first("limit") for request in asked(server, "/api/public/traces")] == ["2"]
        return
    # First which traces there are, then those that are wanted with their contents.
    light, whole = asked(server, spans.ROWS)
    assert "io" not in light.first("fields")
    assert "t003" not in light.first("filter")
    assert len(json.loads(whole.first("filter"))[-1]["value"]) == 2


@pytest.mark.parametrize("kind", EVERY)
def test_listed_traces_come_whole_if_wished(use, kind):
    server = use(kind)
    made = []
    for name in ("one", "two", "three"):
        made.append(trace_from({"id": name, "timestamp": moment(0)}))
        made.append(observation_from({"id": name + "-o", "start_time": moment(1)}, name))
    traces.submit(known(), made)
    forget_what_was_written()
    server.forget_requests()
    found = trace_reads.list_traces(known(), with_observations=True)
    assert {trace["id"]: [one["id"] for one in trace["observations"]] for trace in found} == {
        name: [name + "-o"] for name in ("one", "two", "three")
    }
    if kind in SPANS:
        assert len(asked(server, "/api/public/v2/observations")) <= 3  # probe, listing, all spans


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize(
    "written, asked_for",
    [
        (DASHED, DASHED.replace("-", "")),
        (DASHED.replace("-", ""), DASHED),
        (DASHED.upper(), DASHED.upper()),
        ("free text / of ours", "free text / of ours"),
    ],
)
def test_ids_are_found_in_any_form(use, kind, written, asked_for):
    use(kind)
    step = observation_from({"id": "step 1/2", "start_time": moment(1)}, written)
    traces.submit(known(), [trace_from({"id": written, "timestamp": moment(0)}), step])
    forget_what_was_written()
    found = trace_reads.get_trace(known(), asked_for)
    assert [one["id"] for one in found["observations"]] == ["step 1/2"]
    assert trace_reads.get_observation(known(), "step 1/2")["traceId"] == found["id"]
    page = trace_reads.list_observations(known(), ObservationFilter(trace_id=asked_for))
    assert [one["id"] for one in page.rows] == ["step 1/2"]


@pytest.mark.parametrize("kind", SPANS)
def test_a_trace_stored_under_a_dashed_uuid_is_found(use, kind):
    server = use(kind)
    send_spans(server, span(DASHED, "aa" * 8, attributes={"langfuse.trace.name": "theirs"}))
    for form in (DASHED, DASHED.replace("-", "")):
        assert trace_reads.get_trace(known(), form)["name"] == "theirs"


@pytest.mark.parametrize("kind", EVERY)
def test_observations_are_listed_page_by_page(use, kind):
    use(kind)
    made = [trace_from({"id": "t", "timestamp": moment(0)})]
    for number in range(9):
        fields = {"id": "o%d" % number, "start_time": moment(number), "name": "n%d" % (number % 2)}
        fields["type"] = "AGENT" if number % 2 else "SPAN"
        made.append(observation_from(fields, "t"))
    traces.submit(known(), made)
    forget_what_was_written()
    seen, cursor = [], None
    while True:
        page = trace_reads.list_observations(known(), ObservationFilter(), 4, cursor)
        assert len(page.rows) <= 4
        seen += [one["id"] for one in page.rows]
        cursor = page.cursor
        if not cursor:
            break
    assert seen == ["o%d" % number for number in range(8, -1, -1)]
    agents = trace_reads.list_observations(known(), ObservationFilter("t", "n1", "AGENT"), 3)
    assert [one["id"] for one in agents.rows] == ["o7", "o5", "o3"]
    none = trace_reads.list_observations(known(), ObservationFilter("t", environment="prod"))
    assert none.rows == []


@pytest.mark.parametrize("kind", ["v2", "v3"])
def test_a_cursor_that_no_listing_gave_is_refused(use, kind):
    use(kind)
    with pytest.raises(UsageError):
        trace_reads.list_observations(known(), ObservationFilter(), cursor="x")


@pytest.mark.parametrize("kind", EVERY)
def test_a_trace_without_a_name_has_none(use, kind):
    use(kind)
    traces.submit(known(), [trace_from({"id": "t", "timestamp": moment(0)})])
    forget_what_was_written()
    assert trace_reads.get_trace(known(), "t") == {
        "id": "t",
        "timestamp": moment(0),
        "observations": [],
        "scores": [],
    }


@pytest.mark.parametrize("kind", EVERY + ["local"])
def test_an_observation_alone_makes_a_trace_that_says_nothing_of_itself(use, kind):
    use(kind)
    step = {"id": "o1", "name": "ob", "input": 1, "metadata": {"a": 1}, "version": "2"}
    traces.add_observation(known(), observation_from(dict(step, start_time=moment(3)), "t1"))
    assert trace_reads.list_traces(known()) == [{"id": "t1", "timestamp": moment(3)}]
    found = trace_reads.get_trace(known(), "t1")
    assert (found["id"], found["observations"][0]["id"]) == ("t1", "o1")


@pytest.mark.parametrize("kind", EVERY)
def test_an_observation_leaves_the_trace_that_others_made_as_it_is(use, kind):
    use(kind)
    given = {"id": "t", "timestamp": moment(5), "name": "n", "public": True, "tags": ["x"]}
    traces.submit(known(), [trace_from(given)])
    forget_what_was_written()
    traces.add_observation(known(), observation_from({"id": "o", "start_time": moment(1)}, "t"))
    forget_what_was_written()
    found = trace_reads.get_trace(known(), "t")
    assert {name: found[name] for name in given} == given
    assert [one["id"] for one in found["observations"]] == ["o"]


@pytest.mark.parametrize("kind", LEGACY)
def test_a_trace_begins_with_its_first_observation(use, kind):
    use(kind)
    steps = [observation_from({"start_time": moment(second)}, "t") for second in (5, 2, 7)]
    traces.submit(known(), steps)
    forget_what_was_written()
    assert trace_reads.list_traces(known()) == [{"id": "t", "timestamp": moment(2)}]


@pytest.mark.parametrize("kind", EVERY + ["local"])
def test_a_trace_that_is_observations_alone_gets_its_output(use, kind):
    server = use(kind)
    traces.add_observation(known(), observation_from({"id": "o1", "start_time": moment(3)}, "t1"))
    traces.patch_output(known(), "t1", "done")
    if server:
        forget_what_was_written()
    (listed,) = trace_reads.list_traces(known())
    assert listed == {"id": "t1", "timestamp": moment(3), "output": "done"}
    assert [one["id"] for one in trace_reads.get_trace(known(), "t1")["observations"]] == ["o1"]


def test_every_trace_is_listed_not_only_a_page():
    traces.submit(LOCAL, (trace_from({}) for _ in range(250)))
    assert len(trace_reads.list_traces(LOCAL)) == 250
