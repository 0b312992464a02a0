"""What was just written is shown although the server does not show it yet, and is marked so."""

import json

import pytest

from coaiapy import patience
from coaiapy.config import settings
from coaiapy.errors import ExitCode
from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.journal.destinations import destination_of
from coaiapy.langfuse.read import pending
from coaiapy.langfuse.records.records import score_from
from coaiapy.langfuse.traces import reads as trace_reads
from coaiapy.langfuse.traces import traces

SLOW = ["v3", "v4-legacy", "v4-dual", "v4-events_only"]  # v2 shows what is written at once
EVERY = ["v2"] + SLOW


def write(run, *more):
    result = run("fuse", "traces", "create", "t", "-n", "run", "-s", "s1", *more)
    assert result.code == 0, result.err
    result = run("fuse", "traces", "add-observation", "o", "t", "-ts", "-n", "Load", *more)
    assert result.code == 0, result.err


def view(run, *words):
    result = run("fuse", "traces", *words)
    assert result.code == 0, result.err
    return result.out


@pytest.mark.parametrize("kind", SLOW)
def test_what_the_server_does_not_show_yet_is_marked_everywhere(run, use, kind):
    server = use(kind, visible_after=1000)
    write(run)
    mark = "(not shown by the server yet)"
    assert view(run, "trace-view", "t").count(mark) == 2
    assert view(run, "session-view", "s1").count(mark) == 2
    assert mark in view(run, "list")
    assert json.loads(view(run, "get-observation", "o", "--json"))["unconfirmed"] == "sent"
    rows = json.loads(view(run, "list-observations", "--json"))
    assert [(row["id"], row["unconfirmed"]) for row in rows] == [("o", "sent")]
    whole = json.loads(view(run, "list", "--include-observations", "--json"))
    assert [one["unconfirmed"] for one in whole[0]["observations"]] == ["sent"]
    sessions = json.loads(run("fuse", "sessions", "list", "--json").out)
    assert [(one["id"], one["unconfirmed"]) for one in sessions] == [("s1", "sent")]
    server.show_all()
    for words in (("tv", "t"), ("sv", "s1"), ("list",), ("get-obs", "o"), ("list-obs",)):
        assert "not shown" not in view(run, *words)
        assert "unconfirmed" not in view(run, *words)
    assert "unconfirmed" not in run("fuse", "sessions", "list", "--json").out


def test_what_the_server_has_not_shown_for_long_was_deleted_there(run, use):
    use("v3", visible_after=1000)
    write(run)
    assert "run" in view(run, "list")
    with Journal() as journal, journal.transaction() as db:
        db.execute("UPDATE records SET sent_at = sent_at - 1000")
    assert json.loads(view(run, "list", "--json")) == []
    assert run("fuse", "traces", "tv", "t").code == 1


def test_a_root_that_is_late_lends_its_name_from_the_journal(run, use):
    server = use("v4-events_only", visible_after=1000)
    run("fuse", "traces", "create", "t", "-n", "run", "-i", "in", "--timestamp", "2026-01-01")
    run("fuse", "traces", "add-observation", "o", "t", "-ts", "-n", "Load")
    with server.store.lock:
        # The observation is shown before its trace.
        _, (method, arguments) = server.store.waiting.pop()
        getattr(server.store.visible, method)(*arguments)
    found = json.loads(view(run, "tv", "t", "--json"))
    assert (found["name"], found["input"]) == ("run", "in")
    assert found["timestamp"].startswith("202")
    assert [one.get("unconfirmed") for one in found["observations"]] == [None]


@pytest.mark.parametrize("kind", EVERY)
def test_a_server_out_of_reach_does_not_hide_what_was_written(run, use, kind, monkeypatch):
    server = use(kind)
    write(run)
    server.stop_listening()
    run("fuse", "traces", "add-observation", "o2", "t", "-n", "Late", "--timeout", "0.2")
    for words in (("tv", "t"), ("sv", "s1"), ("get-obs", "o")):
        result = run("fuse", "traces", *words)
        assert result.code == 0, result.err
        assert "Load" in result.out
        assert "connection refused" in result.err
        assert len(result.err.splitlines()) == 1
    assert "Late  (not sent yet)" in view(run, "tv", "t")
    monkeypatch.setattr(patience, "FIRST_PAUSE", 100)  # no second try before the deadline
    monkeypatch.setattr(patience, "LONGEST_PAUSE", 100)
    for words in (("fuse", "traces", "tv", "unknown"), ("fuse", "traces", "--name", "unknown")):
        result = run(*words)
        assert (result.code, result.out) == (ExitCode.NETWORK, "")


@pytest.mark.parametrize("kind", EVERY)
def test_a_server_out_of_reach_leaves_lists_what_was_written(run, use, kind):
    server = use(kind)
    write(run)
    run("fuse", "scores", "create", "good", "-v", "1", "--trace-id", "t", "-n", "good")
    server.stop_listening()
    for words in (
        "traces",
        "traces list-obs",
        "traces stats",
        "traces stats --compare-to yesterday",  # where nothing was written before
        "sessions list",
        "scores list",
        "scores get good",
    ):
        result = run("fuse", *words.split())
        assert result.code == 0 and result.out, result
        assert "; this is what this machine has written" in result.err
    (scored,) = json.loads(run("fuse", "scores", "list", "--json").out)
    assert scored["name"] == "good"


@pytest.mark.parametrize("kind", EVERY)
def test_a_change_that_waits_is_what_is_shown(run, use, kind):
    server = use(kind)
    write(run)
    server.fail("500", times=None, method="POST")
    run("fuse", "traces", "patch-output", "t", "changed", "--timeout", "0.2")
    found = json.loads(view(run, "tv", "t", "--json"))
    assert (found["output"], found["unconfirmed"]) == ("changed", "waiting")
    assert [one["name"] for one in found["observations"]] == ["Load"]


@pytest.mark.parametrize("kind", ["v2", "v3", "v4-legacy"])
def test_what_was_refused_says_so(run, use, kind):
    server = use(kind)
    run("fuse", "traces", "create", "t")
    server.fail("half refused", times=None)
    lines = ['{"id": "o1", "name": "first"}', '{"id": "o2", "name": "second"}']
    result = run("fuse", "traces", "add-observations", "t", stdin="\n".join(lines))
    assert result.code == ExitCode.REFUSED
    assert "second  (refused by the server)" in view(run, "tv", "t")


def test_another_projects_records_are_not_this_ones(run, use, monkeypatch):
    use("v3", visible_after=1000)
    write(run)
    use("v3", visible_after=1000)
    assert run("fuse", "traces", "tv", "t").code == ExitCode.FAILED
    assert "t" not in [trace["id"] for trace in json.loads(view(run, "list", "--json"))]


def test_scores_on_their_way_belong_to_the_trace(run, use):
    use("v4-dual", visible_after=1000)
    write(run)
    known = settings.load()
    traces.submit(known, [score_from({"name": "ok", "value": 1, "trace_id": "t"})])
    found = trace_reads.get_trace(known, "t")
    assert [(one["name"], one["unconfirmed"]) for one in found["scores"]] == [("ok", "sent")]
    with Journal() as journal:
        lone = [r for r in pending.records(journal, destination_of(journal, known), kind="score")]
    assert pending.added_to_trace(None, lone) is None


def test_the_limit_of_a_listing_holds_with_what_was_added(run, use):
    server = use("v3", visible_after=1000)
    for number in range(3):
        words = ["--timestamp", "2026-01-0{}".format(number + 1)]
        run("fuse", "traces", "create", "t{}".format(number), *words)
        if number == 1:
            server.show_all()
    listed = json.loads(view(run, "list", "--limit", "2", "--json"))
    assert [trace["id"] for trace in listed] == ["t2", "t1"]
    listed = json.loads(view(run, "list", "--limit", "2", "--json", "--order", "timestamp.asc"))
    assert [trace["id"] for trace in listed] == ["t0", "t1"]
