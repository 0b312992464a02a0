"""Reads from a v4 server, where a trace is all spans with its id (see ``spans``).

A listing of traces is a listing of root spans, the latest first. It is read in two steps: first
only the ids, with few fields; then all root spans of the wanted traces by id, because a trace may
have several roots, and a span that was sent twice several rows, on different pages.
"""

from heapq import merge
from operator import itemgetter
from typing import Any, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Set

from coaiapy.langfuse.client.http import LangfuseHttp
from coaiapy.langfuse.client.pages import rows_by_cursor
from coaiapy.langfuse.read import rows as server_rows
from coaiapy.langfuse.read.filters import ObservationFilter, Page, SessionFilter, TraceFilter
from coaiapy.langfuse.read.local import sessions_of
from coaiapy.langfuse.read.v4 import spans as read_spans
from coaiapy.langfuse.read.v4 import windows
from coaiapy.langfuse.read.v4.spans import (
    IS_ROOT,
    PAGE_SIZE,
    SpanPages,
    condition,
    filter_of,
    in_addresses,
)
from coaiapy.langfuse.records import ids
from coaiapy.langfuse.records.body import Body

SCORES = "/api/public/v3/scores"
FIRST_PAGE = 100
# At most so many pages of the root spans of a group of traces are read: some have thousands.
MOST_PAGES = 10
_ID_FIELDS = "core,basic"
_LIST_FIELDS = "core,basic,time,io,metadata,trace_context"
_ALL_FIELDS = "core,basic,time,io,metadata,model,usage,prompt,metrics,trace_context"


class FoundTrace(NamedTuple):
    """A trace without its observations.

    ``is_ours``: its root span was written by coaia. ``is_bookmarked``: on the server's web page.
    """

    body: Body
    is_ours: bool
    is_bookmarked: bool


class SpanReader:
    """Has the methods of ``LocalReader``; asks ``/v2/observations`` and ``/v3/scores``."""

    def __init__(self, http: LangfuseHttp) -> None:
        self.http = http

    def traces(self, wanted: TraceFilter, most: Optional[int] = None) -> Iterator[Body]:
        """Yield the traces that ``wanted`` accepts, without their observations."""
        if wanted.newest_first:
            return self._newest_traces(wanted, most)
        return iter(list(self._newest_traces(wanted, None))[::-1])

    def _newest_traces(self, wanted: TraceFilter, most: Optional[int]) -> Iterator[Body]:
        seen: Set[str] = set()
        listings = [self._listed(conditions, most) for conditions in _conditions(wanted)]
        for found in merge(*listings, key=itemgetter("timestamp"), reverse=True):
            if found["id"] not in seen and wanted.accepts(found):
                seen.add(found["id"])
                yield found

    def _listed(self, conditions: List[Body], most: Optional[int]) -> Iterator[Body]:
        for rows in self._root_groups(conditions, "traceId", _LIST_FIELDS, most):
            yield read_spans.trace(rows)

    def whole(self, traces: Iterable[Body]) -> List[Body]:
        """Return listed traces with their observations and scores; asks for many at once."""
        listed = list(traces)
        forms = [ids.span_trace_id(trace["id"]) for trace in listed]
        forms += [trace["id"] for trace in listed if trace["id"] not in forms]
        rows = read_spans.merged(self._rows_of("traceId", forms, _ALL_FIELDS))
        spans = _by(rows, "traceId", ids.span_trace_id)
        scores = _by(self._scores(forms), "traceId", ids.span_trace_id)
        return [
            dict(
                read_spans.whole_trace(spans[key])
                if key in spans
                else dict(trace, observations=[]),
                scores=scores.get(key, []),
            )
            for trace in listed
            for key in [ids.span_trace_id(trace["id"])]
        ]

    def trace(self, trace_id: str) -> Optional[Body]:
        """Return a trace with its observations and scores, or ``None``."""
        for form in _likeliest_first(trace_id):
            rows = read_spans.merged(windows.rows_of_trace(self.http, form, _ALL_FIELDS))
            if rows:
                return dict(read_spans.whole_trace(rows), scores=self._scores([form]))
        return None

    def existing(self, trace_ids: Sequence[str]) -> Set[str]:
        """Return those of the traces that there are."""
        return {one for one in trace_ids if any(map(self._has_rows, _likeliest_first(one)))}

    def _has_rows(self, trace_id: str) -> bool:
        return bool(SpanPages(self.http, {"traceId": trace_id, "fields": "core"}).next(1))

    def known(self, keys: Mapping[str, bool]) -> Dict[str, FoundTrace]:
        """Return those of the traces that the server has, by their ids as hex digits.

        The values of ``keys`` say whether only a root span makes a trace known.
        """
        found = _by(filter(read_spans.has_trace, self._roots_of_all(list(keys))), "traceId")
        for some in in_addresses(key for key in keys if not (keys[key] or key in found)):
            one_of = condition("stringOptions", "traceId", "any of", some)
            query = {"filter": filter_of([one_of]), "fields": _LIST_FIELDS}
            found.update(_by(SpanPages(self.http, query).next(FIRST_PAGE), "traceId"))
        return {key: _found_trace(read_spans.merged(rows)) for key, rows in found.items()}

    def _roots_of_all(self, keys: List[str]) -> Iterator[Body]:
        for some in in_addresses(keys):
            for row in self._roots_of("traceId", some, _LIST_FIELDS):
                yield row

    def session_traces(self, session_id: str) -> List[Body]:
        """Return the traces of a session, the oldest first.

        Spans of a trace that was moved to another session may still have the first one.
        """
        rows = self._rows({"sessionId": session_id, "fields": "core"})
        forms = sorted({row["traceId"] for row in rows})
        spans = _by(read_spans.merged(self._rows_of("traceId", forms, _LIST_FIELDS)), "traceId")
        of_it = [
            trace
            for trace in map(read_spans.trace, spans.values())
            if trace.get("sessionId") == session_id
        ]
        return sorted(of_it, key=lambda trace: trace["timestamp"])

    def observations_by_id(self, observation_id: str) -> List[Body]:
        """Return every observation with this id."""
        found: List[Body] = []
        for form in ids.known_observation_forms(observation_id):
            query = {
                "filter": filter_of([condition("string", "id", "=", form)]),
                "fields": _ALL_FIELDS,
            }
            found += read_spans.observations(read_spans.merged(self._rows(query)))
        return found

    def observations(
        self, wanted: ObservationFilter, limit: int, cursor: Optional[str] = None
    ) -> Page:
        """Return at most ``limit`` observations, the latest first."""
        query = {
            "name": wanted.name,
            "type": wanted.type,
            "environment": wanted.environment,
            "userId": wanted.user_id,
            "version": wanted.version,
            "parentObservationId": wanted.parent_id and ids.span_id(wanted.parent_id),
            "fromStartTime": wanted.from_time,
            "toStartTime": wanted.to_time,
            "fields": _ALL_FIELDS,
        }
        page = Page([])
        for form in _likeliest_first(wanted.trace_id) if wanted.trace_id else [None]:
            page = self._observations_page(dict(query, traceId=form), limit, cursor)
            if page.rows:
                break
        return page

    def _observations_page(self, query: Body, limit: int, cursor: Optional[str]) -> Page:
        """Return one page of observations.

        Some rows are not counted: those that stand for a trace, and second rows of a span that was
        sent twice. More rows are read until there are ``limit`` observations. The cursor that is
        returned continues directly after the last of them.
        """
        found: Dict[Any, Body] = {}
        pages = SpanPages(self.http, query, cursor)
        size = limit
        while True:
            start, rows = pages.cursor, pages.whole(min(size, PAGE_SIZE))
            for key, row in read_spans.latest(rows).items():
                if len(found) == limit:
                    pages.cursor = start
                    pages.next(list(map(read_spans.key_of, rows)).index(key))
                    break
                if not read_spans.is_trace(row):
                    found.setdefault(key, row)
            if len(found) == limit or not pages.cursor:
                return Page(read_spans.observations(found.values()), pages.cursor)
            size = max(FIRST_PAGE, size * 2)

    def search(self, text: str, wanted: TraceFilter, most: Optional[int]) -> Any:
        """Return the traces that ``wanted`` accepts and that contain a text (see ``search``)."""
        from coaiapy.langfuse.read.v4 import search

        return search.search(self, text, wanted, most)

    def figures(self) -> Any:
        """Return what answers questions about figures of many observations."""
        from coaiapy.langfuse.read.figures.spans import SpanFigures

        return SpanFigures(self.http)

    def sessions(self, wanted: SessionFilter, most: Optional[int] = None) -> Iterator[Body]:
        """Yield the sessions of root spans that ``wanted`` accepts.

        The session with the latest trace comes first.
        """
        conditions = [IS_ROOT, condition("string", "environment", "=", wanted.environment)]
        for rows in self._root_groups(conditions, "sessionId", _ID_FIELDS, most):
            roots = _by(rows, "traceId").values()
            newest_first = [read_spans.trace(group) for group in roots][::-1]
            for session in filter(wanted.accepts, sessions_of(newest_first)):
                yield session

    def _root_groups(
        self, conditions: List[Body], column: str, fields: str, most: Optional[int]
    ) -> Iterator[List[Body]]:
        """Yield the merged root spans of each trace or session, the latest first.

        ``column`` is ``traceId`` or ``sessionId``; ``most`` is how many groups the caller will
        probably take.
        """
        if most is None and filter_of(conditions) == filter_of([IS_ROOT]):
            rows = SpanPages(self.http, {"filter": filter_of(conditions), "fields": fields}).rest()
            for group in _by(rows, column).values():
                yield read_spans.merged(group)
            return
        for names in self._group_ids(conditions, column, most):
            groups = _by(self._roots_of(column, names, fields), column)
            for name in names:
                if name in groups:
                    yield read_spans.merged(groups[name])

    def _group_ids(
        self, conditions: List[Body], column: str, most: Optional[int]
    ) -> Iterator[List[str]]:
        """Yield the ids of traces or sessions, the latest first, in parts that one query can hold.

        An id that fills much of a page is excluded from the next pages.
        """
        seen: Set[str] = set()
        crowded: List[str] = []
        pages = SpanPages(self.http, {"fields": _ID_FIELDS})
        size = max(FIRST_PAGE, most or PAGE_SIZE)
        while True:
            others = next(in_addresses(crowded), None)
            pages.query["filter"] = filter_of(
                conditions + [condition("stringOptions", column, "none of", others)]
            )
            groups = _by(pages.next(min(size, PAGE_SIZE)), column)
            for some in in_addresses([name for name in groups if name not in seen], most):
                yield some
            if not pages.cursor:
                return
            seen.update(groups)
            crowded += [name for name in groups if len(groups[name]) * 10 > size]
            size *= 2

    def _roots_of(self, column: str, values: List[str], fields: str) -> Iterator[Body]:
        conditions = [IS_ROOT, condition("stringOptions", column, "any of", values)]
        query = {"filter": filter_of(conditions), "fields": fields}
        pages = SpanPages(self.http, query, follows=True)
        for _ in range(MOST_PAGES):
            for row in pages.whole(PAGE_SIZE):
                yield row
            if not pages.cursor:
                return

    def _rows_of(self, column: str, values: List[str], fields: str) -> Iterator[Body]:
        for some in in_addresses(values):
            conditions = [condition("stringOptions", column, "any of", some)]
            for row in self._rows({"filter": filter_of(conditions), "fields": fields}):
                yield row

    def _rows(self, query: Body) -> Iterator[Body]:
        return SpanPages(self.http, query).rest()

    def _scores(self, trace_ids: List[str]) -> List[Body]:
        found: List[Body] = []
        for some in in_addresses(trace_ids):
            query = {"traceId": ",".join(some), "fields": "details,subject", "limit": 100}
            found += map(server_rows.score, rows_by_cursor(self.http, SCORES, query))
        return found


def _found_trace(rows: List[Body]) -> FoundTrace:
    ours = any(map(read_spans.is_own_root, rows))
    return FoundTrace(read_spans.trace(rows), ours, any(row.get("bookmarked") for row in rows))


def _conditions(wanted: TraceFilter) -> List[List[Body]]:
    """Return the filters for root spans, one for each query that is needed.

    For a name there are two queries, since a trace without a name is known by its root span's.
    """
    conditions = [
        IS_ROOT,
        condition("arrayOptions", "tags", "all of", list(wanted.tags) or None),
        condition("string", "userId", "=", wanted.user_id),
        condition("string", "sessionId", "=", wanted.session_id),
        condition("string", "environment", "=", wanted.environment),
        condition("string", "version", "=", wanted.version),
        condition("datetime", "startTime", ">=", wanted.from_time),
        condition("datetime", "startTime", "<", wanted.to_time),
    ]
    if wanted.name is None:
        return [conditions]
    names = [condition("string", name, "=", wanted.name) for name in ("traceName", "name")]
    return [conditions + [one] for one in names]


def _likeliest_first(trace_id: str) -> List[str]:
    kept = ids.span_trace_id(trace_id)
    return sorted(ids.known_forms(trace_id), key=lambda form: form != kept)


def _by(rows: Iterable[Body], column: str, form: Any = str) -> Dict[str, List[Body]]:
    """Return rows grouped by their value in ``column``, without those that have none there."""
    groups: Dict[str, List[Body]] = {}
    for row in rows:
        if row.get(column):
            groups.setdefault(form(row[column]), []).append(row)
    return groups
