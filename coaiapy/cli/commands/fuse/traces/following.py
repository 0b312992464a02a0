"""``--follow``: a picture that is drawn over itself while a trace grows."""

import argparse
import shutil
import time
from typing import Callable, Iterable, List

from coaiapy import patience
from coaiapy.cli.commands.fuse.traces.pictures import trace_picture
from coaiapy.cli.output import show_lines
from coaiapy.cli.streams import Context, flush, write_raw
from coaiapy.errors import NetworkError
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.records.fields import RUNNING, UNCONFIRMED
from coaiapy.util import deadlines
from coaiapy.views.timeline import is_complete
from coaiapy.views.tree import Line

# The lines of a picture that stay at the top of a screen that is too small for it.
_TOP = 3


def follow(
    args: argparse.Namespace, context: Context, trace: Body, read: Callable[[], Body], pause: float
) -> None:
    """Draw ``trace``, and what ``read`` returns after each pause, until the trace is complete.

    It is complete when all in it has ended and nothing has come for a while. The limit of the
    command ends it as well. Where the server is away for a while, that is said, and it goes on.
    """
    screen = _Screen(context)
    limit = deadlines.current()
    last_change = time.monotonic()
    while not _is_over(trace, time.monotonic() - last_change):
        screen.draw(trace_picture(args, context, trace, _now()))
        if limit.left <= pause:
            context.note("not complete after {:g} s".format(limit.seconds))
            return
        time.sleep(pause)
        before, trace = trace, _read_again(read, trace, screen)
        if trace != before:
            last_change = time.monotonic()
    screen.draw(trace_picture(args, context, trace), is_whole=True)


def _read_again(read: Callable[[], Body], trace: Body, screen: "_Screen") -> Body:
    """Return what ``read`` returns, or ``trace`` if the server cannot be reached now."""
    try:
        found = read()
    except NetworkError as error:
        screen.warn(str(error))
        return trace
    screen.warn("")
    return found


def _is_over(trace: Body, unchanged: float) -> bool:
    if trace.get(UNCONFIRMED) == RUNNING or unchanged < patience.FOLLOW_QUIET:
        return False
    return is_complete(trace.get("observations") or [])


def _now() -> int:
    return int(time.time() * 1000)


class _Screen:
    """Draws lines over those that were drawn before."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._drawn = 0
        self._columns = 0
        self._said = ""

    def warn(self, sentence: str) -> None:
        """Say below the picture what is wrong, once as long as it is; nothing, if nothing is."""
        if sentence not in ("", self._said):
            self._context.warn(sentence)
            self._drawn = 0
        self._said = sentence

    def draw(self, lines: Iterable[Line], is_whole: bool = False) -> None:
        """Draw lines; unless ``is_whole``, only as many as the screen has place for."""
        columns, height = shutil.get_terminal_size()
        if columns < self._columns:  # what is drawn has been wrapped: nobody knows how
            self._drawn = 0
        self._columns = columns
        found = list(lines)
        shown = found if is_whole else framed(found, height - 1)
        up = "\r\x1b[{}A".format(self._drawn) if self._drawn else ""
        write_raw(self._context.stdout, up + "\x1b[J")
        show_lines(self._context, shown)
        flush(self._context.stdout)
        self._drawn = len(shown)


def framed(lines: List[Line], height: int) -> List[Line]:
    """Return at most ``height`` lines: the first few, and the last, where the newest stand."""
    if len(lines) <= height:
        return lines
    rest = max(1, height - _TOP - 1)
    left_out = len(lines) - _TOP - rest
    return lines[:_TOP] + [Line("... {} lines".format(left_out))] + lines[-rest:]
