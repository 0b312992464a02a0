"""Figures of many observations, by group: what is asked for, and what the answer is made of.

docs/figures.md defines each figure; they are those of Langfuse's own metrics.
"""

import math
from typing import Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from coaiapy.errors import UsageError
from coaiapy.langfuse.read.filters import EVERY_TRACE, TraceFilter
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.records.figures import ERROR, Figures, figures_of, whole
from coaiapy.util.formats.json_values import text_or_json

# What observations are grouped by: fields of their own, of their time, and of their traces.
OWN_KEYS = ("name", "model", "type", "level", "environment")
TIME_KEYS = ("day", "hour")
TRACE_KEYS = {"user": "userId", "session": "sessionId", "tag": "tags"}
KEYS = OWN_KEYS + TIME_KEYS + tuple(TRACE_KEYS)
METADATA = "metadata."
# The group of an observation that has no value there.
NO_VALUE: Tuple[Optional[str]] = (None,)
# What the worst observations are ordered by.
ORDERS = ("duration", "cost", "tokens")
LEVELS = {"p50Latency": 0.5, "p95Latency": 0.95, "p99Latency": 0.99}

# Durations in milliseconds in rising order, each with how often it occurs.
Durations = Iterable[Tuple[int, int]]


class Wanted(NamedTuple):
    """Which observations count, and what they are grouped by; ``by`` is one of ``KEYS``, ``metadata.KEY``
    or ``None``.

    ``traces`` are conditions on their traces, except that its times and its environment are
    conditions on the observations themselves.
    """

    by: Optional[str] = None
    traces: TraceFilter = EVERY_TRACE

    @property
    def of_traces(self) -> TraceFilter:
        """The conditions on traces alone."""
        return self.traces._replace(from_time=None, to_time=None, environment=None)

    @property
    def looks_at_traces(self) -> bool:
        """Whether the traces of the observations have to be known."""
        return self.by in TRACE_KEYS or self.of_traces != TraceFilter(order=self.traces.order)

    @property
    def metadata_key(self) -> Optional[str]:
        """The key in the metadata that is grouped by, if any."""
        by = self.by or ""
        return by[len(METADATA) :] if by.startswith(METADATA) else None


EVERYTHING = Wanted()


def check_key(by: Optional[str]) -> None:
    """Raise ``UsageError`` unless observations can be grouped by ``by``."""
    if by is not None and by not in KEYS and not (by.startswith(METADATA) and by != METADATA):
        raise UsageError("--by {}: choose one of {} or metadata.KEY".format(by, ", ".join(KEYS)))


class Found(NamedTuple):
    """The figures of each group, and sentences about how they were found."""

    groups: Dict[Optional[str], Body]
    notes: Tuple[str, ...] = ()


class Sums(NamedTuple):
    """What is summed up of a group."""

    number: int = 0
    errors: int = 0
    input_tokens: float = 0.0
    output_tokens: float = 0.0
    cached_tokens: Optional[float] = 0.0
    cost: float = 0.0


def figures_row(sums: Sums, latencies: Sequence[Optional[float]]) -> Body:
    """Return the figures of a group, as they are shown and as JSON."""
    row: Body = {
        "count": sums.number,
        "errors": sums.errors,
        "errorRate": sums.errors / sums.number if sums.number else 0.0,
    }
    row.update(zip(LEVELS, latencies))
    row["inputTokens"] = whole(sums.input_tokens)
    row["outputTokens"] = whole(sums.output_tokens)
    row["cachedTokens"] = whole(sums.cached_tokens)
    row["totalCost"] = sums.cost
    return row


def percentiles(count: int, durations: Durations) -> List[Optional[float]]:
    """Return the percentiles of ``count`` durations, interpolated between two neighbours.

    Each is ``None`` if there are no durations.
    """
    if not count:
        return [None for _ in LEVELS]
    places = [level * (count - 1) for level in LEVELS.values()]
    needed = sorted({place for one in places for place in (math.floor(one), math.ceil(one))})
    found: Dict[int, int] = {}
    passed = 0
    for duration, times in durations:
        passed += times
        while needed and needed[0] < passed:
            found[needed.pop(0)] = duration
    return [_between(found, place) for place in places]


def _between(found: Mapping[int, int], place: float) -> float:
    lower, upper = found[math.floor(place)], found[math.ceil(place)]
    return lower + (upper - lower) * (place - math.floor(place))


class Group:
    """Sums up observations one by one."""

    def __init__(self) -> None:
        self._sums = Sums()
        self._durations: Dict[int, int] = {}

    def add(self, one: Figures) -> None:
        """Count an observation."""
        known = self._sums
        self._sums = Sums(
            known.number + 1,
            known.errors + (one.level == ERROR),
            known.input_tokens + one.input_tokens,
            known.output_tokens + one.output_tokens,
            (known.cached_tokens or 0.0) + one.cached_tokens,
            known.cost + one.cost,
        )
        if one.duration is not None:
            self._durations[one.duration] = self._durations.get(one.duration, 0) + 1

    def row(self) -> Body:
        """Return the figures of the group."""
        count = sum(self._durations.values())
        return figures_row(self._sums, percentiles(count, sorted(self._durations.items())))


def own_key(body: Body, wanted: Wanted) -> Optional[str]:
    """Return the group of an observation, by its own fields and time."""
    if wanted.metadata_key is not None:
        value = (body.get("metadata") or {}).get(wanted.metadata_key)
        return None if value is None else text_or_json(value)
    if wanted.by in TIME_KEYS:
        return time_key(str(body["startTime"]), wanted.by == "hour")
    if wanted.by == "environment":
        return str(body.get("environment") or "default")
    found = body.get(wanted.by or "")
    return found if isinstance(found, str) else None


def time_key(time: str, is_hour: bool) -> str:
    """Return the day or the hour (UTC) of a time in the stored form."""
    return time[:13] + ":00Z" if is_hour else time[:10]


def trace_keys(trace: Body, by: Optional[str]) -> Sequence[Optional[str]]:
    """Return the groups that the observations of a trace belong to by the trace's fields."""
    value = trace.get(TRACE_KEYS.get(by or "", ""))
    if isinstance(value, list):
        return value or NO_VALUE
    return (value,) if isinstance(value, str) and value else NO_VALUE


def accepts(body: Body, wanted: Wanted) -> bool:
    """Tell whether an observation meets the conditions on its own fields."""
    traces, start = wanted.traces, str(body["startTime"])
    return (
        traces.environment in (None, body.get("environment") or "default")
        and (traces.from_time is None or start >= traces.from_time)
        and (traces.to_time is None or start < traces.to_time)
    )


def size(body: Body, order: str) -> float:
    """Return what an observation is compared by when the worst are looked for."""
    one = figures_of(body)
    if order == "duration":
        return -1.0 if one.duration is None else float(one.duration)
    return one.cost if order == "cost" else one.input_tokens + one.output_tokens
