"""Reading from a v4 server: a trace is the spans that share its id.

Our own traces have a root span that stands for the trace itself (``ids.root_span_id``); it becomes
the trace's fields and is no observation. Spans that were sent twice are merged.
"""

import json
from typing import Any, Dict, Iterator, List, Mapping, Optional

from coaiapy import ids, server_rows, span_metadata
from coaiapy.langfuse_http import LangfuseHttp
from coaiapy.record_fields import Body
from coaiapy.trace_filter import TraceFilter

API = "/api/public"
PAGE_SIZE = 500
_LISTED = "core,basic,io,metadata,trace_context"
_ALL = "core,basic,time,io,metadata,model,usage,prompt,metrics,trace_context"


class SpanReader:
    """The reads of ``LocalReader``, answered by ``/v2/observations`` and ``/v3/scores``."""

    def __init__(self, http: LangfuseHttp) -> None:
        self.http = http

    def traces(self, wanted: TraceFilter) -> Iterator[Body]:
        """Yield the traces that ``wanted`` accepts, without their observations."""
        if wanted.order.endswith(".asc"):
            newest_first = wanted._replace(order="timestamp.desc")
            return iter(list(self.traces(newest_first))[::-1])
        return self._newest_traces(wanted)

    def _newest_traces(self, wanted: TraceFilter) -> Iterator[Body]:
        query = {
            "isRootObservation": "true",
            "userId": wanted.user_id,
            "sessionId": wanted.session_id,
            "environment": wanted.environment,
            "fromStartTime": wanted.from_time,
            "toStartTime": wanted.to_time,
            "fields": _LISTED,
        }
        seen = set()
        for row in self._rows(query):
            if row["traceId"] in seen:
                continue
            seen.add(row["traceId"])
            found = _trace([row])
            if wanted.accepts(found):
                yield found

    def trace(self, trace_id: str) -> Optional[Body]:
        """Return one trace with its observations and scores, or ``None``."""
        for form in reversed(ids.known_forms(trace_id)):
            rows = _merged(self._rows({"traceId": form, "fields": _ALL}))
            if rows:
                return dict(_whole_trace(rows), scores=self._scores(form))
        return None

    def session_traces(self, session_id: str) -> Iterator[Body]:
        """Yield the traces of a session, the oldest first, with their observations."""
        by_trace: Dict[str, List[Body]] = {}
        for row in _merged(self._rows({"sessionId": session_id, "fields": _ALL})):
            by_trace.setdefault(row["traceId"], []).append(row)
        for rows in by_trace.values():
            yield _whole_trace(rows)

    def observations_by_id(self, observation_id: str) -> List[Body]:
        """Return every observation with this id."""
        for form in reversed(ids.known_observation_forms(observation_id)):
            condition = {"type": "string", "column": "id", "operator": "=", "value": form}
            rows = _merged(self._rows({"filter": json.dumps([condition]), "fields": _ALL}))
            if rows:
                return [body for row in rows for body in _observations([row], row["traceId"])]
        return []

    def sessions(self) -> Iterator[Body]:
        """Yield the sessions that root spans belong to, the latest first."""
        query = {"isRootObservation": "true", "fields": "core,basic,trace_context"}
        seen = set()
        for row in self._rows(query):
            session = row.get("sessionId")
            if session and session not in seen:
                seen.add(session)
                yield {"id": session, "createdAt": row.get("startTime")}

    def _rows(self, query: Mapping[str, Any]) -> Iterator[Body]:
        return cursor_pages(self.http, API + "/v2/observations", query, PAGE_SIZE)

    def _scores(self, trace_id: str) -> List[Body]:
        query = {"traceId": trace_id, "fields": "details,subject"}
        rows = cursor_pages(self.http, API + "/v3/scores", query, 100)
        return [server_rows.score(row) for row in rows]


def cursor_pages(
    http: LangfuseHttp, path: str, query: Mapping[str, Any], size: int
) -> Iterator[Body]:
    """Yield the rows of every page of a listing with a cursor."""
    cursor = None
    while True:
        answer = http.request("GET", path, dict(query, limit=size, cursor=cursor))
        for row in answer.get("data") or []:
            yield row
        cursor = (answer.get("meta") or {}).get("cursor")
        if not cursor:
            return


def _merged(rows: Iterator[Body]) -> List[Body]:
    """Return one row a span, in the order of their start; of several the one that ended last."""
    latest: Dict[Any, Body] = {}
    for row in rows:
        key = (row["traceId"], row["id"])
        known = latest.get(key)
        if known is None or (row.get("endTime") or "") > (known.get("endTime") or ""):
            latest[key] = row
    return sorted(latest.values(), key=lambda row: row.get("startTime") or "")


def _whole_trace(rows: List[Body]) -> Body:
    found = _trace(rows)
    return dict(found, observations=_observations(rows, found["id"]))


def _trace(rows: List[Body]) -> Body:
    """Return the trace of its spans: what its root says, and what every span repeats."""
    own_root = [row for row in rows if row["id"] == ids.root_span_id(row["traceId"])]
    roots = [row for row in rows if not row.get("parentObservationId")]
    root = (own_root or roots or rows)[0]
    contents = {name: span_metadata.from_text(root.get(name)) for name in ("input", "output")}
    found = dict(
        root,
        id=root["traceId"],
        timestamp=root["startTime"],
        name=root.get("traceName") or (root.get("name") if own_root or roots else None),
        **contents,
    )
    return server_rows.trace(found)


def _observations(rows: List[Body], trace_id: str) -> List[Body]:
    found = []
    for row in rows:
        root = ids.root_span_id(row["traceId"])
        if row["id"] == root or row["id"] == "t-" + row["traceId"]:
            continue
        body = server_rows.span(row)
        if body.get("parentObservationId") in (root, "t-" + row["traceId"]):
            del body["parentObservationId"]
        found.append(dict(body, traceId=trace_id))
    return found
