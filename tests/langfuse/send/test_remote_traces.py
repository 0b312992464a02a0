"""Writing to traces that another machine has made: nothing of them is lost, on any server."""

import pytest
from reading import EVERY, SPANS, asked, forget_what_was_written, known, moment, send_spans, span

from coaiapy import patience
from coaiapy.langfuse.journal import outbox
from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.read.filters import SessionFilter, TraceFilter
from coaiapy.langfuse.read.v4 import spans
from coaiapy.langfuse.records.records import observation_from, trace_from
from coaiapy.langfuse.traces import reads as trace_reads
from coaiapy.langfuse.traces import sessions, traces

GIVEN = {
    "id": "t",
    "timestamp": moment(0),
    "name": "n",
    "userId": "u",
    "sessionId": "s1",
    "input": {"q": 1},
    "output": "123",
    "metadata": {"k": "1"},
    "tags": ["a"],
    "environment": "prod",
    "version": "7",
    "public": True,
}


def made_elsewhere(*steps, **changes):
    given = dict(GIVEN, **changes)
    made = [trace_from(given)] + [observation_from(dict(step), "t") for step in steps]
    assert not traces.submit(known(), made).waiting
    forget_what_was_written()
    return given


def shown(trace_id="t"):
    forget_what_was_written()
    return trace_reads.get_trace(known(), trace_id)


@pytest.mark.parametrize("kind", EVERY)
def test_a_trace_that_another_machine_has_made_keeps_what_it_had(use, run, kind):
    server = use(kind)
    given = made_elsewhere({"id": "o"})
    result = run("fuse", "traces", "create", "t", "--tag", "b", "-m", '{"l": 2}')
    assert (result.code, result.out) == (0, "t\n"), result
    if kind in SPANS:
        server.merge()
    expected = dict(given, tags=["a", "b"], metadata={"k": "1", "l": 2})
    found = shown()
    assert {name: found.get(name) for name in expected} == expected
    assert [one["id"] for one in found["observations"]] == ["o"]


def test_a_moment_that_a_server_writes_in_another_form_is_stored_as_all_are(use, run):
    server = use("v3")
    given = made_elsewhere()
    other = given["timestamp"].replace(".000Z", "+00:00")
    server.fail(
        "changed",
        None,
        path="/traces/",
        method="GET",
        change=lambda body: dict(body, timestamp=other),
    )
    assert run("fuse", "traces", "create", "t", "--tag", "b").code == 0
    with Journal() as journal:
        stored = [row["time"] for row in journal.rows("SELECT time FROM records")]
    assert stored == [given["timestamp"]]


def test_a_trace_that_says_the_same_is_sent_once(use, run):
    server = use("v3")
    made_elsewhere(public=None, environment=None)
    server.forget_requests()
    result = run("fuse", "traces", "create", "t", "--timestamp", GIVEN["timestamp"])
    assert result.code == 0
    with Journal() as journal:
        revisions = [row["revision"] for row in journal.rows("SELECT revision FROM records")]
    assert revisions == [1]


@pytest.mark.parametrize("kind", EVERY + ["local"])
def test_tags_are_united_everywhere(use, run, kind):
    use(kind)
    for tag in ("a", "b", "a"):
        assert run("fuse", "traces", "create", "t", "--tag", tag).code == 0
    assert sorted(trace_reads.get_trace(known(), "t")["tags"]) == ["a", "b"]
    if kind != "local":
        assert sorted(shown()["tags"]) == ["a", "b"]


@pytest.mark.parametrize("kind", EVERY)
def test_a_trace_is_moved_to_another_session_from_another_machine(use, run, kind):
    server = use(kind)
    given = made_elsewhere({"id": "o"})
    result = run("fuse", "sessions", "addnode", "s2", "t", "u", "-n", "n")
    assert result.code == 0, result
    assert ("keep their session" in result.err) == (kind in SPANS)
    if kind in SPANS:
        server.merge()
    found = shown()
    assert {name: found[name] for name in ("sessionId", "input", "output", "tags")} == {
        "sessionId": "s2",
        "input": given["input"],
        "output": given["output"],
        "tags": ["a"],
    }
    forget_what_was_written()
    assert [one["id"] for one in trace_reads.get_session(known(), "s2")["traces"]] == ["t"]
    assert run("fuse", "sessions", "get", "s1").code == 1
    assert trace_reads.list_traces(known(), TraceFilter(session_id="s1")) == []
    listed = trace_reads.list_traces(known(), TraceFilter(session_id="s2"))
    assert [one["id"] for one in listed] == ["t"]
    assert [one["id"] for one in trace_reads.list_sessions(known(), SessionFilter())][:1] == ["s2"]


@pytest.mark.parametrize("kind", EVERY)
def test_a_session_does_not_rename_a_trace_unless_told_to(use, run, project, kind):
    use(kind)
    made_elsewhere()
    for words in (["create", "t", "u"], ["addnode", "s2", "t", "u", "-f", "two.yml"]):
        assert run("fuse", "sessions", *words).code == 0
        assert trace_reads.get_trace(known(), "t")["name"] == "n"
        forget_what_was_written()
        assert trace_reads.get_trace(known(), "t")["name"] == "n"
    assert sessions.read("two.yml")["nodes"] == [{"trace_id": "t", "name": "n"}]
    assert run("fuse", "sessions", "addnode", "s2", "new", "u", "-f", "two.yml").code == 0
    assert trace_reads.get_trace(known(), "new")["name"] == "Child Node"


@pytest.mark.parametrize("kind", SPANS)
def test_an_observation_repeats_its_trace_that_another_machine_has_made(
    use, run, kind, monkeypatch
):
    server = use(kind)
    given = made_elsewhere()
    monkeypatch.setenv("LANGFUSE_TRACING_ENVIRONMENT", "dev")
    server.forget_requests()
    for name in ("o1", "o2"):
        result = run("fuse", "traces", "add-observation", name, "t", "-n", name)
        assert result.code == 0 and "not known here" not in result.err, result
    reads = [one for one in asked(server, spans.ROWS) if one.first("filter")]
    assert len(reads) == 1  # the trace is remembered
    rows = [row for row in server.rows() if row["name"] in ("o1", "o2")]
    assert len(rows) == 2
    for row in rows:
        assert row["traceName"] == given["name"]
        assert [row["userId"], row["sessionId"], row["tags"]] == ["u", "s1", ["a"]]
        assert [row["environment"], row["version"], row["public"]] == ["prod", "7", True]
        assert row["parentObservationId"] is not None
    assert run("fuse", "traces", "list", "--json").code == 0
    assert [one["id"] for one in shown()["observations"]] == ["o1", "o2"]


@pytest.mark.parametrize("kind", SPANS)
def test_an_observation_of_a_trace_of_another_program_is_no_orphan(use, run, kind):
    server = use(kind)
    trace_id = "ab" * 16
    attributes = {"langfuse.trace.name": "theirs", "session.id": "s", "user.id": "u"}
    send_spans(server, span(trace_id, "01" * 8, name="root", attributes=attributes))
    assert run("fuse", "traces", "add-observation", "o", trace_id).code == 0
    (row,) = [row for row in server.rows() if row["id"] != "01" * 8]
    assert [row["traceName"], row["sessionId"], row["userId"]] == ["theirs", "s", "u"]
    assert row["parentObservationId"] is None
    assert shown(trace_id)["name"] == "theirs"


@pytest.mark.parametrize("kind", SPANS)
def test_it_is_said_what_a_trace_of_another_program_does_not_keep(use, run, kind):
    server = use(kind)
    trace_id = "ab" * 16
    attributes = {"langfuse.trace.name": "theirs", "session.id": "s"}
    attributes["langfuse.observation.input"] = '{"q": 1}'
    send_spans(server, span(trace_id, "01" * 8, name="root", attributes=attributes))
    result = run("fuse", "traces", "create", trace_id, "--tag", "b")
    assert "was written by another program" in result.err
    found = shown(trace_id)
    assert [found["name"], found["sessionId"], found["input"]] == ["theirs", "s", {"q": 1}]
    assert found["tags"] == ["b"]


@pytest.mark.parametrize("kind", EVERY)
def test_what_was_written_without_a_server_is_merged_when_it_is_there(use, run, kind):
    server = use(kind)
    given = made_elsewhere({"id": "o"})
    server.fail("refuse")
    result = run("fuse", "traces", "create", "t", "--tag", "b", "--timeout", "1")
    assert result.code == 0, result
    server.heal()
    assert run("fuse", "outbox", "flush").code == 0
    if kind in SPANS:
        server.merge()
    found = shown()
    assert {name: found[name] for name in ("name", "userId", "sessionId", "input", "output")} == {
        name: given[name] for name in ("name", "userId", "sessionId", "input", "output")
    }
    assert found["timestamp"] == given["timestamp"]
    assert sorted(found["tags"]) == ["a", "b"]


def test_a_flush_has_its_time_for_reading_too_though_the_server_was_away(use, run, monkeypatch):
    server = use("v3")
    made_elsewhere()
    server.fail("500", times=None)
    for tag in ("b", "c"):
        run("fuse", "traces", "create", "t", "--tag", tag, "--timeout", "0.3")
    for name in ("BRIEF", "BRIEF_REST"):
        monkeypatch.setattr(patience, name, 0.0001)
    server.heal()
    assert "1 record sent" in run("fuse", "outbox", "flush").err
    assert shown()["tags"] == ["a", "b", "c"]


@pytest.mark.parametrize("kind", SPANS)
def test_nothing_is_sent_over_a_trace_that_cannot_be_read(use, run, kind):
    server = use(kind)
    made_elsewhere()
    server.fail("500", None, path=spans.ROWS)
    rows = len(server.rows())
    result = run("fuse", "traces", "create", "t", "--tag", "b", "--timeout", "1")
    assert result.code == 0 and len(server.rows()) == rows, result
    with Journal() as journal:
        assert outbox.count_waiting(journal) == 1
    server.heal()
    assert run("fuse", "outbox", "flush").code == 0
    assert shown()["name"] == GIVEN["name"]


@pytest.mark.parametrize("kind", SPANS)
def test_a_new_trace_costs_no_read(use, run, kind):
    server = use(kind)
    assert run("fuse", "traces", "create", "-n", "new").code == 0
    assert run("pipeline", "create", "simple-trace", "--var", "trace_name=x").code == 0
    assert asked(server, spans.ROWS) == [] or kind == "v4-dual"
    with_id = run("fuse", "traces", "create", "mine", "-n", "new")
    assert with_id.code == 0 and with_id.err == ""
    again = len(asked(server, spans.ROWS))
    assert run("fuse", "traces", "create", "mine", "--tag", "b").code == 0
    assert len(asked(server, spans.ROWS)) == again


@pytest.mark.parametrize("kind", SPANS)
def test_many_traces_are_read_together(use, kind):
    server = use(kind)
    many = [{"id": "t%d" % number, "name": "n%d" % number} for number in range(200)]
    traces.submit(known(), [trace_from(one) for one in many])
    forget_what_was_written()
    traces.submit(known(), [])
    server.forget_requests()
    traces.submit(known(), [trace_from({"id": one["id"], "tags": ["b"]}) for one in many])
    assert len(asked(server, spans.ROWS)) < 20
    server.merge()
    forget_what_was_written()
    found = trace_reads.list_traces(known())
    assert sorted((one["id"], one["name"]) for one in found) == sorted(
        (one["id"], one["name"]) for one in many
    )
    assert all(one["tags"] == ["b"] for one in found)
