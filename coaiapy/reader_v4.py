"""Reading from a v4 server: a trace is the spans that share its id (see ``span_rows``).

Listings go by root spans, the latest first, which is the only order that the server has.
"""

import json
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Optional, Set
from urllib.parse import quote

from coaiapy import ids, server_rows, span_rows
from coaiapy.langfuse_errors import TooHeavyError
from coaiapy.langfuse_http import LangfuseHttp
from coaiapy.reader_local import sessions_of
from coaiapy.record_fields import Body
from coaiapy.server_pages import by_cursor
from coaiapy.trace_filter import ObservationFilter, Page, SessionFilter, TraceFilter

ROWS = "/api/public/v2/observations"
SCORES = "/api/public/v3/scores"
PAGE_SIZE = 500
# Ids travel in the address, which may have so many bytes of them.
ADDRESS_BYTES = 4000
_SHORT = "core,basic,time,trace_context"
_LISTED = "core,basic,time,io,metadata,trace_context"
_ALL = "core,basic,time,io,metadata,model,usage,prompt,metrics,trace_context"


class SpanReader:
    """The reads of ``LocalReader``, answered by ``/v2/observations`` and ``/v3/scores``."""

    def __init__(self, http: LangfuseHttp) -> None:
        self.http = http

    def traces(self, wanted: TraceFilter, most: Optional[int] = None) -> Iterator[Body]:
        """Yield the traces that ``wanted`` accepts, without their observations."""
        if wanted.newest_first:
            return self._newest_traces(wanted, None if wanted.name else most)
        return iter(list(self._newest_traces(wanted, None))[::-1])

    def _newest_traces(self, wanted: TraceFilter, most: Optional[int]) -> Iterator[Body]:
        for rows in self._root_groups(_root_query(wanted), "traceId", most):
            found = span_rows.trace(rows)
            if wanted.accepts(found):
                yield found

    def whole(self, traces: Iterable[Body]) -> List[Body]:
        """Return listed traces with their observations and scores, asking for many at once."""
        listed = list(traces)
        forms = [ids.span_trace_id(trace["id"]) for trace in listed]
        forms += [trace["id"] for trace in listed if trace["id"] not in forms]
        rows = span_rows.merged(self._rows_of("traceId", forms, _ALL))
        spans = _by(rows, "traceId", ids.span_trace_id)
        scores = _by(self._scores(forms), "traceId", ids.span_trace_id)
        return [
            dict(
                span_rows.whole_trace(spans[key]) if key in spans else dict(trace, observations=[]),
                scores=scores.get(key, []),
            )
            for trace in listed
            for key in [ids.span_trace_id(trace["id"])]
        ]

    def trace(self, trace_id: str) -> Optional[Body]:
        """Return one whole trace, or ``None``."""
        for form in _likeliest_first(trace_id):
            rows = span_rows.merged(self._rows({"traceId": form, "fields": _ALL}))
            if rows:
                return dict(span_rows.whole_trace(rows), scores=self._scores([form]))
        return None

    def session_traces(self, session_id: str) -> List[Body]:
        """Return the traces of a session, the oldest first; one span is enough to be of it."""
        rows = self._rows({"sessionId": session_id, "fields": "core"})
        forms = sorted({row["traceId"] for row in rows})
        spans = _by(span_rows.merged(self._rows_of("traceId", forms, _LISTED)), "traceId")
        return sorted(map(span_rows.trace, spans.values()), key=lambda trace: trace["timestamp"])

    def observations_by_id(self, observation_id: str) -> List[Body]:
        """Return every observation with this id."""
        found: List[Body] = []
        for form in ids.known_observation_forms(observation_id):
            query = {"filter": _filter([_condition("string", "id", "=", form)]), "fields": _ALL}
            found += span_rows.observations(span_rows.merged(self._rows(query)))
        return found

    def observations(
        self, wanted: ObservationFilter, limit: int, cursor: Optional[str] = None
    ) -> Page:
        """Return at most ``limit`` observations, the latest first."""
        query = {
            "name": wanted.name,
            "type": wanted.type,
            "environment": wanted.environment,
            "fields": _ALL,
        }
        page = Page([])
        for form in _likeliest_first(wanted.trace_id) if wanted.trace_id else [None]:
            page = self._observations_page(dict(query, traceId=form), limit, cursor)
            if page.rows:
                break
        return page

    def _observations_page(self, query: Body, limit: int, cursor: Optional[str]) -> Page:
        """Rows that stand for a trace or were sent twice are no observations: fill up."""
        rows: List[Body] = []
        pages = _Pages(self.http, query, cursor)
        while True:
            rows += pages.next(min(limit - len(rows), PAGE_SIZE))
            found = span_rows.observations(span_rows.merged(rows))[::-1]
            if len(found) >= limit or not pages.cursor:
                return Page(found, pages.cursor)
            rows = [row for row in span_rows.merged(rows) if not span_rows.is_trace(row)]

    def sessions(self, wanted: SessionFilter, most: Optional[int] = None) -> Iterator[Body]:
        """Yield the sessions that root spans belong to and ``wanted`` accepts.

        Those with the latest trace come first.
        """
        query = {"isRootObservation": "true", "environment": wanted.environment, "fields": _SHORT}
        for rows in self._root_groups(query, "sessionId", most):
            roots = _by(span_rows.merged(rows), "traceId").values()
            newest_first = [span_rows.trace(group) for group in roots][::-1]
            for session in filter(wanted.accepts, sessions_of(newest_first)):
                yield session

    def _root_groups(self, query: Body, column: str, most: Optional[int]) -> Iterator[List[Body]]:
        """Yield all root spans of each trace, or session, merged, the latest first.

        ``most``: how many the caller will take, for which earlier roots are looked up; without
        it every page is read, and they are all there.
        """
        if most is None:
            for group in _by(self._rows(query), column).values():
                yield span_rows.merged(group)
            return
        seen: Set[str] = set()
        pages = _Pages(self.http, query)
        while True:
            groups = _by(pages.next(min(most, PAGE_SIZE)), column)
            for name in seen.intersection(groups):
                del groups[name]
            seen.update(groups)
            self._complete(groups, column, query["fields"])
            for group in groups.values():
                yield span_rows.merged(group)
            if not pages.cursor:
                return

    def _complete(self, groups: Dict[str, List[Body]], column: str, fields: str) -> None:
        """Add the earlier roots that stand on later pages; a trace of ours has only one."""
        lacking = [
            name
            for name, rows in groups.items()
            if column != "traceId" or not any(map(span_rows.is_own_root, rows))
        ]
        for row in self._rows_of(column, lacking, fields):
            if row.get("isRootObservation"):
                groups[row[column]].append(row)

    def _rows_of(self, column: str, values: List[str], fields: str) -> Iterator[Body]:
        for some in _in_addresses(values):
            condition = _condition("stringOptions", column, "any of", some)
            for row in self._rows({"filter": _filter([condition]), "fields": fields}):
                yield row

    def _rows(self, query: Body) -> Iterator[Body]:
        pages = _Pages(self.http, query)
        while True:
            for row in pages.next(PAGE_SIZE):
                yield row
            if not pages.cursor:
                return

    def _scores(self, trace_ids: List[str]) -> List[Body]:
        found: List[Body] = []
        for some in _in_addresses(trace_ids):
            query = {"traceId": ",".join(some), "fields": "details,subject", "limit": 100}
            rows, cursor = by_cursor(self.http, SCORES, query, None, True)
            found += map(server_rows.score, rows)
            while cursor:
                rows, cursor = by_cursor(self.http, SCORES, query, cursor, False)
                found += map(server_rows.score, rows)
        return found


class _Pages:
    """The pages of one query, one after the other, with metadata in full.

    The server cuts long metadata, except under the keys that it is told.
    """

    def __init__(
        self, http: LangfuseHttp, query: Mapping[str, Any], cursor: Optional[str] = None
    ) -> None:
        self.http = http
        self.query = dict(query)
        self.cursor = cursor
        self.keys: Set[str] = set()
        self.is_first = True
        self.most = PAGE_SIZE  # less once a page was too heavy for the server

    def next(self, size: int) -> List[Body]:
        """Return the rows of the next page, and move on."""
        rows, cursor = self._ask(size)
        cut = span_rows.cut_keys(rows) - self.keys
        if cut:
            self.keys |= cut
            rows, cursor = self._ask(size)
        self.cursor = cursor
        return rows

    def _ask(self, size: int) -> Any:
        query = dict(self.query, limit=min(size, self.most))
        if self.keys:
            query["expandMetadata"] = ",".join(sorted(self.keys))
        try:
            answer = by_cursor(self.http, ROWS, query, self.cursor, self.is_first)
        except TooHeavyError:
            if query["limit"] == 1:
                raise
            self.most = query["limit"] // 2
            return self._ask(size)
        self.is_first = False
        return answer


def _root_query(wanted: TraceFilter) -> Body:
    """Return the query for root spans; a tag is something that only ``filter`` can ask for."""
    if not wanted.tags:
        return {
            "isRootObservation": "true",
            "userId": wanted.user_id,
            "sessionId": wanted.session_id,
            "environment": wanted.environment,
            "fromStartTime": wanted.from_time,
            "toStartTime": wanted.to_time,
            "fields": _LISTED,
        }
    conditions = [
        _condition("boolean", "isRootObservation", "=", True),
        _condition("arrayOptions", "tags", "all of", list(wanted.tags)),
        _condition("string", "userId", "=", wanted.user_id),
        _condition("string", "sessionId", "=", wanted.session_id),
        _condition("string", "environment", "=", wanted.environment),
        _condition("datetime", "startTime", ">=", wanted.from_time),
        _condition("datetime", "startTime", "<", wanted.to_time),
    ]
    return {"filter": _filter(conditions), "fields": _LISTED}


def _condition(kind: str, column: str, operator: str, value: Any) -> Body:
    return {"type": kind, "column": column, "operator": operator, "value": value}


def _filter(conditions: List[Body]) -> str:
    return json.dumps([one for one in conditions if one["value"] is not None])


def _likeliest_first(trace_id: str) -> List[str]:
    kept = ids.span_trace_id(trace_id)
    return sorted(ids.known_forms(trace_id), key=lambda form: form != kept)


def _in_addresses(values: List[str]) -> Iterator[List[str]]:
    """Yield ``values`` in parts that fit into an address."""
    some: List[str] = []
    size = 0
    for value in values:
        needed = len(quote(value)) + len(quote('", "'))
        if some and size + needed > ADDRESS_BYTES:
            yield some
            some, size = [], 0
        some.append(value)
        size += needed
    if some:
        yield some


def _by(rows: Iterable[Body], column: str, form: Any = str) -> Dict[str, List[Body]]:
    """Return rows by what they have in ``column``, in their order, without those that lack it."""
    groups: Dict[str, List[Body]] = {}
    for row in rows:
        if row.get(column):
            groups.setdefault(form(row[column]), []).append(row)
    return groups
