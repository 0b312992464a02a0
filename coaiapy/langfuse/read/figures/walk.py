"""Goes through observations one by one, where their figures cannot be asked for.

An observation comes with the fields of its trace that are looked at: its user, session and tags.
"""

import heapq
from typing import Callable, Dict, Iterable, Iterator, List, Optional, Tuple

from coaiapy.langfuse.read.figures.groups import (
    TRACE_KEYS,
    Group,
    Wanted,
    accepts,
    own_key,
    size,
    trace_keys,
)
from coaiapy.langfuse.read.filters import TraceFilter
from coaiapy.langfuse.records import ids
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.records.figures import figures_of

Pair = Tuple[Body, Body]


def with_traces(
    observations: Iterable[Body], traces: Callable[[TraceFilter], Iterable[Body]], wanted: Wanted
) -> Iterator[Pair]:
    """Yield the observations that count, each with the fields of its trace.

    ``traces`` is asked for those that meet the conditions, if they have to be known.
    """
    known: Optional[Dict[str, Body]] = None
    if wanted.looks_at_traces:
        known = {
            ids.span_trace_id(trace["id"]): {
                name: trace[name] for name in TRACE_KEYS.values() if name in trace
            }
            for trace in traces(wanted.of_traces)
        }
    for body in observations:
        trace = {} if known is None else known.get(ids.span_trace_id(body["traceId"]))
        if trace is not None and accepts(body, wanted):
            yield body, trace


def figures(pairs: Iterable[Pair], wanted: Wanted) -> Dict[Optional[str], Body]:
    """Return the figures of each group of observations."""
    groups: Dict[Optional[str], Group] = {}
    for body, trace in pairs:
        one = figures_of(body)
        keys = trace_keys(trace, wanted.by) if wanted.by in TRACE_KEYS else (own_key(body, wanted),)
        for key in keys:
            groups.setdefault(key, Group()).add(one)
    return {key: group.row() for key, group in groups.items()}


def worst(pairs: Iterable[Pair], order: str, most: int) -> List[Body]:
    """Return the observations that took the most time, money or tokens, the worst first."""

    def place(body: Body) -> Tuple[float, str, str, str]:
        one, trace = ids.span_id(body["id"]), ids.span_trace_id(body["traceId"])
        return size(body, order), body["startTime"], one, trace

    return heapq.nlargest(most, (body for body, _ in pairs), key=place)
