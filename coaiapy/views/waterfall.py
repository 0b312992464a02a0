"""A trace drawn as a waterfall for a terminal: the tree at the left, bars on a time axis at the right.

Nothing here is wider than the terminal. What is told by a colour is told by a sign, too.
"""

import json
from typing import Any, Dict, Iterable, Iterator, List, NamedTuple, Optional

from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.records.display import pending_note
from coaiapy.langfuse.records.figures import cost
from coaiapy.langfuse.traces.display import price
from coaiapy.util.formats.tables.widths import cut, padded, width_of
from coaiapy.util.text.wording import counted, one_line
from coaiapy.util.times import span
from coaiapy.views.axis import (
    ASCII_PENS,
    LINE_PENS,
    Pens,
    Scale,
    bar_text,
    clock_time,
    labels,
    since,
)
from coaiapy.views.figures import tokens, totals
from coaiapy.views.outline import LINES, Node, Strokes, margins
from coaiapy.views.timeline import Bar, Timeline
from coaiapy.views.tree import Line, heading

GAP = 2
GAP_LETTERS = "abcde"
NARROWEST_NAME, NARROWEST_CHART = 24, 24
SHORTEST_NAME, WIDEST_MODEL = 6, 20
# A level that stands out has a sign in front of the name.
SIGNS = {"ERROR": "✗ ", "WARNING": "! ", "DEBUG": "· "}
ASCII_SIGNS = {"ERROR": "x ", "WARNING": "! ", "DEBUG": ". "}


class Style(NamedTuple):
    """How a waterfall is drawn.

    ``clock`` shows times of day, ``local`` in local time. ``io_lines`` is how many lines of an
    input or an output are shown at most, 0 for none.
    """

    width: int
    strokes: Strokes = LINES
    clock: bool = False
    local: bool = False
    io_lines: int = 0

    @property
    def is_plain(self) -> bool:
        """Whether only ASCII may be drawn."""
        return self.strokes is not LINES

    @property
    def pens(self) -> Pens:
        """The characters of bars."""
        return ASCII_PENS if self.is_plain else LINE_PENS

    @property
    def signs(self) -> Dict[str, str]:
        """The sign of each level that stands out."""
        return ASCII_SIGNS if self.is_plain else SIGNS

    def fit(self, text: str, width: int) -> str:
        """Return ``text`` in one line of at most ``width`` columns."""
        return cut(one_line(text), max(1, width), "~" if self.is_plain else "…")


class Column(NamedTuple):
    """What a column shows for each node, and its width; ``at_right`` for numbers."""

    title: str
    cells: List[str]
    width: int
    at_right: bool


def waterfall(trace: Body, line: Timeline, style: Style) -> Iterator[Line]:
    """Yield the lines of a picture of a trace: heading, axis, observations, total, gaps."""
    yield Line(style.fit(heading(trace, style.local), style.width))
    yield from _contents(trace, "", style)
    if not line.nodes:
        yield from _summary(trace["observations"], line, style) if trace["observations"] else ()
        return
    before = list(margins(line.nodes, style.strokes))
    names = [_name(node, style) for node in line.nodes]
    widest = max(width_of(one.own + name) for one, name in zip(before, names))
    plan = _plan(_columns(line, style), widest, style.width)
    scale = Scale(line.begin, line.length, plan.chart)
    yield from _head(line, scale, plan, style)
    for index, node in enumerate(line.nodes):
        level = node.observation.get("level") or "DEFAULT"
        name = _beside(before[index].own, names[index], node.level, plan.name, style)
        yield Line(_row(name, _bar(line, index, scale, style), plan, index), level)
        message = node.observation.get("statusMessage")
        below = before[index].below if width_of(before[index].below) <= style.width // 2 else "   "
        if message:
            yield Line(style.fit(below + style.signs.get(level, "") + message, style.width), level)
        yield from _contents(node.observation, below, style)
    yield from _summary(trace["observations"], line, style)
    yield from _gap_lines(line, style)
    if plan.chart:
        yield Line(style.fit(_legend(line, style), style.width))


class _Plan(NamedTuple):
    """The columns that fit, and the widths of the names and of the chart, 0 for none."""

    columns: List[Column]
    name: int
    chart: int


def _plan(columns: List[Column], widest: int, width: int) -> _Plan:
    """Choose the columns for a terminal: the less important are left out first, then the chart."""
    for left_out in ("type", "model", "start", "tokens", "cost", ""):
        rest = width - GAP - sum(column.width + GAP for column in columns)
        if rest >= min(widest, NARROWEST_NAME) + NARROWEST_CHART:
            name = min(widest, max(NARROWEST_NAME, rest * 45 // 100))
            return _Plan(columns, name, rest - name)
        columns = [column for column in columns if column.title != left_out]
    return _Plan(columns, min(widest, max(NARROWEST_NAME, rest + GAP)), 0)


def _columns(line: Timeline, style: Style) -> List[Column]:
    """Return all columns beside the name and the chart that say something."""
    every = [node.observation for node in line.nodes]
    columns = [
        _column("type", (style.fit(str(one.get("type") or ""), 12) for one in every), False),
        _column("model", (style.fit(one.get("model") or "", WIDEST_MODEL) for one in every), False),
        _column("start", (_start(bar, line, style) for bar in line.bars)),
        _column("took", map(_took, line.bars, every)),
        _column("tokens", map(tokens, every)),
        _column("cost", (price(cost(one)) for one in every)),
    ]
    return [column for column in columns if any(column.cells)]


def _column(title: str, cells: Iterable[str], at_right: bool = True) -> Column:
    shown = list(cells)
    return Column(title, shown, max(map(width_of, shown + [title])), at_right)


def _start(bar: Optional[Bar], line: Timeline, style: Style) -> str:
    if bar is None:
        return ""
    if style.clock:
        return clock_time(line.begin + bar.start, style.local)
    return since(bar.start)


def _took(bar: Optional[Bar], observation: Body) -> str:
    if bar is None or bar.end == bar.start and not observation.get("endTime"):
        return ""
    return span((bar.end - bar.start) / 1000) + ("+" if bar.is_open else "")


def _name(node: Node, style: Style) -> str:
    name = str(node.observation.get("name") or "(no name)")
    note = " (its parents form a cycle)" if node.in_cycle else ""
    late = pending_note(node.observation)
    sign = style.signs.get(node.observation.get("level") or "", "")
    return one_line(sign + name + note + (" " + late if late else ""))


def _beside(margin: str, name: str, level: int, width: int, style: Style) -> str:
    """Return a margin and a name, with the number of the level where no space is left for strokes."""
    if width_of(margin) > width - min(width_of(name), SHORTEST_NAME):
        margin = "{}: ".format(level)
    return padded(style.fit(margin + name, width), width)


def _bar(line: Timeline, index: int, scale: Scale, style: Style) -> str:
    bar = line.bars[index]
    if bar is None or not scale.columns:
        return " " * scale.columns
    return bar_text(bar, line.path.get(index), scale, style.pens)


def _row(name: str, chart: str, plan: _Plan, index: Optional[int]) -> str:
    """Return the line of an observation; without an index that of the titles."""
    left, right = [name], [chart] if plan.chart else []
    for column in plan.columns:
        text = column.title if index is None else column.cells[index]
        (right if column.at_right else left).append(padded(text, column.width, column.at_right))
    return (" " * GAP).join(left + right).rstrip()


def _head(line: Timeline, scale: Scale, plan: _Plan, style: Style) -> Iterator[Line]:
    """Yield the labels of the axis with the titles of the columns, and the axis with the gaps."""
    ticks = labels(scale, style.clock, style.local) if plan.chart else []
    above, rule = "", list(style.pens.rule * plan.chart)
    for column, label in ticks:
        above = above.ljust(column) + label + " "
        rule[column] = style.pens.tick
    for letter, gap in zip(GAP_LETTERS, line.gaps):
        first, behind = scale.halves(gap.start, gap.end)
        for column in range(first // 2, max(first // 2 + 1, behind // 2)) if rule else ():
            rule[column] = letter
    yield Line(_row(" " * plan.name, above[: plan.chart].ljust(plan.chart), plan, None))
    if rule:
        lefts = [column.width for column in plan.columns if not column.at_right]
        indent = plan.name + sum(GAP + width for width in lefts) + GAP
        yield Line(" " * indent + "".join(rule))


def _summary(every: List[Body], line: Timeline, style: Style) -> Iterator[Line]:
    yield Line(style.fit(totals(every), style.width))
    if len(line.nodes) < len(every):
        text = "shown  {} of {}".format(len(line.nodes), counted(len(every), "observation"))
        yield Line(style.fit(text, style.width))


def _gap_lines(line: Timeline, style: Style) -> Iterator[Line]:
    for letter, gap in zip(GAP_LETTERS, line.gaps):
        taken = gap.end - gap.start
        part = "{:.0f} %".format(100 * taken / line.length)
        after = "after {}".format(gap.after) if gap.after else ""
        before = "before {}".format(gap.before) if gap.before else ""
        where = ", ".join(one for one in (after, before) if one)
        text = "idle {}  {} ({})  {}".format(letter, span(taken / 1000), part, where)
        yield Line(style.fit(text, style.width))


def _legend(line: Timeline, style: Style) -> str:
    """Return what the strokes mean that occur."""
    pens = style.pens
    bars = [bar for bar in line.bars if bar is not None]
    beside = [bar for index, bar in enumerate(line.bars) if index not in line.path]
    meanings = [
        (pens.pairs["hh"], "critical path", line.path),
        (pens.pairs["ll"], "beside it", any(bar and bar.end > bar.start for bar in beside)),
        (pens.open, "no end known", any(bar.is_open and bar.end > bar.start for bar in bars)),
        (pens.point, "moment", any(bar.end == bar.start for bar in bars)),
        (GAP_LETTERS[: len(line.gaps)], "nothing worked", line.gaps),
    ]
    return "   ".join("{} {}".format(sign, meaning) for sign, meaning, occurs in meanings if occurs)


def _contents(record: Body, margin: str, style: Style) -> Iterator[Line]:
    """Yield the input and the output of a record, cut to the lines that are asked for."""
    for name in ("input", "output") if style.io_lines else ():
        value = record.get(name)
        if value is None:
            continue
        lines = _text_of(value).split("\n")
        for number, text in enumerate(lines[: style.io_lines]):
            label = name + ":" if not number else ""
            yield Line(style.fit("{}{:<8}{}".format(margin, label, text), style.width))
        if len(lines) > style.io_lines:
            more = "({} more)".format(counted(len(lines) - style.io_lines, "line"))
            yield Line(style.fit("{}{:<8}{}".format(margin, "", more), style.width))


def _text_of(value: Any) -> str:
    if isinstance(value, str):
        return value.replace("\r\n", "\n").replace("\t", "    ")
    return json.dumps(value, ensure_ascii=False, indent=2)
