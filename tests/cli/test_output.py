"""Progress bars: where a person watches, and never a reason to fail."""

import io
import sys
import threading

import pytest

from coaiapy.cli.output import new_bar, seconds_bar, steps_bar
from coaiapy.cli.parser import Context


class Terminal(io.StringIO):
    """A stream that a person watches."""

    def isatty(self):
        return True


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
