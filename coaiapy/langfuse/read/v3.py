"""Reads from a server of v2 or v3, or of a v4 that still answers the old routes."""

from typing import Any, Iterable, Iterator, List, Optional, Sequence, Set

from coaiapy.errors import CoaiaError, NotFoundError
from coaiapy.langfuse.client import features
from coaiapy.langfuse.client.http import LangfuseHttp, quoted
from coaiapy.langfuse.client.pages import numbered, rows_from
from coaiapy.langfuse.client.server import Server
from coaiapy.langfuse.read import rows
from coaiapy.langfuse.read.filters import (
    DEFAULT_ENVIRONMENT,
    ObservationFilter,
    Page,
    SessionFilter,
    TraceFilter,
)
from coaiapy.langfuse.read.local import offset_of, sessions_of
from coaiapy.langfuse.records import ids
from coaiapy.langfuse.records.body import Body
from coaiapy.util.threads import run_all, values_of

TRACES = "/api/public/traces"
OBSERVATIONS = "/api/public/observations"
SESSIONS = "/api/public/sessions"


class LegacyReader:
    """Has the methods of ``LocalReader``; asks ``/traces``, ``/observations`` and ``/sessions``."""

    def __init__(self, http: LangfuseHttp, server: Server) -> None:
        self.http = http
        self.server = server

    def traces(self, wanted: TraceFilter, most: Optional[int] = None) -> Iterator[Body]:
        """Yield the traces that ``wanted`` accepts, without their observations."""
        query = {
            "userId": wanted.user_id,
            "sessionId": wanted.session_id,
            "name": wanted.name,
            "version": wanted.version,
            "release": wanted.release,
            "tags": list(wanted.tags),
            "environment": self._environment_query(wanted.environment),
            "fromTimestamp": wanted.from_time,
            "toTimestamp": wanted.to_time,
            "orderBy": wanted.order,
            "fields": "core,io",
        }
        found = map(rows.trace, numbered(self.http, TRACES, query, most))
        return (trace for trace in found if wanted.accepts(trace))

    def whole(self, traces: Iterable[Body]) -> List[Body]:
        """Return listed traces with their observations and scores: a request for each, several at once."""
        listed = list(traces)
        found = values_of(run_all(self.trace, [trace["id"] for trace in listed], (CoaiaError,)))
        nothing: Body = {"observations": [], "scores": []}
        return [one or dict(trace, **nothing) for one, trace in zip(found, listed)]

    def trace(self, trace_id: str) -> Optional[Body]:
        """Return a trace with its observations and scores, or ``None``."""
        row = self._first(TRACES, ids.known_forms(trace_id))
        if row is None:
            return None
        found = map(rows.observation, row.get("observations") or ())
        return dict(
            rows.trace(row),
            observations=sorted(found, key=lambda body: (body["startTime"], body["id"])),
            scores=list(map(rows.score, row.get("scores") or ())),
        )

    def existing(self, trace_ids: Sequence[str]) -> Set[str]:
        """Return those of the traces that there are."""
        return {one for one in trace_ids if self._first(TRACES, ids.known_forms(one)) is not None}

    def lasting(self, trace_id: str) -> Body:
        """Return what a trace of exactly this id keeps when it is written again, ``{}`` if none is.

        These are its environment and its timestamp; of ``public``, only true is returned.
        """
        row = self._first(TRACES, [trace_id], {"fields": "core"})
        if row is None:
            return {}
        body = rows.trace(row)
        kept = {"public": True} if body.get("public") else {}
        if not row.get("environment"):  # v2 has none
            return kept
        environment = body.get("environment", DEFAULT_ENVIRONMENT)
        return dict(kept, environment=environment, timestamp=body["timestamp"])

    def session_traces(self, session_id: str) -> List[Body]:
        """Return the traces of a session, the oldest first."""
        return list(self.traces(TraceFilter(session_id=session_id, order="timestamp.asc")))

    def observations_by_id(self, observation_id: str) -> List[Body]:
        """Return the observation with this id, if there is one."""
        row = self._first(OBSERVATIONS, ids.known_observation_forms(observation_id))
        return [] if row is None else [rows.observation(row)]

    def observations(
        self, wanted: ObservationFilter, limit: int, cursor: Optional[str] = None
    ) -> Page:
        """Return at most ``limit`` observations, the latest first; the cursor is an offset."""
        query = {
            "name": wanted.name,
            "environment": self._environment_query(wanted.environment),
            "userId": wanted.user_id,
            "version": wanted.version,
            "fromStartTime": wanted.from_time,
            "toStartTime": wanted.to_time,
        }
        if self.server.has(
            features.OBSERVATION_TYPES
        ):  # older servers reject the types that were added later
            query["type"] = wanted.type
        page = Page([])
        for trace_id in ids.known_forms(wanted.trace_id) if wanted.trace_id else [None]:
            page = self._page(dict(query, traceId=trace_id), wanted, limit, offset_of(cursor))
            if page.rows:
                break
        return page

    def _page(self, query: Body, wanted: ObservationFilter, limit: int, offset: int) -> Page:
        found: List[Body] = []
        for row in rows_from(self.http, OBSERVATIONS, query, offset, limit):
            if len(found) == limit:
                return Page(found, str(offset))
            offset += 1
            body = rows.observation(row)
            if wanted.accepts(body):
                found.append(body)
        return Page(found)

    def search(self, text: str, wanted: TraceFilter, most: Optional[int]) -> Any:
        """Return the traces that ``wanted`` accepts and that contain a text (see ``search``)."""
        from coaiapy.langfuse.read import search

        observations = map(rows.observation, numbered(self.http, OBSERVATIONS, {}, None))
        found = search.in_pages(self.traces(wanted), observations, text, most)
        note = "{} cannot search: every trace and observation was read".format(self.http.shown_url)
        return search.Found(found, (note,))

    def figures(self) -> Any:
        """Return what answers questions about figures of many observations."""
        from coaiapy.langfuse.read.figures.legacy import LegacyFigures

        return LegacyFigures(self.http, self.server, self.traces)

    def sessions(self, wanted: SessionFilter, most: Optional[int] = None) -> Iterator[Body]:
        """Yield the sessions that ``wanted`` accepts, the latest first."""
        if wanted.environment and not self._environment_query(wanted.environment):
            found = sessions_of(self.traces(TraceFilter(environment=wanted.environment)))
        else:
            found = self._listed_sessions(wanted, most)
        return filter(wanted.accepts, found)

    def _listed_sessions(self, wanted: SessionFilter, most: Optional[int]) -> Iterator[Body]:
        query = {
            "environment": wanted.environment,
            "fromTimestamp": wanted.from_time,
            "toTimestamp": wanted.to_time,
        }
        return map(rows.session, numbered(self.http, SESSIONS, query, most))

    def _environment_query(self, environment: Optional[str]) -> Optional[str]:
        """Return the environment to put into a query.

        Servers before 3.31 cannot filter by it (it is in the metadata there), so that they get
        ``None`` and the rows are filtered here.
        """
        return environment if self.server.has(features.ENVIRONMENTS) else None

    def _first(self, path: str, forms: List[str], query: Optional[Body] = None) -> Optional[Body]:
        for form in forms:
            try:
                found: Body = self.http.request("GET", path + "/" + quoted(form), query)
                return found
            except NotFoundError:
                continue
        return None
