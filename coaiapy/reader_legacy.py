"""Reading from a v2 or v3 server, and from a v4 one that still answers the old routes."""

from typing import Any, Iterator, List, Optional
from urllib.parse import quote

from coaiapy import ids, server_rows
from coaiapy.errors import NotFoundError
from coaiapy.langfuse_http import LangfuseHttp
from coaiapy.record_fields import Body
from coaiapy.trace_filter import TraceFilter

API = "/api/public"
PAGE_SIZE = 100


class LegacyReader:
    """The reads of ``LocalReader``, answered by ``/traces``, ``/observations``, ``/sessions``."""

    def __init__(self, http: LangfuseHttp) -> None:
        self.http = http

    def traces(self, wanted: TraceFilter) -> Iterator[Body]:
        """Yield the traces that ``wanted`` accepts, without their observations."""
        query = {
            "userId": wanted.user_id,
            "sessionId": wanted.session_id,
            "name": wanted.name,
            "tags": list(wanted.tags),
            "environment": wanted.environment,
            "fromTimestamp": wanted.from_time,
            "toTimestamp": wanted.to_time,
            "orderBy": wanted.order,
        }
        for row in pages(self.http, API + "/traces", query):
            found = server_rows.trace(row)
            if wanted.accepts(found):
                yield found

    def trace(self, trace_id: str) -> Optional[Body]:
        """Return one trace with its observations and scores, or ``None``."""
        row = self._first(API + "/traces/", ids.known_forms(trace_id))
        if row is None:
            return None
        found = [server_rows.observation(item) for item in row.get("observations") or []]
        return dict(
            server_rows.trace(row),
            observations=sorted(found, key=lambda body: body.get("startTime", "")),
            scores=[server_rows.score(item) for item in row.get("scores") or []],
        )

    def session_traces(self, session_id: str) -> Iterator[Body]:
        """Yield the traces of a session, the oldest first, with their observations."""
        for listed in self.traces(TraceFilter(session_id=session_id, order="timestamp.asc")):
            found = self.trace(listed["id"])
            if found is not None:
                yield found

    def observations_by_id(self, observation_id: str) -> List[Body]:
        """Return the observation with this id, if there is one."""
        row = self._first(API + "/observations/", ids.known_observation_forms(observation_id))
        return [] if row is None else [server_rows.observation(row)]

    def sessions(self) -> Iterator[Body]:
        """Yield the sessions, the latest first."""
        for row in pages(self.http, API + "/sessions", {}):
            yield {"id": row["id"], "createdAt": row.get("createdAt")}

    def _first(self, path: str, forms: List[str]) -> Optional[Body]:
        for form in forms:
            try:
                found: Body = self.http.request("GET", path + quote(form, safe=""))
                return found
            except NotFoundError:
                continue
        return None


def pages(http: LangfuseHttp, path: str, query: Any, size: int = PAGE_SIZE) -> Iterator[Body]:
    """Yield the rows of every page of a numbered listing, asking for a page when it is needed."""
    page = 1
    while True:
        answer = http.request("GET", path, dict(query, page=page, limit=size))
        for row in answer.get("data") or []:
            yield row
        if page >= (answer.get("meta") or {}).get("totalPages", 0):
            return
        page += 1
