"""Reading from every kind of server: what others wrote, pages, limits, wrong memories."""

import json
import os

import pytest
from langfuse_server.client import Client

from coaiapy import (
    ids,
    langfuse_generation,
    reader_v4,
    server_pages,
    settings,
    trace_reads,
    traces,
)
from coaiapy.errors import UsageError
from coaiapy.journal import Journal
from coaiapy.langfuse_generation import Server
from coaiapy.records import observation_from, trace_from
from coaiapy.trace_filter import ObservationFilter, SessionFilter, TraceFilter

LEGACY = ["v2", "v3", "v4-legacy"]
SPANS = ["v4-dual", "v4-events_only"]
EVERY = LEGACY + SPANS
DASHED = "11c5e2a0-7f59-4d6c-9b0e-0a1b2c3d4e5f"


def known():
    return settings.load()


def moment(second):
    return "2026-01-31T12:{:02d}:{:02d}.000Z".format(*divmod(second, 60))


def write_many(count, **fields):
    """Write so many traces, a second apart, by this machine; return their ids, oldest first."""
    names = ["t{:03d}".format(number) for number in range(count)]
    made = [
        trace_from(dict(fields, id=name, timestamp=moment(number), name=name))
        for number, name in enumerate(names)
    ]
    assert not traces.submit(known(), made).waiting
    forget_what_was_written()
    return names


def forget_what_was_written():
    """From here on this machine knows no more than any other."""
    from coaiapy.journal import journal_path

    for name in (journal_path(), journal_path() + "-wal", journal_path() + "-shm"):
        if os.path.exists(name):
            os.remove(name)


def span(trace_id, span_id, **fields):
    """An OTLP span as another client sends it."""
    attributes = [
        {"key": key, "value": {"stringValue": text}}
        for key, text in fields.pop("attributes", {}).items()
    ]
    start = fields.pop("start", 1769860800)
    end = fields.pop("end", start)
    body = {"traceId": trace_id, "spanId": span_id, "name": "span", "kind": 1, "status": {}}
    body.update(startTimeUnixNano="%d000000000" % start, endTimeUnixNano="%d000000000" % end)
    return dict(body, attributes=attributes, **fields)


def send_spans(server, *spans, **headers):
    scope = {"scope": {"name": "another client"}, "spans": list(spans)}
    body = {"resourceSpans": [{"resource": {"attributes": []}, "scopeSpans": [scope]}]}
    given = {"x-langfuse-ingestion-version": "4"} if headers.get("at_once", True) else {}
    answer = Client(server)("POST", "/api/public/otel/v1/traces", body, headers=given)
    assert answer.status == 200


def asked(server, path):
    return [request for request in server.requests if request.path.startswith(path)]


@pytest.mark.parametrize("kind", EVERY)
def test_every_page_is_fetched_when_all_are_asked_for(use, kind, monkeypatch):
    use(kind)
    monkeypatch.setattr(server_pages, "MOST_ROWS", 7)
    monkeypatch.setattr(reader_v4, "PAGE_SIZE", 7)
    names = write_many(20)
    assert [trace["id"] for trace in trace_reads.list_traces(known())] == names[::-1]
    oldest_first = TraceFilter(order="timestamp.asc")
    assert [trace["id"] for trace in trace_reads.list_traces(known(), oldest_first)] == names
    assert [trace["id"] for trace in trace_reads.list_traces(known(), oldest_first, 3)] == names[:3]
    assert [trace["id"] for trace in trace_reads.list_traces(known(), limit=9)] == names[:-10:-1]


@pytest.mark.parametrize("kind", EVERY)
def test_a_short_listing_asks_for_a_short_page(use, kind):
    server = use(kind)
    write_many(5)
    server.forget_requests()
    trace_reads.list_traces(known(), limit=2)
    listings = [request for request in server.requests if request.first("limit") == "2"]
    assert len(listings) == 1


@pytest.mark.parametrize("kind", EVERY)
def test_every_condition_counts(use, kind):
    use(kind)
    common = {"user_id": "u", "session_id": "s", "name": "n", "tags": ["a", "b"]}
    common["environment"] = "dev"
    made = [trace_from(dict(common, id="right", timestamp=moment(10)))]
    others = {"user_id": "x", "session_id": "x", "name": "x", "tags": ["a"], "environment": "x"}
    for name, other in others.items():
        made.append(trace_from(dict(common, id=name, timestamp=moment(10), **{name: other})))
    made.append(trace_from(dict(common, id="early", timestamp=moment(9))))
    made.append(trace_from(dict(common, id="late", timestamp=moment(11))))
    traces.submit(known(), made)
    forget_what_was_written()
    wanted = TraceFilter("u", "s", "n", ("a", "b"), "dev", from_time=moment(10), to_time=moment(11))
    assert [trace["id"] for trace in trace_reads.list_traces(known(), wanted)] == ["right"]
    for field in ("user_id", "session_id", "name", "environment"):
        every = [
            trace["id"]
            for trace in trace_reads.list_traces(known(), wanted._replace(**{field: None}))
        ]
        assert sorted(every) == sorted(["right", field])
    without_tags = trace_reads.list_traces(known(), wanted._replace(tags=()))
    assert sorted(trace["id"] for trace in without_tags) == ["right", "tags"]


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
def test_a_rate_limit_is_waited_for(use, kind):
    server = use(kind)
    write_many(3)
    server.fail("429", times=1, retry_after=1)
    assert len(trace_reads.list_traces(known())) == 3
    server.fail("429", times=1, retry_after=0, shape="text", after=2)
    assert len(trace_reads.list_traces(known())) == 3


@pytest.mark.parametrize(
    "kind, remembered",
    [
        ("v2", Server("4.16.0", "v4-events_only")),
        ("v3", Server("4.16.0", "v4-dual")),
        ("v4-legacy", Server("4.16.0", "v4-dual")),
        ("v4-events_only", Server("3.225.4", "v3")),
    ],
)
def test_a_wrong_memory_of_the_server_is_put_right(use, kind, remembered):
    server = use(kind)
    write_many(1)
    with Journal() as journal:
        langfuse_generation.remember(journal, server.url, remembered)
    assert len(trace_reads.list_traces(known())) == 1
    with Journal() as journal:
        assert langfuse_generation.recall(journal, server.url).mode == kind


@pytest.mark.parametrize("kind", EVERY)
def test_sessions_begin_with_their_first_trace_and_come_latest_first(use, kind):
    use(kind)
    made = [("a", "s1", 0), ("b", "s1", 50), ("c", "s2", 10), ("d", None, 60)]
    traces.submit(
        known(),
        [
            trace_from({"id": name, "session_id": session, "timestamp": moment(second)})
            for name, session, second in made
        ],
    )
    forget_what_was_written()
    found = trace_reads.list_sessions(known())
    assert {one["id"] for one in found} == {"s1", "s2"}
    assert len(trace_reads.list_sessions(known(), limit=1)) == 1
    if kind in SPANS:  # the others tell when the session's row was made
        moments = {
            one["id"]: one["createdAt"] for one in trace_reads.list_sessions(known(), limit=2)
        }
        assert moments == {"s1": moment(0), "s2": moment(10)}
    session = trace_reads.get_session(known(), "s1")
    assert [trace["id"] for trace in session["traces"]] == ["a", "b"]
    assert session["createdAt"] == moment(0)


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


def test_ids_too_many_for_one_address_are_asked_for_in_parts():
    values = ["x" * 100] * 100 + ["y" * 5000]
    parts = list(reader_v4._in_addresses(values))
    assert [value for part in parts for value in part] == values
    assert len(parts) == 4
    assert all(len(json.dumps(part)) < 5100 for part in parts)


@pytest.mark.parametrize("kind", EVERY)
def test_sessions_of_one_environment(use, kind):
    use(kind)
    for name in ("dev", "prod"):
        fields = {"id": name, "session_id": "s-" + name, "environment": name}
        traces.submit(known(), [trace_from(fields)])
    forget_what_was_written()
    assert [one["id"] for one in trace_reads.list_sessions(known(), SessionFilter("dev"))] == [
        "s-dev"
    ]


@pytest.mark.parametrize("kind", EVERY)
def test_sessions_that_began_in_time(use, kind):
    use(kind)
    for name, second in (("old", 0), ("new", 30), ("old", 40)):
        node = {"id": name + str(second), "session_id": name, "timestamp": moment(second)}
        traces.submit(known(), [trace_from(node)])
    forget_what_was_written()
    every = {one["id"]: one["createdAt"] for one in trace_reads.list_sessions(known())}
    edge = max(every.values())
    for wanted, ids_found in (
        (SessionFilter(from_time=edge), ["new"]),
        (SessionFilter(to_time=edge), ["old"]),
        (SessionFilter(from_time=edge, to_time=edge), []),
    ):
        assert [one["id"] for one in trace_reads.list_sessions(known(), wanted, 5)] == ids_found


@pytest.mark.parametrize("kind", SPANS)
def test_a_page_that_is_too_heavy_is_asked_for_in_halves(use, kind):
    server = use(kind)
    names = write_many(3)
    trace_reads.list_traces(known())
    server.forget_requests()
    server.fail("422", times=2, path="v2/observations")
    assert [trace["id"] for trace in trace_reads.list_traces(known())] == names[::-1]
    limits = [request.first("limit") for request in asked(server, reader_v4.ROWS)]
    assert limits == ["500", "250", "125"]


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
