"""Figures from a v4 server, whose observations are read one by one (see ``metrics``)."""

from typing import Any, Iterator, List

from coaiapy.langfuse.client.http import LangfuseHttp
from coaiapy.langfuse.read.figures import walk
from coaiapy.langfuse.read.figures.groups import Found, Wanted, accepts
from coaiapy.langfuse.read.v4 import spans as read_spans
from coaiapy.langfuse.read.v4.spans import PAGE_SIZE, SpanPages, condition, filter_of
from coaiapy.langfuse.records.body import Body

_FIELDS = "core,basic,time,metadata,model,usage,trace_context"


class SpanFigures:
    """Reads the rows of all observations; each has the fields of its trace."""

    def __init__(self, http: LangfuseHttp) -> None:
        self.http = http

    def of_groups(self, wanted: Wanted, exact: bool = False) -> Found:
        """Return the figures of each group of observations; here they are always exact."""
        return Found(walk.figures(self._observed(wanted), wanted))

    def worst(self, wanted: Wanted, order: str, most: int) -> List[Body]:
        """Return the observations that took the most time, money or tokens, the worst first."""
        return walk.worst(self._observed(wanted), order, most)

    def _observed(self, wanted: Wanted) -> Iterator[walk.Pair]:
        traces = wanted.traces
        conditions = [
            condition("string", "environment", "=", traces.environment),
            condition("datetime", "startTime", ">=", traces.from_time),
            condition("datetime", "startTime", "<", traces.to_time),
        ]
        pages = SpanPages(self.http, {"filter": filter_of(conditions), "fields": _FIELDS})
        before: Any = None
        while True:
            found = read_spans.merged(pages.whole(PAGE_SIZE))
            for row in found:
                trace = dict(row, name=row.get("traceName"))
                if read_spans.key_of(row) != before and wanted.of_traces.accepts(trace):
                    for body in filter(
                        lambda one: accepts(one, wanted), read_spans.observations([row])
                    ):
                        yield body, trace
            if not pages.cursor:
                return
            before = read_spans.key_of(found[0]) if found else None
