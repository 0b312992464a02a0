"""Progress bars, which are never a reason to fail, and the forms of problems in files."""

import io
import sys
import threading

import pytest
from terminal import Terminal

from coaiapy.cli.options import add_problem_format
from coaiapy.cli.output import new_bar, seconds_bar, show_problems, steps_bar
from coaiapy.cli.parser import Context, Parser
from coaiapy.util.formats.problems import Problem


def on(stderr):
    return Context(io.StringIO(), io.StringIO(), stderr)


@pytest.mark.parametrize("bar", [seconds_bar, steps_bar])
def test_a_bar_is_shown_on_a_terminal_and_leaves_nothing_behind(bar):
    before = threading.enumerate()
    context = on(Terminal())
    with bar(context, "working") as update:
        update(1, 3)
        update(3, 3)
    assert "working" in context.stderr.getvalue()
    assert context.stdout.getvalue() == ""
    assert threading.enumerate() == before


def test_seconds_are_shown_as_minutes():
    context = on(Terminal())
    with seconds_bar(context, "talk.mp3") as update:
        update(2070, 7200)
    assert "34.5/120.0 min" in context.stderr.getvalue() and "s/s" not in context.stderr.getvalue()
    context = on(Terminal())
    with seconds_bar(context, "talk.m4a") as update:
        update(90, None)
    assert "1.5 min" in context.stderr.getvalue()


@pytest.mark.parametrize("bar", [seconds_bar, steps_bar])
@pytest.mark.parametrize("stderr", [io.StringIO, Terminal])
def test_without_a_terminal_or_the_package_the_work_goes_on(monkeypatch, bar, stderr):
    if stderr is Terminal:
        monkeypatch.setitem(sys.modules, "tqdm", None)
    context = on(stderr())
    with bar(context, "working") as update:
        update(1, 3)
    assert new_bar(context, total=3) is None
    assert context.stderr.getvalue() == ""


PROBLEMS = [Problem("b.yaml", 1, 1, "rule", "late"), Problem("a.yaml", 2, 3, "rule", "early")]


@pytest.mark.parametrize(
    "words, shown",
    [
        ([], "a.yaml:2:3: early\nb.yaml:1:1: late\n"),
        (["--format", "github"], "::error file=a.yaml,line=2,col=3,title=rule::early\n"),
        (["--json"], '"message": "early"'),
        (["--format", "sarif"], '"startLine": 2'),
    ],
)
def test_problems_are_shown_in_the_form_that_was_asked_for(words, shown):
    parser = Parser("coaia")
    add_problem_format(parser)
    context = on(io.StringIO())
    form = parser.parse_args(words).format
    assert show_problems(context, form, PROBLEMS, {"rule": "About"}) == 2
    assert shown in context.stdout.getvalue()
    assert context.stderr.getvalue() == "2 problems in 2 files\n"
    assert show_problems(context, form, [], {}) == 0
