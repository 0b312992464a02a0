"""The time axis above a waterfall: round steps, their labels, and bars in characters."""

from datetime import datetime, timedelta, timezone
from typing import Dict, List, NamedTuple, Optional, Tuple

from coaiapy.util.times import span
from coaiapy.views.critical_path import Window
from coaiapy.views.timeline import Bar

_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200)
_DAY = 86400
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class Pens(NamedTuple):
    """The characters of bars, for pairs of half columns: ``l`` is light, ``h`` heavy, `` `` nothing."""

    pairs: Dict[str, str]
    open: str
    heavy_open: str
    point: str
    rule: str
    tick: str


LINE_PENS = Pens(
    dict(zip(["  ", "ll", "hh", "l ", "h ", " l", " h", "lh", "hl"], " ─━╴╸╶╺╼╾")),
    "┄",
    "┅",
    "◇",
    "─",
    "┬",
)
ASCII_PENS = Pens(
    dict(zip(["  ", "ll", "hh", "l ", "h ", " l", " h", "lh", "hl"], " -=-=-===")),
    ".",
    ":",
    "o",
    "-",
    "+",
)


class Scale(NamedTuple):
    """An axis of ``length`` milliseconds from ``begin`` on, drawn in ``columns``."""

    begin: int
    length: int
    columns: int

    def halves(self, start: int, end: int) -> Tuple[int, int]:
        """Return the first half column of a time and the one behind it; at least one lies between."""
        whole = 2 * self.columns
        first = min(whole - 1, start * whole // max(1, self.length))
        return first, max(first + 1, -(-end * whole // max(1, self.length)))


def bar_text(bar: Bar, on_path: Optional[Window], scale: Scale, pens: Pens) -> str:
    """Return a bar as a text of ``scale.columns`` characters, heavy where the critical path is."""
    first, behind = scale.halves(bar.start, bar.end)
    if bar.end == bar.start:
        return (" " * (first // 2) + pens.point).ljust(scale.columns)
    heavy, heavy_end = scale.halves(*on_path) if on_path else (behind, behind)
    halves = " " * first + "l" * (heavy - first) + "h" * (heavy_end - heavy)
    halves = (halves + "l" * (behind - heavy_end)).ljust(2 * scale.columns)
    pairs = (halves[place : place + 2] for place in range(0, 2 * scale.columns, 2))
    drawn = "".join(pens.pairs[pair] for pair in pairs)
    if bar.is_open:
        drawn = drawn.replace(pens.pairs["ll"], pens.open)
        drawn = drawn.replace(pens.pairs["hh"], pens.heavy_open)
    return drawn


def step_of(length: int, most: int) -> int:
    """Return the milliseconds between two ticks of an axis, so that there are at most ``most``."""
    least = length / max(1, most)
    power = 1
    while power < 1000:
        for step in (power, 2 * power, 5 * power):
            if step >= least:
                return step
        power *= 10
    for seconds in _STEPS:
        if seconds * 1000 >= least:
            return seconds * 1000
    days = 1
    while days * _DAY * 1000 < least:
        days *= 2
    return days * _DAY * 1000


def labels(scale: Scale, clock: bool, local: bool) -> List[Tuple[int, str]]:
    """Return columns with labels: the time since the start, or with ``clock`` the time of day."""
    widest = 12 if clock else 9
    step = step_of(scale.length, scale.columns // widest)
    found: List[Tuple[int, str]] = []
    for moment in range(0, max(1, scale.length), step):
        column = scale.halves(moment, moment)[0] // 2
        label = clock_time(scale.begin + moment, local, step) if clock else since(moment)
        is_free = not found or column > found[-1][0] + len(found[-1][1])
        if is_free and column + len(label) <= scale.columns:
            found.append((column, label))
    return found


def since(moment: int) -> str:
    """Return a time since the start of the axis, such as ``1.5 s``."""
    return "0" if not moment else span(moment / 1000)


def clock_time(moment: int, local: bool, step: int = 1) -> str:
    """Return a time of day, with milliseconds if ``step`` is shorter than a second.

    With ``local`` it is in local time, else in UTC. With steps of a day it has the date.
    """
    when = _EPOCH + timedelta(milliseconds=moment)
    shown = when.astimezone() if local else when
    if step >= _DAY * 1000:
        return shown.strftime("%Y-%m-%d")
    return shown.isoformat(" ", "milliseconds" if step < 1000 else "seconds")[
        11 : 23 if step < 1000 else 19
    ]
