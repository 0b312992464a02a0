"""What a terminal shows and a pipe does not: local times, costs, colors."""

import io
import json
import re

import pytest
from terminal import Terminal

from coaiapy.cli.parser import Context
from coaiapy.coaiacli import main

RED = "\x1b[31m"


@pytest.fixture
def on_terminal():
    """Run a command as a person at a terminal does; return what stdout shows."""

    def run_it(*words):
        out = Terminal()
        assert main(list(words), Context(io.StringIO(), out, io.StringIO())) == 0
        return out.getvalue()

    return run_it


@pytest.fixture
def failed_run(run):
    """A trace with a step that failed and cost something."""
    run("fuse", "traces", "create", "t1", "--timestamp", "2026-01-31T12:00:00Z")
    words = "fuse traces add-observation o1 t1 -n Step --level ERROR --cost 0.5 --status-message"
    run(*(words.split() + ["rate \x1b[2J limit", "-i", "question", "-o", '{"rows": 3}']))
    return ("fuse", "traces", "trace-view", "t1")


def test_what_a_pipe_gets_is_plain(run, failed_run):
    lines = run(*failed_run).out.splitlines()
    assert lines[0] == "trace t1  2026-01-31 12:00:00Z"
    assert lines[1].endswith("Step  ERROR  rate \\x1b[2J limit")
    assert len(lines) == 2


def test_a_person_sees_errors_in_red_costs_and_a_total(on_terminal, failed_run):
    lines = on_terminal(*failed_run).splitlines()
    assert lines[1].startswith(RED) and lines[1].endswith("\x1b[0m")
    assert "$0.50" in lines[1] and "\x1b[2J" not in lines[1]
    assert lines[-1].startswith("total  1 observation") and lines[-1].endswith("$0.50")


@pytest.mark.parametrize(
    "name, value, words, colored",
    [
        ("NO_COLOR", "1", (), False),
        ("NO_COLOR", "", (), True),
        ("NO_COLOR", "1", ("--color", "always"), True),
        ("TERM", "dumb", (), False),
        ("TERM", "xterm", ("--color=never",), False),
    ],
)
def test_color_follows_the_options_and_the_environment(
    on_terminal, failed_run, monkeypatch, name, value, words, colored
):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv(name, value)
    assert (RED in on_terminal(*failed_run + words)) is colored


def test_a_pipe_is_colored_where_that_is_asked_for(run, failed_run):
    assert RED in run(*failed_run + ("--color", "always")).out


def test_io_shows_inputs_and_outputs_also_in_a_pipe(run, failed_run):
    lines = run(*failed_run + ("--io",)).out.splitlines()
    assert [line.strip() for line in lines[2:4]] == ["input:  question", 'output: {"rows": 3}']
    assert lines[-1].endswith("$0.50")
    run("fuse", "traces", "create", "t1", "-s", "s1")
    assert "question" in run("fuse", "traces", "session-view", "s1", "--io").out


TIME = r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d"


@pytest.mark.parametrize(
    "line",
    [
        "fuse traces list",
        "fuse traces trace-view t1",
        "fuse traces get-observation o1",
        "fuse traces list-observations",
        "fuse outbox status",
    ],
)
def test_times_are_local_for_a_person_and_utc_where_asked(run, on_terminal, failed_run, line):
    local, utc = on_terminal(*line.split()), on_terminal("--utc", *line.split())
    assert re.search(TIME + r"(?!Z)\b", local) and not re.search(TIME + "Z", local)
    assert re.search(r"20\d\d-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?Z", utc)
    assert utc.count("Z") == run(*line.split()).out.count("Z") or "get-obs" in line


def test_what_a_person_sees_can_be_pasted(run, on_terminal, failed_run):
    shown = re.search(TIME, on_terminal("fuse", "traces", "list")).group()
    found = run("fuse", "traces", "list", "--json", "--from", shown, "--to", "2026-02-01")
    assert [one["id"] for one in json.loads(found.out)] == ["t1"]
