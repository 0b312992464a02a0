"""Figures from a server of v2 or v3, or of a v4 that still answers the old routes."""

from typing import Callable, Iterable, Iterator, List

from coaiapy.langfuse.client import features
from coaiapy.langfuse.client.http import LangfuseHttp
from coaiapy.langfuse.client.pages import numbered
from coaiapy.langfuse.client.server import Server
from coaiapy.langfuse.read import rows
from coaiapy.langfuse.read.figures import metrics, walk
from coaiapy.langfuse.read.figures.groups import Found, Wanted
from coaiapy.langfuse.read.filters import TraceFilter
from coaiapy.langfuse.records.body import Body

OBSERVATIONS = "/api/public/observations"


class LegacyFigures:
    """Asks the server's metrics where these can say what is wanted, and else reads observations."""

    def __init__(
        self, http: LangfuseHttp, server: Server, traces: Callable[[TraceFilter], Iterable[Body]]
    ) -> None:
        self.http = http
        self.server = server
        self.traces = traces

    def of_groups(self, wanted: Wanted, exact: bool = False) -> Found:
        """Return the figures of each group of observations; ``exact`` reads every observation."""
        if not self.server.has(features.METRICS):
            note = "{} has no metrics: every observation was read".format(self.http.shown_url)
            return Found(walk.figures(self._observed(wanted), wanted), (note,))
        found = None
        if not exact and metrics.can_answer(wanted):
            found = metrics.figures(self.http, wanted)
        if found is None:
            return Found(walk.figures(self._observed(wanted), wanted))
        return Found(found, (metrics.WITHOUT_CACHED,))

    def worst(self, wanted: Wanted, order: str, most: int) -> List[Body]:
        """Return the observations that took the most time, money or tokens, the worst first."""
        return walk.worst(self._observed(wanted), order, most)

    def _observed(self, wanted: Wanted) -> Iterator[walk.Pair]:
        environment = wanted.traces.environment
        query = {
            "environment": environment if self.server.has(features.ENVIRONMENTS) else None,
            "fromStartTime": wanted.traces.from_time,
            "toStartTime": wanted.traces.to_time,
        }
        every = map(rows.observation, numbered(self.http, OBSERVATIONS, query, None))
        return walk.with_traces(every, self.traces, wanted)
