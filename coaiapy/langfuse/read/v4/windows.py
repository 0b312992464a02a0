"""Reads all spans of a trace from a v4 server; those of a large one in windows of time, side by side.

A cursor leads from one page to the next, so that pages come one after the other; windows do not wait
for one another. They overlap, and the first one has no beginning, so that no span lies between them.
A span that comes twice is merged like one that was sent twice (see ``spans``).
"""

from datetime import datetime, timedelta
from typing import Iterator, List, NamedTuple, Optional

from coaiapy.langfuse.client.http import LangfuseHttp
from coaiapy.langfuse.read.v4 import spans
from coaiapy.langfuse.records.body import Body
from coaiapy.util import threads, times

# A trace of so many pages is read without windows: they cost one request more.
FEW_PAGES = 2
WINDOWS = 8
_ROOTS = 100
# Times are in milliseconds, and the end of a window does not belong to it.
_OVERLAP = timedelta(milliseconds=2)


class Window(NamedTuple):
    """A time in which spans start, at or after ``start`` and before ``end``, as a query has them."""

    start: Optional[str]
    end: str


def rows_of_trace(http: LangfuseHttp, trace_id: str, fields: str) -> List[Body]:
    """Return the rows of every span of a trace, in no order; of some spans several."""
    pages = spans.SpanPages(http, {"traceId": trace_id, "fields": fields})
    rows: List[Body] = []
    for _ in range(FEW_PAGES):
        rows += pages.whole(spans.PAGE_SIZE)
        if not pages.cursor:
            return rows
    windows = list(_windows(_first_start(http, trace_id), min(map(_start, rows))))
    found = threads.run_all(lambda window: list(pages.between(*window).rest()), windows)
    for some in threads.values_of(found):
        rows += some
    return rows


def _start(row: Body) -> datetime:
    return times.from_text(row["startTime"])


def _first_start(http: LangfuseHttp, trace_id: str) -> Optional[datetime]:
    """Return when the first root span started: nearly always the first span of all."""
    of_it = spans.condition("string", "traceId", "=", trace_id)
    query = {"filter": spans.filter_of([spans.IS_ROOT, of_it]), "fields": "core"}
    return min(map(_start, spans.SpanPages(http, query, follows=True).next(_ROOTS)), default=None)


def _windows(first: Optional[datetime], last: datetime) -> Iterator[Window]:
    """Yield the windows of all spans that start at ``last`` or before; the last one first."""
    count = WINDOWS if first is not None and first < last else 1
    end = last
    for number in reversed(range(count)):
        start = first + (last - first) * number / count if first and number else None
        yield Window(times.to_text(start) if start else None, times.to_text(end + _OVERLAP))
        end = start or end
