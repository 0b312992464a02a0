"""Reads pages of a v4 server's ``/v2/observations``, and makes traces and observations of their rows.

Rows are always ordered by start, the latest first. A span that was sent twice has two rows for a
while, with the same start. A cursor continues after that start, so that the second row may be on no
page at all.

Our own traces have a root span that represents the trace itself (``ids.root_span_id``). A v4-dual
server makes such a row, ``t-<trace id>``, for a trace that was sent as ingestion events. These rows
become the trace's fields and are not observations. Root spans of other programs are both.
"""

import json
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Optional, Set, Tuple
from urllib.parse import quote

from coaiapy import patience
from coaiapy.langfuse.client.errors import TooHeavyError
from coaiapy.langfuse.client.http import LangfuseHttp
from coaiapy.langfuse.client.metadata import from_text, is_added, is_ours, of_trace
from coaiapy.langfuse.client.pages import by_cursor
from coaiapy.langfuse.read import rows as server_rows
from coaiapy.langfuse.records import ids
from coaiapy.langfuse.records.body import Body
from coaiapy.util.http.page_watch import PageWatch

# The server cuts metadata values after this many characters; whether it counts bytes is not known.
CUT_AT = 200
_WIDEST_CHARACTER = 4
# The trace's fields, which any of its spans may have; the root span's value comes first.
_TRACE_FIELDS = ("userId", "sessionId", "traceName", "release", "version", "tags")
ROWS = "/api/public/v2/observations"
PAGE_SIZE = 1000
_IDENTITY = ("id", "traceId", "startTime")
# The most bytes of ids in a URL.
ADDRESS_BYTES = 4000


def merged(rows: Iterable[Body]) -> List[Body]:
    """Return one row for each span, in the order of their start."""
    return sorted(latest(rows).values(), key=lambda row: (row["startTime"], row["id"]))


def latest(rows: Iterable[Body]) -> Dict[Any, Body]:
    """Return one row for each span, by ``key_of``, in the order given.

    Of several rows of a span the one with the latest end is taken.
    """
    found: Dict[Any, Body] = {}
    for row in rows:
        key = key_of(row)
        if key not in found or _ended(row) >= _ended(found[key]):
            found[key] = row
    return found


def key_of(row: Body) -> Any:
    """Return what identifies a row's span."""
    return row["traceId"], row["id"]


def _ended(row: Body) -> Any:
    return str(row.get("endTime") or ""), str(row.get("updatedAt") or "")


def _metadata(row: Body) -> Body:
    metadata = row.get("metadata")
    return metadata if isinstance(metadata, dict) else {}


def is_own_root(row: Body) -> bool:
    """Tell whether the row is the root span that coaia writes for a trace."""
    return bool(row["id"] == ids.root_span_id(row["traceId"]))


def is_trace(row: Body) -> bool:
    """Tell whether the row represents only a trace, and is not an observation."""
    return is_own_root(row) or _is_dual_root(row)


def has_trace(root: Body) -> bool:
    """Tell whether a root span has fields of its trace: not if it is coaia's for an observation."""
    return is_trace(root) or not is_ours(_metadata(root))


def _is_dual_root(row: Body) -> bool:
    return bool(row["id"] == "t-" + row["traceId"])


def trace(rows: List[Body]) -> Body:
    """Return the trace made from its merged spans; its root spans are enough."""
    rows = [_without_observation_fields(row) for row in rows]
    made_for_it = sorted(filter(is_trace, rows), key=_is_dual_root)
    roots = [row for row in rows if row.get("isRootObservation")]
    root = (made_for_it or roots or rows)[0]
    found = dict(root, id=root["traceId"], timestamp=root["startTime"])
    for name in _TRACE_FIELDS:
        found[name] = next((row[name] for row in [root] + rows if row.get(name)), None)
    for name in ("input", "output"):
        found[name] = from_text(root.get(name))
    is_named_root = root in roots and not is_own_root(root)
    found["name"] = found["traceName"] or (root.get("name") if is_named_root else None)
    return server_rows.trace(found)


def _without_observation_fields(row: Body) -> Body:
    """Return a row with only the fields of its trace.

    Only spans of coaia keep these apart from the observation's fields; others are not changed.
    """
    metadata = _metadata(row)
    if is_trace(row) or not is_ours(metadata):
        return row
    nothing = dict.fromkeys(("name", "version", "input", "output"))
    return dict(row, metadata=of_trace(metadata), **nothing)


def whole_trace(rows: List[Body]) -> Body:
    """Return the trace made from its merged spans, with its observations."""
    found = trace(rows)
    below = [dict(body, traceId=found["id"]) for body in observations(rows)]
    return dict(found, observations=below)


def observations(rows: Iterable[Body]) -> List[Body]:
    """Return the observations in merged rows; those directly below the trace have no parent."""
    found = []
    for row in rows:
        if not is_trace(row):
            body = server_rows.span(row)
            tops = (ids.root_span_id(row["traceId"]), "t-" + row["traceId"])
            if body.get("parentObservationId") in tops:
                del body["parentObservationId"]
            found.append(body)
    return found


def cut_keys(rows: Iterable[Body]) -> Set[str]:
    """Return the keys of the users' metadata whose values the server may have cut."""
    return {
        key
        for row in rows
        for key, value in _metadata(row).items()
        if isinstance(value, str)
        and len(value.encode("utf-8")) > CUT_AT - _WIDEST_CHARACTER
        and not is_added(key)
        and "," not in key
    }


class SpanPages:
    """The pages of one query, one after the other, with complete metadata.

    The server cuts long metadata values, except of keys that the query lists. ``follows`` says that
    earlier requests have succeeded, so that this one is retried for longer (see ``pages``).
    """

    def __init__(
        self,
        http: LangfuseHttp,
        query: Mapping[str, Any],
        cursor: Optional[str] = None,
        follows: bool = False,
    ) -> None:
        self.http = http
        self.query = dict(query)
        self.cursor = cursor
        self._keys: Set[str] = set()
        self._watch = PageWatch(http.shown_url)
        self._follows = follows
        self._most = PAGE_SIZE  # reduced when the server refuses a page as too large

    def between(self, start: Optional[str], end: str) -> "SpanPages":
        """Return the pages of the same query for the spans that start in this time."""
        query = dict(self.query, fromStartTime=start, toStartTime=end)
        pages = SpanPages(self.http, query, follows=True)
        pages._keys, pages._most = set(self._keys), self._most
        return pages

    def next(self, size: int) -> List[Body]:
        """Return the rows of the next page, and advance the cursor."""
        rows, self.cursor = self._ask(size)
        self._watch.is_new(repr([row.get(name) for name in _IDENTITY]) for row in rows)
        return rows

    def whole(self, size: int) -> List[Body]:
        """Return the rows of the next page and all rows of its last span; advance the cursor."""
        rows = self.next(size)
        return rows + list(self._of_spans(rows[-1:])) if self.cursor else rows

    def rest(self) -> Iterator[Body]:
        """Yield the rows of all remaining pages, then all rows of the last span of each page."""
        lasts: List[Body] = []
        while True:
            rows = self.next(PAGE_SIZE)
            for row in rows:
                yield row
            if not self.cursor:
                break
            lasts += rows[-1:]
        for row in self._of_spans(lasts):
            yield row

    def _of_spans(self, rows: List[Body]) -> Iterator[Body]:
        """Yield all rows of the spans of ``rows``."""
        spans = {row["id"] + row["traceId"]: row for row in rows}
        for some in in_addresses(spans):
            wanted = {key_of(spans[one]) for one in some}
            conditions = [
                condition(
                    "stringOptions", name, "any of", sorted({spans[one][name] for one in some})
                )
                for name in ("id", "traceId")
            ]
            query = {"filter": filter_of(conditions), "fields": self.query.get("fields")}
            pages = SpanPages(self.http, query, follows=True)
            pages._keys = set(self._keys)
            for row in pages.next(PAGE_SIZE):
                if key_of(row) in wanted:
                    yield row

    def _ask(self, size: int) -> Tuple[List[Body], Optional[str]]:
        rows, cursor = self._page(size)
        cut = cut_keys(rows) - self._keys
        if cut:
            self._keys |= cut
            rows, cursor = self._page(size)
        return rows, cursor

    def _page(self, size: int) -> Tuple[List[Body], Optional[str]]:
        query = dict(self.query, limit=min(size, self._most))
        if self._keys:
            query["expandMetadata"] = ",".join(sorted(self._keys))
        deadline = self._watch.time_for_page(patience.LANGFUSE_PAGE) if self._follows else None
        try:
            answer = by_cursor(self.http, ROWS, query, self._watch, self.cursor, deadline)
        except TooHeavyError:
            if query["limit"] == 1:
                raise
            self._most = query["limit"] // 2
            return self._page(size)
        self._follows = True
        return answer


def condition(kind: str, column: str, operator: str, value: Any) -> Body:
    """Return a condition for ``filter_of``, which ignores one whose ``value`` is ``None``."""
    return {"type": kind, "column": column, "operator": operator, "value": value}


IS_ROOT = condition("boolean", "isRootObservation", "=", True)


def filter_of(conditions: Iterable[Body]) -> str:
    """Return the value of the parameter ``filter``: rows must meet all conditions."""
    return json.dumps([one for one in conditions if one["value"] is not None])


def in_addresses(values: Iterable[str], most: Optional[int] = None) -> Iterator[List[str]]:
    """Yield ``values`` in parts that fit into a URL, each of at most ``most`` values."""
    some: List[str] = []
    size = 0
    for value in values:
        needed = len(quote(value)) + len(quote('", "'))
        if some and (size + needed > ADDRESS_BYTES or len(some) == most):
            yield some
            some, size = [], 0
        some.append(value)
        size += needed
    if some:
        yield some
