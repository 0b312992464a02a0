"""Figures over many observations: how many, how many failed, how long they took, what they cost."""

from datetime import datetime, timedelta, timezone
from typing import Any, Callable, List, Optional, Sequence

from coaiapy.config.settings import Settings
from coaiapy.errors import UsageError
from coaiapy.langfuse.journal.damage import open_reporting
from coaiapy.langfuse.read.figures.groups import (
    EVERYTHING,
    ORDERS,
    TIME_KEYS,
    Found,
    Sums,
    Wanted,
    check_key,
    figures_row,
    percentiles,
)
from coaiapy.langfuse.read.filters import checked
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.traces.reads import check_limit, read_or_recall
from coaiapy.util import times
from coaiapy.util.text.notes import Note, ignore_note

# What people say instead of how long before.
_BACK = {"last hour": "1h", "yesterday": "1d", "last week": "7d", "last month": "30d"}


def stats(
    settings: Settings,
    wanted: Wanted = EVERYTHING,
    exact: bool = False,
    note: Note = ignore_note,
) -> List[Body]:
    """Return the figures of each group of observations; docs/figures.md defines them.

    A row has, under the name ``wanted.by``, its group (``None`` if its observations have none),
    ``count``, ``errors``, ``errorRate``, ``p50Latency``, ``p95Latency`` and ``p99Latency`` in
    milliseconds (``None`` without a duration), ``inputTokens``, ``outputTokens``, ``cachedTokens``
    and ``totalCost`` in US dollars. Days and hours are in their order; of other groups the largest
    comes first. ``exact`` reads every observation where a server's metrics would be asked.
    """
    return _rows(_groups(settings, [wanted], exact, note)[0], wanted.by)


def _rows(groups: Any, by: Optional[str]) -> List[Body]:
    rows = [dict({by: key} if by else {}, **groups[key]) for key in sorted(groups, key=_named)]
    return rows if by in TIME_KEYS else sorted(rows, key=lambda row: -row["count"])


def _named(key: Optional[str]) -> Any:
    """Return what groups of the same size are ordered by; that without a name is the last."""
    return key is None, key or ""


def _groups(settings: Settings, wanted: Sequence[Wanted], exact: bool, note: Note) -> List[Any]:
    """Return the groups of everything that is wanted, all from the same place.

    ``note`` is called with what is to be said of the first.
    """
    for one in wanted:
        check_key(one.by)
    asked = [one._replace(traces=checked(one.traces)) for one in wanted]

    def ask(reader: Any) -> Optional[List[Found]]:
        figures = reader.figures()
        found = [figures.of_groups(one, exact) for one in asked]
        return found if any(one.groups or one.notes for one in found) else None

    found = _ask(settings, ask, note) or [Found({}) for _ in asked]
    for sentence in found[0].notes:
        note(sentence)
    return [one.groups for one in found]


def worst(
    settings: Settings,
    wanted: Wanted,
    order: str,
    limit: int = 10,
    note: Note = ignore_note,
) -> List[Body]:
    """Return the observations that took the most of ``order``, the worst first, at most ``limit``.

    ``order`` is ``duration``, ``cost`` or ``tokens``.
    """
    if order not in ORDERS:
        raise UsageError("order {!r}: choose one of {}".format(order, ", ".join(ORDERS)))
    check_limit(limit, 1)
    wanted = wanted._replace(traces=checked(wanted.traces))
    found: List[Body] = _ask(
        settings, lambda reader: reader.figures().worst(wanted, order, limit), note
    )
    return found


def _ask(settings: Settings, ask: Callable[[Any], Any], note: Note) -> Any:
    with open_reporting(settings.is_local, note) as journal:
        return read_or_recall(journal, settings, ask, note)


def shift_of(text: str) -> timedelta:
    """Return how long before a text says: ``7d``, ``12h``, ``last week``, ``yesterday``."""
    words = " ".join(text.lower().split())
    now = datetime.now(timezone.utc)
    words = _BACK.get(words, words)
    back = times.parse(words, now) if words[:1].isdigit() else None
    length = now - times.from_text(back) if back else None
    if not length or length < timedelta(minutes=1):
        known = ", ".join(_BACK)
        raise UsageError("{!r}: write {}, or how long before, as 7d or 12h".format(text, known))
    return length


def compared(
    settings: Settings,
    wanted: Wanted,
    shift: timedelta,
    exact: bool = False,
    note: Note = ignore_note,
) -> List[Body]:
    """Return what ``stats`` returns, with the figures of each group as long before as ``shift`` says.

    They are ``before``, ``None`` if there was no such group then; a group that is gone has a count of
    0. If ``wanted`` does not say where its time begins, that is ``shift`` before its end.
    """
    if wanted.by in TIME_KEYS:
        raise UsageError(
            "--by {}: no {} is in two times; group by another".format(wanted.by, wanted.by)
        )
    name = wanted.by or ""
    current, earlier = _groups(settings, _two_times(wanted, shift), exact, note)
    before = {row.pop(name, None): row for row in _rows(earlier, wanted.by)}
    rows = [dict(row, before=before.pop(row.get(name), None)) for row in _rows(current, wanted.by)]
    nothing = figures_row(Sums(), percentiles(0, ()))
    gone = [dict({name: key} if name else {}, **nothing) for key in before]
    return rows + [dict(row, before=before[row.get(name)]) for row in gone]


def _two_times(wanted: Wanted, shift: timedelta) -> List[Wanted]:
    """Return what is wanted now, and the same as long before as ``shift`` says."""
    end = wanted.traces.to_time or times.now()
    start = wanted.traces.from_time or _earlier(end, shift)
    both = [(start, end), (_earlier(start, shift), _earlier(end, shift))]
    return [
        wanted._replace(traces=wanted.traces._replace(from_time=first, to_time=last))
        for first, last in both
    ]


def _earlier(time: str, shift: timedelta) -> str:
    return times.to_text(times.from_text(time) - shift)
