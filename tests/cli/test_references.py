"""latest, beginnings of ids and the active ids, wherever a command asks for a record."""

import argparse
import json

import pytest
from all_commands import REAL_COMMANDS
from langfuse_server import KINDS

from coaiapy import coaiacli
from coaiapy.cli.references import Reference
from coaiapy.langfuse import lookup


@pytest.fixture
def three(run):
    """Three traces of two sessions; the last is the latest."""
    for number, (name, session) in enumerate((("abc1", "s1"), ("abc2", "s1"), ("xyz", "s2"))):
        time = "2026-01-31T12:00:0{}Z".format(number)
        run("fuse", "traces", "create", name, "-s", session, "--timestamp", time)
        run("fuse", "traces", "add-observation", "o-" + name, name, "--start-time", time)


def seen(run, *words):
    result = run(*words + ("--json",))
    assert result.code == 0, result.err
    return json.loads(result.out)


@pytest.mark.parametrize(
    "command, given, expected",
    [
        ("trace-view", "latest", "xyz"),
        ("trace-view", "x", "xyz"),
        ("trace-view", "xy…", "xyz"),
        ("trace-view", "abc1...", "abc1"),
        ("trace-view", "abc1", "abc1"),
        ("session-view", "latest", "s2"),
        ("session-view", "s1", "s1"),
        ("get-observation", "latest", "o-xyz"),
        ("get-observation", "o-abc2…", "o-abc2"),
        ("get-observation", "o-x", "o-xyz"),
    ],
)
def test_a_record_can_be_named_by_its_beginning_or_as_the_latest(
    run, three, command, given, expected
):
    assert seen(run, "fuse", "traces", command, given)["id"] == expected


def test_a_beginning_of_several_is_an_error_that_names_them(run, three):
    for given in ("abc", "abc…"):
        result = run("fuse", "traces", "trace-view", given)
        assert (result.code, result.out) == (2, "")
        assert "2 ids of a trace begin with 'abc'" in result.err
        assert "abc2, abc1" in result.err
    unknown = run("fuse", "traces", "trace-view", "nope")
    assert (unknown.code, unknown.err.count("\n")) == (1, 1)
    assert run("fuse", "traces", "trace-view", "nope…").code == 1


def test_an_id_that_is_given_whole_wins_over_those_that_begin_with_it(run, three):
    run("fuse", "traces", "create", "abc")
    assert seen(run, "fuse", "traces", "trace-view", "abc")["id"] == "abc"
    assert seen(run, "fuse", "traces", "trace-view", "abc…")["id"] == "abc"
    run("fuse", "traces", "create", "latest", "--timestamp", "2020-01-01")
    assert seen(run, "fuse", "traces", "trace-view", "latest")["id"] == "abc"


@pytest.mark.parametrize(
    "words, ids",
    [
        (["traces", "list", "--session-id", "s"], None),
        (["traces", "list", "--session-id", "se"], ["xyz"]),
        (["traces", "search", "words", "--session-id", "se"], ["xyz"]),
        (["traces", "list-observations", "--trace-id", "x"], ["child", "o-xyz"]),
        (["traces", "list-observations", "--parent", "o-x"], ["child"]),
        (["scores", "list", "--trace-id", "x"], ["q1", "q2"]),
        (["scores", "list", "--trace-id", "x", "--observation-id", "o-x"], ["q2"]),
        (["traces", "list-observations", "--trace-id", "nope"], []),
        (["scores", "list", "--trace-id", "abc"], None),
    ],
)
def test_a_listing_takes_the_beginning_of_an_id(run, three, words, ids):
    run("fuse", "traces", "create", "xyz", "-s", "second", "--output", "words")
    run("fuse", "traces", "add-observation", "child", "xyz", "-p", "o-xyz")
    run("fuse", "scores", "create", "q1", "-v", "1", "--trace-id", "xyz")
    target = ["--trace-id", "xyz", "--observation-id", "o-xyz"]
    run("fuse", "scores", "create", "q2", "-v", "1", *target)
    result = run("fuse", *words + ["--jsonl"])
    if ids is None:
        assert (result.code, result.out) == (2, "") and "begin with" in result.err
    else:
        assert result.code == 0
        assert sorted(json.loads(line)["id"] for line in result.out.splitlines()) == ids


def test_an_export_and_figures_take_the_beginning_of_a_session(run, three):
    exported = run("fuse", "traces", "export", "--session-id", "s2x")
    assert (exported.code, exported.out) == (0, "")
    run("fuse", "traces", "create", "lone", "-s", "third")
    exported = run("fuse", "traces", "export", "--session-id", "thi")
    assert "session third\n" in exported.err and exported.out.count("\n") == 1
    run("fuse", "traces", "add-observation", "o", "lone")
    whole = seen(run, "fuse", "traces", "stats", "--session-id", "third")
    assert seen(run, "fuse", "traces", "stats", "--session-id", "thi") == whole
    assert whole[0]["count"] == 1


def test_a_write_takes_latest_and_a_marked_beginning_but_never_guesses(run, three):
    run("fuse", "traces", "patch-output", "latest", "done")
    assert seen(run, "fuse", "traces", "trace-view", "xyz")["output"] == "done"
    run("fuse", "traces", "add-observation", "o-new", "xy…", "-n", "New", "-p", "o-x…")
    found = seen(run, "fuse", "traces", "get-observation", "o-new")
    assert (found["traceId"], found["parentObservationId"]) == ("xyz", "o-xyz")
    assert run("fuse", "traces", "patch-output", "xy", "oops").code == 1
    assert run("fuse", "traces", "delete", "xy", "--yes").code != 0
    assert seen(run, "fuse", "traces", "trace-view", "xyz")["output"] == "done"


def test_filters_take_them_too(run, three):
    rows = seen(run, "fuse", "traces", "list", "--session-id", "latest")
    assert [row["id"] for row in rows] == ["xyz"]
    rows = seen(run, "fuse", "traces", "list-observations", "--trace-id", "abc2…")
    assert [row["id"] for row in rows] == ["o-abc2"]


def test_which_record_was_meant_is_said(run, three):
    assert "trace xyz\n" in run("fuse", "traces", "trace-view", "latest").err


@pytest.mark.parametrize(
    "command, variable, expected",
    [
        ("traces trace-view", "COAIA_TRACE_ID", "abc1"),
        ("traces session-view", "COAIA_SESSION_ID", "s1"),
        ("traces get-observation", "COAIA_LAST_OBSERVATION_ID", "o-abc1"),
        ("sessions get", "COAIA_SESSION_ID", "s1"),
    ],
)
def test_without_an_id_the_active_one_is_shown(
    run, three, monkeypatch, command, variable, expected
):
    words = ["fuse"] + command.split()
    missing = run(*words)
    assert missing.code == 2 and variable in missing.err
    monkeypatch.setenv(variable, expected)
    assert seen(run, *words)["id"] == expected


def test_without_any_record_there_is_no_latest(run):
    result = run("fuse", "traces", "trace-view", "latest")
    assert result.code == 1 and "there is no trace yet" in result.err


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_on_a_server_they_work_as_well(run, use, kind):
    use(kind)
    run("fuse", "traces", "create", "abc1", "--timestamp", "2026-01-31T12:00:00Z")
    run("fuse", "traces", "create", "xyz1", "--timestamp", "2026-01-31T12:00:01Z")
    for given, expected in (("latest", "xyz1"), ("ab…", "abc1"), ("xy", "xyz1")):
        assert seen(run, "fuse", "traces", "trace-view", given)["id"] == expected


def test_every_argument_that_names_a_trace_takes_references():
    """An id of a record that exists may be given shortly in every command, not in some."""
    new = {"trace_id": ("create",), "observation_id": ("add-observation",)}
    wrong = []
    for words, parser in REAL_COMMANDS:
        for action in parser._actions:
            names = new.get(action.dest, ())
            if action.dest in ("trace_id", "session_id", "observation_id", "trace_ids"):
                makes_it = words[-1] in names or words[-1] in ("create", "add-obs")
                makes_it = makes_it or words[-1:] == ["run"]  # which asks no server for an id
                found = action.type and not makes_it and action.type("latest")
                if not isinstance(found, Reference) and not makes_it:
                    wrong.append(" ".join(words + [action.dest]))
    assert not wrong


@pytest.mark.parametrize("words", [("traces", "create"), ("sessions", "create")])
def test_no_new_record_gets_the_word_for_the_latest_as_its_id(run, words):
    result = run("fuse", *words + ("latest", "john")[: 1 + (words[0] == "sessions")])
    assert (result.code, result.out) == (2, "") and "choose another id" in result.err


def test_the_latest_trace_can_be_added_to_a_session(run, three):
    assert run("fuse", "sessions", "addnode", "s9", "latest", "john").out == "xyz\n"


def test_a_whole_id_needs_no_look_anywhere(monkeypatch, run, three):
    monkeypatch.setattr(lookup, "_ids", None)
    assert seen(run, "fuse", "traces", "trace-view", "xyz")["id"] == "xyz"
    parser = coaiacli.build_parser(["fuse", "traces", "trace-view", "xyz"])
    args = parser.parse_args(["fuse", "traces", "trace-view", "xyz"])
    assert isinstance(args, argparse.Namespace) and not isinstance(args.trace_id, Reference)
