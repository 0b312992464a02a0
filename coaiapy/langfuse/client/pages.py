"""Listings of a server, read page by page.

Older routes number their pages, newer ones return a cursor. Later pages are retried for longer than
the first one: half a listing is of no use, and the server's rate limit may be reached on the way.
"""

import itertools
from typing import Any, Iterator, List, Mapping, Optional, Tuple

from coaiapy import patience
from coaiapy.errors import NetworkError
from coaiapy.langfuse.client.http import LangfuseHttp
from coaiapy.langfuse.records.body import Body
from coaiapy.util.deadlines import Deadline
from coaiapy.util.http.page_watch import PageWatch

# The largest page of a numbered listing that servers allow.
MOST_ROWS = 100

Query = Mapping[str, Any]


def numbered(http: LangfuseHttp, path: str, query: Query, most: Optional[int]) -> Iterator[Body]:
    """Yield all rows of a numbered listing, each id once.

    ``most`` is how many rows the caller will probably take, and sets the size of a page. A record
    that is written meanwhile can push a row to the next page, where it comes a second time.
    """
    for rows, is_new in _pages(http, path, query, 1, _size(most)):
        for row in itertools.compress(rows, is_new):
            yield row


def rows_from(
    http: LangfuseHttp,
    path: str,
    query: Query,
    offset: int,
    most: Optional[int],
) -> Iterator[Body]:
    """Yield the rows of a numbered listing, without the first ``offset`` ones."""
    size = _size(most)
    skipped = offset % size
    for rows, _ in _pages(http, path, query, offset // size + 1, size):
        for row in rows[skipped:]:
            yield row
        skipped = 0


def _size(most: Optional[int]) -> int:
    return min(most or MOST_ROWS, MOST_ROWS)


def _pages(
    http: LangfuseHttp, path: str, query: Query, page: int, size: int
) -> Iterator[Tuple[List[Body], List[bool]]]:
    """Yield the rows of each page from ``page`` on, and of each row whether it is new.

    ``NetworkError`` for a listing without an end (see ``page_watch``).
    """
    watch = PageWatch(http.shown_url)
    deadline: Optional[Deadline] = None
    while True:
        asked = dict(query, page=page, limit=size)
        answer = http.request("GET", path, asked, deadline=deadline, received=watch.received)
        rows = answer["data"]
        yield rows, watch.is_new(map(_identity, rows))
        if not rows or page >= answer.get("meta", {}).get("totalPages", 0):
            return
        page += 1
        deadline = watch.time_for_page(patience.LANGFUSE_PAGE)


def _identity(row: Body) -> str:
    """Return what tells a row from others: the listing of prompts has names, all others have ids."""
    return str(row.get("id", row.get("name")))


def rows_by_cursor(http: LangfuseHttp, path: str, query: Query) -> Iterator[Body]:
    """Yield the rows of all pages of a listing with cursors, each id once."""
    watch = PageWatch(http.shown_url)
    cursor, deadline = None, None
    while True:
        rows, cursor = by_cursor(http, path, query, watch, cursor, deadline)
        for row in itertools.compress(rows, watch.is_new(map(_identity, rows))):
            yield row
        if not cursor:
            return
        deadline = watch.time_for_page(patience.LANGFUSE_PAGE)


def by_cursor(
    http: LangfuseHttp,
    path: str,
    query: Query,
    watch: PageWatch,
    cursor: Optional[str],
    deadline: Optional[Deadline] = None,
) -> Tuple[List[Body], Optional[str]]:
    """Return the rows of one page of a listing with cursors, and the next cursor or ``None``."""
    asked = dict(query, cursor=cursor)
    answer = http.request("GET", path, asked, deadline=deadline, received=watch.received)
    found = answer.get("meta", {}).get("cursor") or None
    if found is not None and found == cursor:
        raise NetworkError(
            "{} does not say how to get the next page: check that LANGFUSE_BASE_URL is the "
            "address of Langfuse".format(http.shown_url)
        )
    return answer["data"], found
