"""Where the observations of a trace stand on its time axis: bars, the critical path, gaps.

Times are in milliseconds since the start of the first observation. Nothing is required of them:
observations may lack an end, end before they begin (when clocks differ), or stand outside of their
parents.
"""

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from coaiapy.errors import UsageError
from coaiapy.langfuse.records.body import Body
from coaiapy.util import times
from coaiapy.views.critical_path import Window, critical_path
from coaiapy.views.outline import Node, children_of, outline

# A gap is told of if it is at least this part of the trace, and at most so many are.
LEAST_GAP = 0.01
MOST_GAPS = 5


class Bar(NamedTuple):
    """An observation on the axis. ``is_open`` says that no end of it is known."""

    start: int
    end: int
    is_open: bool = False


class Gap(NamedTuple):
    """A time in which nothing worked, and the names of what ended before and began after it."""

    start: int
    end: int
    after: str
    before: str


class Timeline(NamedTuple):
    """A trace on its time axis.

    ``bars`` has the bar of each of ``nodes``, ``None`` where no time is known. ``begin`` is the
    start of the axis in milliseconds since 1970, ``length`` its length. ``path`` is the critical
    path, ``gaps`` are the longest gaps, in the order of time.
    """

    nodes: List[Node]
    bars: List[Optional[Bar]]
    begin: int
    length: int
    path: Dict[int, Window]
    gaps: List[Gap]


def timeline(observations: List[Body], now: Optional[int] = None) -> Timeline:
    """Return the observations on their time axis, siblings in the order in which they began.

    Those that are open end with the last one below them, or ``now`` (in milliseconds since 1970),
    if that is given.
    """
    ordered = sorted(observations, key=lambda one: str(one.get("startTime") or ""))
    nodes = outline(ordered)
    starts = [milliseconds(node.observation.get("startTime")) for node in nodes]
    ends = [milliseconds(node.observation.get("endTime")) for node in nodes]
    known = [start for start in starts if start is not None]
    begin = min(known) if known else 0
    bars = _bars(nodes, starts, ends, begin, now)
    last = max([bar.end for bar in bars if bar is not None] or [0])
    children, roots = children_of(nodes)
    windows = _windows(nodes, bars)
    path = _within(critical_path(windows, children, roots), bars)
    return Timeline(nodes, bars, begin, last, path, _gaps(nodes, bars, children, last))


def is_complete(observations: List[Body]) -> bool:
    """Tell whether there are observations and all have ended; an event needs no end."""
    ends = [one.get("endTime") or one.get("type") == "EVENT" for one in observations]
    return bool(ends) and all(ends)


def milliseconds(time: Any) -> Optional[int]:
    """Return a time in the stored form as milliseconds since 1970, ``None`` for anything else."""
    if not isinstance(time, str):
        return None
    try:
        return times.epoch_milliseconds(times.parse_time(time))
    except UsageError:
        return None


def _bars(
    nodes: List[Node],
    starts: List[Optional[int]],
    ends: List[Optional[int]],
    begin: int,
    now: Optional[int],
) -> List[Optional[Bar]]:
    bars: List[Optional[Bar]] = [None] * len(nodes)
    latest = [0] * len(nodes)  # the last end in the branch below each node
    for index in reversed(range(len(nodes))):
        start, end, parent = starts[index], ends[index], nodes[index].parent
        if start is not None:
            is_open = end is None and nodes[index].observation.get("type") != "EVENT"
            if is_open:
                end = max(start, begin + latest[index], now or start)
            bars[index] = Bar(start - begin, max(start, end or start) - begin, is_open)
            latest[index] = max(latest[index], bars[index].end)  # type: ignore[union-attr]
        if parent >= 0:
            latest[parent] = max(latest[parent], latest[index])
    return bars


def _windows(nodes: List[Node], bars: List[Optional[Bar]]) -> List[Window]:
    """Return the time of each node together with all nodes below it."""
    windows: List[Optional[Window]] = [Window(bar.start, bar.end) if bar else None for bar in bars]
    for index in reversed(range(len(nodes))):
        parent, own = nodes[index].parent, windows[index]
        if parent >= 0 and own is not None:
            other = windows[parent] or own
            windows[parent] = Window(min(own.start, other.start), max(own.end, other.end))
    return [window or Window(0, 0) for window in windows]


def _within(path: Dict[int, Window], bars: List[Optional[Bar]]) -> Dict[int, Window]:
    """Return the parts of a path in which the observations themselves were running."""
    found = {}
    for index, window in path.items():
        bar = bars[index]
        if bar is not None and bar.start < window.end and window.start < bar.end:
            found[index] = Window(max(bar.start, window.start), min(bar.end, window.end))
    return found


def _gaps(
    nodes: List[Node], bars: List[Optional[Bar]], children: List[List[int]], length: int
) -> List[Gap]:
    """Return the longest times in which no observation without children was running."""
    leaves: List[Tuple[Bar, str]] = sorted(
        (bar, str(node.observation.get("name") or node.observation["id"]))
        for node, bar, below in zip(nodes, bars, children)
        if bar is not None and bar.end > bar.start and not below
    )
    found, covered, last = [], 0, ""
    for bar, name in leaves + [(Bar(length, length), "")]:
        if bar.start > covered:
            found.append(Gap(covered, bar.start, last, name))
        if bar.end >= covered:
            covered, last = bar.end, name
    long = [gap for gap in found if gap.end - gap.start >= max(1, LEAST_GAP * length)]
    longest = sorted(long, key=lambda gap: gap.start - gap.end)[:MOST_GAPS]
    return sorted(longest) if leaves else []
