"""The commands ``coaia fuse sessions create``, ``addnode`` and ``view``, and their file."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from langfuse_server import KINDS
from reading import (
    EVERY,
    SPANS,
    forget_what_was_written,
    known,
    moment,
)

from coaiapy.config.settings import Settings
from coaiapy.errors import ExitCode, StateError, UsageError
from coaiapy.langfuse.read.filters import SessionFilter
from coaiapy.langfuse.records.records import trace_from
from coaiapy.langfuse.traces import reads as trace_reads
from coaiapy.langfuse.traces import sessions, traces
from coaiapy.util.packages import require

WHERE = sorted(KINDS) + ["local"]
SESSION = "4e2b1c1a-2a46-4f53-9d0c-1f3b9a0c7a11"
BROKEN = ["", "- a\n", "some words", "a: [1", "nodes: []\n", "session_id: s\nnodes: {a: 1}\n"]
BROKEN += ["session_id: s\nnodes: [x]\n", "session_id: s\nnodes: [{name: x}]\n"]
BROKEN += ["session_id: [1]\n", "session_id: true\n", "session_id: \x07"]


@pytest.mark.parametrize("where", WHERE)
def test_a_session_is_made_and_viewed(run, use, project, where):
    use(where)
    result = run("fuse", "sessions", "create", SESSION, "john", "-n", "Zoë's session")
    assert (result.code, result.out) == (0, SESSION + "\n"), result.err
    for number in (1, 2):
        words = [SESSION, "t{}".format(number), "john", "-n", "step {}".format(number)]
        assert run("fuse", "sessions", "addnode", *words).code == 0
    path = project / "session.yml"
    nodes = [{"trace_id": "t1", "name": "step 1"}, {"trace_id": "t2", "name": "step 2"}]
    wanted = {"session_id": SESSION, "nodes": nodes}
    assert require("yaml").safe_load(path.read_text(encoding="utf-8")) == wanted
    view = run("fuse", "sessions", "view")
    assert view.code == 0 and "2 traces" in view.err and SESSION in view.err
    assert [line.split(None, 1) for line in view.out.splitlines()[-2:]] == [
        ["t1", "step 1"],
        ["t2", "step 2"],
    ]
    assert json.loads(run("fuse", "sessions", "view", "--json").out) == wanted
    session = json.loads(run("fuse", "sessions", "get", SESSION, "--json").out)
    names = {trace["name"] for trace in session["traces"]}
    assert names == {"Zoë's session", "step 1", "step 2"}
    assert {trace["userId"] for trace in session["traces"]} == {"john"}


@pytest.mark.parametrize("text", BROKEN)
@pytest.mark.parametrize("words", [("create", "s", "u"), ("addnode", "s", "t", "u"), ("view",)])
def test_a_broken_or_foreign_file_is_named_and_left_alone(run, project, text, words):
    path = project / "notes.yml"
    path.write_bytes(text.encode())
    result = run("fuse", "sessions", *(words + ("-f", "notes.yml")))
    assert (result.code, result.out) == (ExitCode.STATE, "")
    assert result.err.count("\n") == 1 and "notes.yml" in result.err
    assert path.read_bytes() == text.encode()
    assert json.loads(run("fuse", "traces", "list", "--json").out) == []


def test_the_file_of_another_session_is_left_alone(run, project):
    run("fuse", "sessions", "create", "one", "john")
    before = (project / "session.yml").read_bytes()
    result = run("fuse", "sessions", "create", "two", "john")
    assert (result.code, result.out) == (ExitCode.USAGE, "")
    assert "'one'" in result.err and "'two'" in result.err
    assert (project / "session.yml").read_bytes() == before
    assert run("fuse", "sessions", "create", "two", "john", "-f", "two.yml").code == 0


def test_the_same_again_changes_nothing_and_a_new_name_is_taken(run, project):
    for _ in range(2):
        run("fuse", "sessions", "create", "one", "john")
        run("fuse", "sessions", "addnode", "one", "t1", "john")
    run("fuse", "sessions", "addnode", "one", "t1", "john", "-n", "renamed")
    run("fuse", "sessions", "addnode", "one", "t1", "john")
    assert sessions.read("session.yml")["nodes"] == [{"trace_id": "t1", "name": "renamed"}]


def test_what_else_a_file_says_is_kept(run, project):
    text = "session_id: one\ntitle: Zoë\nnodes:\n- {trace_id: 12, name: a, note: b}\n"
    (project / "session.yml").write_text(text, encoding="utf-8")
    assert run("fuse", "sessions", "addnode", "one", "t1", "john").code == 0
    found = sessions.read("session.yml")
    assert found["title"] == "Zoë"
    assert found["nodes"][0] == {"trace_id": "12", "name": "a", "note": "b"}
    assert [node["trace_id"] for node in found["nodes"]] == ["12", "t1"]


def test_an_id_that_looks_like_a_date_is_text(run, project):
    (project / "session.yml").write_text("session_id: 2020-01-01\n")
    assert run("fuse", "sessions", "addnode", "2020-01-01", "t1", "john").code == 0
    assert sessions.read("session.yml")["session_id"] == "2020-01-01"


def test_no_file_and_no_folder_are_said(run):
    result = run("fuse", "sessions", "view")
    assert (result.code, result.out) == (ExitCode.STATE, "") and "session.yml" in result.err
    result = run("fuse", "sessions", "create", "s", "u", "-f", "no/where.yml")
    assert (result.code, result.out) == (ExitCode.STATE, "") and "no/where.yml" in result.err
    assert json.loads(run("fuse", "traces", "list", "--json").out) == []


def test_a_server_that_is_down_costs_nothing(run, use, project):
    server = use("v3")
    server.stop_listening()
    result = run("fuse", "sessions", "create", "one", "john", "--timeout", "1")
    assert result.code == 0 and "outbox" in result.err
    assert sessions.read("session.yml") == {"session_id": "one", "nodes": []}
    server.start_listening()
    assert run("fuse", "outbox", "flush").code == 0
    server.wait_until(lambda: "one" in server.traces())


@pytest.mark.parametrize("kind", ["v3", "v4-events_only"])
def test_a_refused_key_is_said_and_the_trace_is_kept(run, use, monkeypatch, kind):
    use(kind)
    monkeypatch.setenv("LANGFUSE_SECRET_KEY", "wrong")
    result = run("fuse", "sessions", "create", "one", "john")
    assert result.code == ExitCode.CONFIG
    assert "outbox" in result.err


def test_nodes_that_are_added_at_once_all_stay(project):
    def add(number):
        sessions.add_node(Settings(), "session.yml", "one", "t{}".format(number), "john")

    with ThreadPoolExecutor(8) as several:
        list(several.map(add, range(8)))  # raises what any of them has raised
    found = sessions.read("session.yml")["nodes"]
    assert sorted(node["trace_id"] for node in found) == sorted("t%d" % one for one in range(8))


def test_the_functions_say_what_is_wrong(project):
    with pytest.raises(StateError):
        sessions.read("none.yml")
    with pytest.raises(UsageError):
        sessions.write("none.yml", {"nodes": []})
    assert not (project / "none.yml").exists()
    (project / "bytes.yml").write_bytes(b"\xff\xfe")
    with pytest.raises(StateError):
        sessions.read("bytes.yml")


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
