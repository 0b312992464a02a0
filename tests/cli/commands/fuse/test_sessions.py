"""The commands ``coaia fuse sessions list`` and ``get``, in every place."""

import json

import pytest
from langfuse_server import KINDS

from coaiapy.errors import ExitCode

WHERE = sorted(KINDS) + ["local"]


def write(run):
    for number, session in enumerate(["s1", "s2", "s1"]):
        words = ["create", "t{}".format(number), "-s", session, "-n", "run {}".format(number)]
        words += ["--timestamp", "2026-01-0{}".format(number + 1), "--environment", session]
        result = run("fuse", "traces", *words)
        assert result.code == 0, result.err


@pytest.mark.parametrize("where", WHERE)
def test_sessions_are_listed_and_shown(run, use, where):
    use(where)
    write(run)
    result = run("fuse", "sessions", "list")
    assert result.code == 0
    assert "s1" in result.out and "s2" in result.out
    assert "2 sessions" in result.err
    listed = json.loads(run("fuse", "sessions", "list", "--json").out)
    assert sorted(one["id"] for one in listed) == ["s1", "s2"]
    only = json.loads(run("fuse", "sessions", "list", "--environment", "s2", "--json").out)
    assert [one["id"] for one in only] == ["s2"]
    since = json.loads(run("fuse", "sessions", "list", "--from", "2026-01-01", "--json").out)
    assert len(since) == 2
    before = run("fuse", "sessions", "list", "--to", "2026-01-01", "--json")
    assert json.loads(before.out) == []
    result = run("fuse", "sessions", "get", "s1")
    assert result.code == 0
    assert "run 0" in result.out and "run 2" in result.out and "run 1" not in result.out
    session = json.loads(run("fuse", "sessions", "get", "s1", "--json").out)
    assert [trace["id"] for trace in session["traces"]] == ["t0", "t2"]
    assert "observations" not in session["traces"][0]


@pytest.mark.parametrize("where", WHERE)
def test_pages_hold_every_session_once(run, use, where):
    use(where)
    for number in range(5):
        run("fuse", "traces", "create", "t{}".format(number), "-s", "s{}".format(number))
    seen = []
    for page in (1, 2, 3):
        result = run("fuse", "sessions", "list", "--limit", 2, "--page", page, "--json")
        seen.append([one["id"] for one in json.loads(result.out)])
        assert ("--page {}".format(page + 1) in result.err) == (page < 3)
    assert [len(page) for page in seen] == [2, 2, 1]
    assert sorted(sum(seen, [])) == ["s0", "s1", "s2", "s3", "s4"]


@pytest.mark.parametrize("where", WHERE)
def test_a_session_that_nothing_belongs_to_is_not_found(run, use, where):
    use(where)
    result = run("fuse", "sessions", "get", "nobody")
    assert (result.code, result.out) == (ExitCode.FAILED, "")
    assert "'nobody'" in result.err
