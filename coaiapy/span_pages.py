"""Reads pages of a v4 server's ``/v2/observations``, and builds the filters for it.

Rows are always ordered by start, the latest first. A span that was sent twice has two rows for a
while, with the same start. A cursor continues after that start, so that the second row may be on no
page at all.
"""

import json
from typing import Any, Iterable, Iterator, List, Mapping, Optional, Set, Tuple
from urllib.parse import quote

from coaiapy import span_rows
from coaiapy.langfuse.client.errors import TooHeavyError
from coaiapy.langfuse.client.http import LangfuseHttp
from coaiapy.langfuse.client.pages import PATIENCE, by_cursor
from coaiapy.langfuse.records.fields import Body
from coaiapy.util.http.page_watch import PageWatch

ROWS = "/api/public/v2/observations"
PAGE_SIZE = 1000
_IDENTITY = ("id", "traceId", "startTime")
# The most bytes of ids in a URL.
ADDRESS_BYTES = 4000


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

    def next(self, size: int) -> List[Body]:
        """Return the rows of the next page, and advance the cursor."""
        rows, self.cursor = self._ask(size)
        self._watch.is_new(repr([row.get(name) for name in _IDENTITY]) for row in rows)
        return rows

    def whole(self, size: int) -> List[Body]:
        """Return the rows of the next page and all rows of its last span; advance the cursor."""
        rows = self.next(size)
        if rows and self.cursor:
            last = rows[-1]
            same = [condition("string", name, "=", last[name]) for name in ("id", "traceId")]
            query = {"filter": filter_of(same), "fields": self.query.get("fields")}
            rows += SpanPages(self.http, query, follows=True).next(PAGE_SIZE)
        return rows

    def rest(self) -> Iterator[Body]:
        """Yield the rows of all remaining pages."""
        while True:
            for row in self.whole(PAGE_SIZE):
                yield row
            if not self.cursor:
                return

    def _ask(self, size: int) -> Tuple[List[Body], Optional[str]]:
        rows, cursor = self._page(size)
        cut = span_rows.cut_keys(rows) - self._keys
        if cut:
            self._keys |= cut
            rows, cursor = self._page(size)
        return rows, cursor

    def _page(self, size: int) -> Tuple[List[Body], Optional[str]]:
        query = dict(self.query, limit=min(size, self._most))
        if self._keys:
            query["expandMetadata"] = ",".join(sorted(self._keys))
        deadline = self._watch.time_for_page(PATIENCE) if self._follows else None
        try:
            answer = by_cursor(self.http, ROWS, query, self.cursor, deadline)
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
