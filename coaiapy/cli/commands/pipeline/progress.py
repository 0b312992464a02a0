"""What a run of a pipeline says on stderr: a live tree on a terminal, elsewhere a line for each change."""

import os
import time
from typing import Callable, Dict, Iterator, List, Optional, Tuple

from coaiapy import patience
from coaiapy.cli.streams import Context, flush, is_terminal, write_raw
from coaiapy.errors import StateError
from coaiapy.running.pipelines.graph import Graph, Outlined
from coaiapy.running.pipelines.steps import FAILED, RUNNING, SKIPPED, SUCCEEDED, WAITING, Step
from coaiapy.running.pipelines.watcher import Watcher
from coaiapy.util import times
from coaiapy.util.formats.tables.widths import cut
from coaiapy.util.text.wording import one_line, visible

_COLORS = {FAILED: "\x1b[31m", SKIPPED: "\x1b[33m", SUCCEEDED: "\x1b[32m", RUNNING: "\x1b[1m"}
_PLAIN = "\x1b[0m"
_CLEAR_LINE, _CLEAR_BELOW = "\x1b[K", "\x1b[J"
# The state of what has no command, until all below it has ended.
_MARKED = "marked"
# Which steps stay on a screen that is too small for all.
_WEIGHTS = {RUNNING: 0, FAILED: 1, WAITING: 2, SKIPPED: 3, _MARKED: 4, SUCCEEDED: 5}
# Columns and lines of a terminal that does not tell.
_USUAL_SIZE = (80, 24)
# The most bytes of a line that has not ended.
_LONGEST_REST = 1 << 16


def watcher(context: Context) -> "Lines":
    """Return what tells the user of the changes of steps."""
    live = is_terminal(context.stderr) and os.environ.get("TERM") != "dumb" and not context.quiet
    return Tree(context) if live else Lines(context)


class Lines(Watcher):
    """Says each change in a line. ``note`` says something else."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def changed(self, step: Step) -> None:
        """Say in one line what has become of a step."""
        state, more = told(step)
        text = "{:<9}  {}".format(state, step.name)
        self.note(text if state == RUNNING else text + more)

    def note(self, text: str) -> None:
        """Say a line; that nobody hears it any more ends no step."""
        try:
            self._context.note(text)
            flush(self._context.stderr)
        except (OSError, StateError):
            pass

    def end(self) -> None:
        """The run is over."""


def told(step: Optional[Step]) -> Tuple[str, str]:
    """Return the state of a step, and what there is to say besides: its duration, and why."""
    if step is None:
        return WAITING, ""
    if step.command is None and step.ended is None and step.state == SUCCEEDED:
        return (SUCCEEDED, "  (earlier)") if step.was_done else (_MARKED, "")
    text = ""
    if step.started is not None and step.state == RUNNING:
        text += "  " + times.span(round(time.time() - step.started, 1))
    elif step.started is not None and step.ended is not None and step.command:
        text += "  " + times.span(step.ended - step.started)
    if step.state == WAITING and step.attempts:
        text += "  (will be repeated)"
    if step.reason and step.state != RUNNING:
        text += "  ({})".format(step.reason)
    return step.state, text


class Tree(Lines):
    """Draws a tree with a line for each step, and draws it anew over itself.

    What commands write to their error output stays above it, line by line.
    """

    pace = 0.2

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._graph: Optional[Graph] = None
        self._drawn = 0
        self._columns = 0
        self._next = 0.0
        self._rests: Dict[Step, bytes] = {}

    def begin(self, graph: Graph) -> None:
        """Draw the tree for the first time."""
        self._graph = graph

    def changed(self, step: Step) -> None:
        """Draw the new state of a step, unless the tree was drawn just now."""
        rest = self._rests.pop(step, b"") if step.state != RUNNING else b""
        if rest:
            self._draw([_shown(rest)])
        self.turned()

    def turned(self) -> None:
        """Draw the times of what runs."""
        if time.monotonic() >= self._next:
            self._draw([])

    def moved(self) -> None:
        """Leave the tree where it is, and draw it where the cursor is now."""
        self._drawn = 0

    def listener(self, step: Step) -> Callable[[bytes], None]:
        """Return what takes the error output of a step."""
        return lambda data: self._hear(step, data)

    def note(self, text: str) -> None:
        """Say a line above the tree."""
        self._draw(visible(text).split("\n"))

    def end(self) -> None:
        """Draw the tree for the last time, with all that is not as it should be."""
        self._draw([], is_last=True)
        self._graph = None

    def _hear(self, step: Step, data: bytes) -> None:
        lines = (self._rests.get(step, b"") + data).split(b"\n")
        self._rests[step] = lines.pop()[-_LONGEST_REST:]
        if lines:
            self._draw([_shown(line) for line in lines])

    def _draw(self, above: List[str], is_last: bool = False) -> None:
        columns, height = self._size()
        if columns < self._columns:  # what is drawn has been wrapped: nobody knows how
            self._drawn = 0
        self._columns = columns
        lines = list(self._tree(columns, max(height - 2, 1), is_last)) if self._graph else []
        up = "\r\x1b[{}A".format(self._drawn) if self._drawn else ""
        text = "".join(line + _CLEAR_LINE + "\n" for line in above + lines)
        try:
            write_raw(self._context.stderr, up + text + _CLEAR_BELOW)
            flush(self._context.stderr)
        except (OSError, StateError):
            pass
        self._drawn = len(lines)
        self._next = time.monotonic() + patience.REDRAWING

    def _size(self) -> Tuple[int, int]:
        try:
            columns, lines = os.get_terminal_size(self._context.stderr.fileno())
        except (AttributeError, OSError, ValueError):
            return _USUAL_SIZE
        return columns or _USUAL_SIZE[0], lines or _USUAL_SIZE[1]

    def _tree(self, columns: int, most: int, is_last: bool) -> Iterator[str]:
        every = list(self._graph.outline()) if self._graph else []
        shown = set(_chosen(every, most, is_last))
        for i, one in enumerate(every):
            if i in shown:
                yield self._line(one, columns)
        left = len(every) - len(shown)
        if left:
            states = [told(one.step)[0] for i, one in enumerate(every) if i not in shown]
            counts = ("{} {}".format(states.count(s), s) for s in _WEIGHTS if s in states)
            yield cut("... and {}".format(", ".join(counts)), columns - 1)

    def _line(self, one: Outlined, columns: int) -> str:
        state, more = told(one.step)
        text = "{:<9}  {}{}{}".format(state, "  " * one.depth, one_line(one.name), one_line(more))
        text = cut(text, columns - 1)
        if not self._context.colored_talk or state not in _COLORS:
            return text
        end = min(len(state), len(text))
        return _COLORS[state] + text[:end] + _PLAIN + text[end:]


def _shown(line: bytes) -> str:
    """Return a line of a command's error output as a screen shows it."""
    return visible(line.decode("utf-8", "replace").rstrip("\r").rpartition("\r")[2])


def _chosen(every: List[Outlined], most: int, is_last: bool) -> Iterator[int]:
    """Yield which lines to show, ``most`` in all with the one about the others.

    At the end everything is shown that is not as it should be.
    """
    if len(every) <= most:
        yield from range(len(every))
        return
    weights = [_WEIGHTS[told(one.step)[0]] for one in every]
    if is_last:
        most = max(most, 1 + sum(weight < _WEIGHTS[_MARKED] for weight in weights))
    yield from sorted(range(len(every)), key=lambda i: weights[i])[: most - 1]
