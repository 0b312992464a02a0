"""Traces as scripts read and write them, without a server."""

import pytest
from reading import (
    EVERY,
    forget_what_was_written,
    known,
    moment,
    write_many,
)

from coaiapy.config.settings import Settings
from coaiapy.errors import NetworkError, NotFoundError, UsageError
from coaiapy.langfuse.read.filters import ORDERS, TraceFilter
from coaiapy.langfuse.records.records import observation_from, trace_from
from coaiapy.langfuse.traces import reads as trace_reads
from coaiapy.langfuse.traces import traces

LOCAL = Settings()


def start(second):
    return "2026-01-31T12:00:0{}.000Z".format(second)


@pytest.fixture
def three():
    """Three traces that differ in everything that can be filtered by."""
    for number, name in enumerate("abc"):
        traces.create(
            LOCAL,
            trace_from(
                {
                    "id": name,
                    "timestamp": start(number),
                    "name": "run " + name,
                    "user_id": "user " + name,
                    "session_id": "s" if name < "c" else None,
                    "tags": ["all", name],
                    "environment": "env-" + name,
                }
            ),
        )


@pytest.mark.parametrize(
    "wanted, found",
    [
        (TraceFilter(), "cba"),
        (TraceFilter(order=ORDERS[1]), "abc"),
        (TraceFilter(user_id="user a"), "a"),
        (TraceFilter(session_id="s"), "ba"),
        (TraceFilter(name="run c"), "c"),
        (TraceFilter(name="run"), ""),
        (TraceFilter(tags=("all",)), "cba"),
        (TraceFilter(tags=("all", "b")), "b"),
        (TraceFilter(environment="env-b"), "b"),
        (TraceFilter(from_time=start(1)), "cb"),
        (TraceFilter(to_time=start(1)), "a"),
        (TraceFilter(from_time=start(1), to_time=start(2)), "b"),
    ],
)
def test_each_filter_narrows_the_list(three, wanted, found):
    assert "".join(trace["id"] for trace in trace_reads.list_traces(LOCAL, wanted)) == found
    first = trace_reads.list_traces(LOCAL, wanted, 1)
    assert [trace["id"] for trace in first] == list(found[:1])


def test_a_session_holds_its_traces_from_the_first_on(three):
    traces.add_observation(LOCAL, observation_from({"id": "o"}, "b"))
    session = trace_reads.get_session(LOCAL, "s")
    assert [trace["id"] for trace in session["traces"]] == ["a", "b"]
    assert [one["id"] for one in session["traces"][1]["observations"]] == ["o"]
    assert [one["id"] for one in trace_reads.list_sessions(LOCAL)] == ["s"]


@pytest.mark.parametrize("output", [0, False, "", [], {}, "text", {"a": [1]}])
def test_patching_sets_the_output_and_nothing_else(three, output):
    before = trace_reads.get_trace(LOCAL, "a")
    traces.patch_output(LOCAL, "a", output)
    assert trace_reads.get_trace(LOCAL, "a") == dict(before, output=output)


def test_a_trace_known_by_its_observations_alone_can_be_patched():
    traces.add_observation(LOCAL, observation_from({"id": "o", "start_time": start(3)}, "t"))
    traces.patch_output(LOCAL, "t", 1)
    trace = trace_reads.get_trace(LOCAL, "t")
    assert (trace["output"], trace["timestamp"]) == (1, start(3))
    assert [one["id"] for one in trace["observations"]] == ["o"]


def test_what_is_not_there_is_not_found(three):
    for missing in (
        lambda: trace_reads.get_trace(LOCAL, "x"),
        lambda: trace_reads.get_observation(LOCAL, "x"),
        lambda: trace_reads.get_session(LOCAL, "x"),
        lambda: traces.patch_output(LOCAL, "x", 1),
        lambda: traces.delete(LOCAL, ["a", "x"]),
    ):
        with pytest.raises(NotFoundError, match="'x'"):
            missing()
    assert trace_reads.get_trace(LOCAL, "a")


def test_deleting_takes_all_of_a_trace(three):
    traces.add_observation(LOCAL, observation_from({"id": "o"}, "a"))
    traces.delete(LOCAL, ["a", "b"])
    assert [trace["id"] for trace in trace_reads.list_traces(LOCAL)] == ["c"]
    with pytest.raises(NotFoundError):
        trace_reads.get_observation(LOCAL, "o")


def test_an_observation_of_several_traces_is_not_guessed():
    for trace_id in ("t1", "t2"):
        traces.add_observation(LOCAL, observation_from({"id": "o"}, trace_id))
    with pytest.raises(UsageError, match="t1, t2"):
        trace_reads.get_observation(LOCAL, "o")


def test_swapped_ids_are_refused_only_where_the_journal_can_tell(three):
    with pytest.raises(UsageError, match="these look swapped"):
        traces.add_observation(LOCAL, observation_from({"id": "a"}, "new"))
    traces.add_observation(LOCAL, observation_from({"id": "new"}, "unknown"))
    traces.add_observation(LOCAL, observation_from({"id": "a"}, "b"))
    assert trace_reads.get_trace(LOCAL, "b")["observations"][0]["id"] == "a"


def test_an_observation_goes_by_the_form_that_its_trace_was_written_with():
    uuid = "0189f7ea-6f6a-7c3e-8a39-0a6d3c1f2b4d"
    traces.create(LOCAL, trace_from({"id": uuid}))
    traces.add_observation(LOCAL, observation_from({"id": "o"}, uuid.replace("-", "").upper()))
    assert trace_reads.get_observation(LOCAL, "o")["traceId"] == uuid
    assert len(trace_reads.list_traces(LOCAL)) == 1


@pytest.mark.parametrize("kind", EVERY)
def test_a_change_is_not_written_into_another_trace_than_the_one_asked_for(use, kind):
    server = use(kind)
    write_many(1)
    for route, answer in (("/traces/", "id"), ("v2/observations", "traceId")):
        server.fail("changed", times=None, path=route, change=with_id(answer))
    before = len(server.requests)
    with pytest.raises(NetworkError, match="nothing was changed"):
        traces.patch_output(known(), "t000", "done")
    assert {request.method for request in server.requests[before:]} == {"GET"}


def with_id(name):
    """What gives every row of an answer another id under ``name``."""

    def change(body):
        rows = body["data"] if "data" in body else [body]
        for row in rows:
            row[name] = "ab" * 16
        return body

    return change


@pytest.mark.parametrize("kind", EVERY)
def test_the_output_of_a_trace_that_was_made_elsewhere_is_set(use, kind):
    use(kind)
    given = {"id": "t", "timestamp": moment(0), "name": "n", "input": "i", "metadata": {"k": "1"}}
    traces.submit(known(), [trace_from(given), observation_from({"id": "o"}, "t")])
    forget_what_was_written()
    traces.patch_output(known(), "t", {"rows": 3})
    forget_what_was_written()
    found = trace_reads.get_trace(known(), "t")
    assert [one["id"] for one in found["observations"]] == ["o"]
    assert {name: found[name] for name in given} == given
    assert found["output"] == {"rows": 3}


@pytest.mark.parametrize("kind", EVERY)
def test_metadata_of_what_was_made_elsewhere_is_merged(use, kind):
    use(kind)
    given = {"id": "t", "timestamp": moment(0), "metadata": {"k": "1", "l": "1"}}
    step = observation_from({"id": "o", "metadata": {"m": "1", "n": "1"}}, "t")
    traces.submit(known(), [trace_from(given), step])
    forget_what_was_written()
    traces.patch_trace(known(), "t", {"metadata": {"l": "2"}})
    traces.patch_observation(known(), "t", "o", {"metadata": {"n": "2"}})
    forget_what_was_written()
    found = trace_reads.get_trace(known(), "t")
    assert found["metadata"] == {"k": "1", "l": "2"}
    assert found["observations"][0]["metadata"] == {"m": "1", "n": "2"}
