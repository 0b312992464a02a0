"""``coaia fuse traces delete``: only those that there are, with a question, on every server kind."""

import io

import pytest
from reading import EVERY, forget_what_was_written
from terminal import Terminal

from coaiapy.cli.parser import Context
from coaiapy.coaiacli import main
from coaiapy.errors import ExitCode

DELETING = [kind for kind in EVERY if kind != "v2"]  # which cannot delete traces


def deletions(server):
    return [request for request in server.requests if request.method == "DELETE"]


@pytest.mark.parametrize("kind", EVERY)
def test_an_unknown_trace_is_not_deleted_and_neither_are_the_others(use, run, kind):
    server = use(kind)
    assert run("fuse", "traces", "create", "mine").code == 0
    result = run("fuse", "traces", "delete", "mine", "nothing", "--yes")
    assert (result.code, result.out) == (ExitCode.FAILED, "")
    assert result.err == "coaia: no trace 'nothing' to delete\n"
    assert deletions(server) == []
    assert run("fuse", "traces", "trace-view", "mine").code == 0


@pytest.mark.parametrize("kind", EVERY)
def test_a_trace_that_is_only_here_is_deleted_here(use, run, kind):
    server = use(kind)
    assert run("fuse", "traces").code == 0
    server.fail("500", None, method="POST")
    assert run("fuse", "traces", "create", "mine", "--timeout", "0.5").code == 0
    server.heal()
    result = run("fuse", "traces", "delete", "mine", "--yes")
    assert (result.code, result.err) == (0, "deleted mine\n")
    assert deletions(server) == []
    assert run("fuse", "outbox", "flush").code == 0
    assert run("fuse", "traces", "trace-view", "mine").code == ExitCode.FAILED


@pytest.mark.parametrize("kind", DELETING)
def test_traces_of_another_machine_are_deleted_on_the_server(use, run, kind):
    server = use(kind)
    for name in ("a", "b"):
        assert run("fuse", "traces", "create", name).code == 0
    forget_what_was_written()
    result = run("fuse", "traces", "delete", "a", "b", "--yes")
    assert (result.code, result.err) == (
        0,
        "the server is deleting a, b; this can take a while\n",
    )
    assert server.traces() == {}


@pytest.mark.parametrize("kind", DELETING)
def test_a_trace_that_was_sent_a_moment_ago_is_deleted_on_the_server(use, run, kind):
    server = use(kind, visible_after=1000)
    assert run("fuse", "traces", "create", "a").code == 0
    assert "the server is deleting a" in run("fuse", "traces", "delete", "a", "--yes").err
    assert len(deletions(server)) == 1


@pytest.mark.parametrize("kind", ["local", "v4-events_only"])
def test_who_is_asked_sees_the_whole_id(use, run, kind):
    use(kind)
    run("fuse", "traces", "create", "run-1234")
    out, err = io.StringIO(), io.StringIO()
    code = main(["fuse", "traces", "delete", "run-1"], Context(Terminal("y\n"), out, err))
    assert code == 0 and "delete run-1234 with all" in err.getvalue()
    assert run("fuse", "traces", "trace-view", "run-1234").code == ExitCode.FAILED
    unknown = run("fuse", "traces", "delete", "run-1")
    assert (unknown.code, unknown.err) == (1, "coaia: no trace 'run-1' to delete\n")
