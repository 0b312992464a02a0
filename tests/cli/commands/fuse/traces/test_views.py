"""``coaia fuse traces trace-view`` and ``session-view``: pictures of traces, on every kind of server."""

import io
import re

import pytest
from langfuse_server import KINDS

from coaiapy.cli.parser import Context
from coaiapy.coaiacli import main
from coaiapy.errors import ExitCode

STEPS = """
- {id: agent, name: agent, type: AGENT, start_time: 2026-01-31T12:00:00Z, end_time: 2026-01-31T12:00:10Z}
- {id: ask, name: ask, type: GENERATION, parent: agent, model: gpt-4o, input: question, output: answer,
   start_time: 2026-01-31T12:00:00Z, end_time: 2026-01-31T12:00:04Z, usage: {input: 1200, output: 34}, cost: 0.5}
- {id: tool, name: tool, type: TOOL, parent: agent, level: ERROR, status_message: "no \\e[2J net",
   start_time: 2026-01-31T12:00:08Z, end_time: 2026-01-31T12:00:10Z}
"""


class Terminal(io.StringIO):
    """A stream that a person looks at."""

    encoding = "utf-8"

    def isatty(self):
        return True


@pytest.fixture
def look(monkeypatch):
    """Run a command on a terminal of 100 columns; return what stdout shows."""
    monkeypatch.setenv("COLUMNS", "100")

    def run_it(*words):
        out = Terminal()
        assert (
            main(
                ["--color", "never", "--utc"] + list(words),
                Context(io.StringIO(), out, io.StringIO()),
            )
            == 0
        )
        return out.getvalue()

    return run_it


@pytest.fixture
def agent(run, project):
    """A trace with an agent, a model's call and a tool that failed."""
    (project / "steps.yaml").write_text(STEPS, "utf-8")
    words = "fuse traces create t -n run -s s --timestamp 2026-01-31T12:00:00Z"
    run(*words.split())
    assert run("fuse", "traces", "add-observations", "t", "-f", "steps.yaml").code == 0
    return "t"


@pytest.fixture
def other_machine(tmp_path, monkeypatch):
    """Read on a machine that has written nothing."""

    def move(kind):
        if kind != "local":
            monkeypatch.setenv("COAIA_HOME", str(tmp_path / "other"))

    return move


WATERFALL = [
    "run  trace t  session s  2026-01-31 12:00:00Z",
    "              type        model   0                5 s                 start  took     tokens   cost",
    "                                  ┬─────────────aaaaaaaaaaaaaa───────",
    "└─ agent      AGENT               ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━      0  10 s",
    "   ├─ ask     GENERATION  gpt-4o  ━━━━━━━━━━━━━━                           0   4 s  1.2k > 34  $0.50",
    "   └─ ✗ tool  TOOL                                            ━━━━━━━    8 s   2 s",
    "         ✗ no \\x1b[2J net",
    "total  3 observations  input=1200 output=34 total=1234  10 s  $0.50",
    "idle a  4 s (40 %)  after ask, before tool",
    "━ critical path   a nothing worked",
]


@pytest.mark.parametrize("kind", sorted(KINDS) + ["local"])
def test_a_terminal_shows_the_same_waterfall_from_everywhere(
    use, request, other_machine, look, kind
):
    use(kind)
    agent = request.getfixturevalue("agent")
    other_machine(kind)
    assert look("fuse", "traces", "view", agent).splitlines() == WATERFALL


def test_a_pipe_gets_the_plain_tree_and_the_timeline_where_that_is_asked_for(run, agent):
    plain = run("fuse", "traces", "tv", agent).out
    assert plain.splitlines()[1:] == [
        "└─ AGENT       agent  10 s",
        "   ├─ GENERATION  ask  gpt-4o  input=1200 output=34 total=1234  4 s",
        "   └─ TOOL        tool  2 s  ERROR  no \\x1b[2J net",
    ]
    assert run("fuse", "traces", "tv", agent, "--no-timeline").out == plain
    drawn = run("fuse", "traces", "tv", agent, "--timeline").out
    assert "critical path" in drawn and "━" in drawn and "\x1b" not in drawn


def test_a_terminal_gets_the_tree_where_that_is_asked_for(look, agent):
    lines = look("fuse", "traces", "tv", agent, "--no-timeline").splitlines()
    assert lines[1] == "└─ AGENT       agent  10 s" and lines[-1].startswith(
        "total  3 observations"
    )


def test_colours_are_never_alone(run, agent):
    drawn = run("--color", "always", "fuse", "traces", "tv", agent, "--timeline").out
    red = [line for line in drawn.splitlines() if "\x1b[31m" in line]
    assert len(red) == 2 and all("✗" in line for line in red)


@pytest.mark.parametrize(
    "words, kept",
    [
        ("--depth 1", {"agent"}),
        ("--min-duration 3", {"agent", "ask"}),
        ("--errors", {"agent", "tool"}),
    ],
)
def test_a_choice_holds_for_both_pictures(run, agent, words, kept):
    for form in ("--timeline", "--no-timeline"):
        lines = run(*("fuse traces tv t {} {}".format(words, form)).split()).out.splitlines()
        found = {
            name
            for name in ("agent", "ask", "tool")
            for one in lines
            if "─ " in one and name in one.split()
        }
        assert found == kept
    refused = run(*("fuse traces tv t --json {}".format(words)).split())
    assert refused.code == ExitCode.USAGE and "leave out" in refused.err


def test_inputs_and_outputs_stand_below_the_bars(look, run, agent):
    run("fuse", "traces", "patch-output", "t", "one\ntwo\nthree")
    lines = look("fuse", "traces", "tv", agent, "--io", "--io-lines", "2").splitlines()
    assert [one.strip() for one in lines[1:4]] == ["output: one", "two", "(1 line more)"]
    assert any(one.endswith("input:  question") for one in lines)


def test_a_session_shows_a_waterfall_for_each_trace(look, run, agent):
    run("fuse", "traces", "create", "t2", "-s", "s")
    shown = look("fuse", "traces", "session-view", "s")
    assert shown.startswith("session s  2 traces\n\nrun  trace t  ") and "critical path" in shown
    assert re.search(r"^trace t2 ", shown, re.MULTILINE)


def test_times_of_day_are_shown_where_that_is_asked_for(look, agent):
    assert " 12:00:08.000 " in look("fuse", "traces", "tv", agent, "--clock")


def test_where_nothing_has_an_end_a_terminal_gets_the_plain_tree(look, run):
    run("fuse", "traces", "create", "t")
    run("fuse", "traces", "add-observation", "o", "t", "-n", "step")
    assert look("fuse", "traces", "tv", "t").splitlines()[1:] == [
        "└─ EVENT       step",
        "total  1 observation",
    ]
    assert "◇" in look("fuse", "traces", "tv", "t", "--timeline")
