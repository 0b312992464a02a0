"""Listings of a server, read page by page.

Older routes number their pages, newer ones return a cursor. Later pages are retried for longer than
the first one: half a listing is of no use, and the server's rate limit may be reached on the way.
"""

import time
from typing import Any, Iterator, List, Mapping, Optional, Tuple

from coaiapy.errors import NetworkError
from coaiapy.langfuse_http import LangfuseHttp
from coaiapy.record_fields import Body

# The largest page of a numbered listing that servers allow.
MOST_ROWS = 100
# Seconds to try to get each later page. Rate limits are counted by the minute.
PATIENCE = 90.0

Query = Mapping[str, Any]


def numbered(http: LangfuseHttp, path: str, query: Query, most: Optional[int]) -> Iterator[Body]:
    """Yield all rows of a numbered listing, each id once.

    ``most`` is how many rows the caller will probably take, and sets the size of a page. A record
    that is written meanwhile can push a row to the next page, where it comes a second time.
    """
    seen = set()
    for row in rows_from(http, path, query, 0, most):
        if row["id"] not in seen:
            seen.add(row["id"])
            yield row


def rows_from(
    http: LangfuseHttp,
    path: str,
    query: Query,
    offset: int,
    most: Optional[int],
) -> Iterator[Body]:
    """Yield the rows of a numbered listing, without the first ``offset`` ones."""
    size = min(most or MOST_ROWS, MOST_ROWS)
    page, skipped = offset // size + 1, offset % size
    deadline = None
    while True:
        asked = dict(query, page=page, limit=size)
        answer = http.request("GET", path, asked, deadline=deadline)
        rows = answer["data"]
        for row in rows[skipped:]:
            yield row
        if not rows or page >= answer.get("meta", {}).get("totalPages", 0):
            return
        page, skipped = page + 1, 0
        deadline = time.monotonic() + PATIENCE


def by_cursor(
    http: LangfuseHttp,
    path: str,
    query: Query,
    cursor: Optional[str],
    is_first: bool,
) -> Tuple[List[Body], Optional[str]]:
    """Return the rows of one page of a listing with cursors, and the next cursor or ``None``."""
    deadline = None if is_first else time.monotonic() + PATIENCE
    answer = http.request("GET", path, dict(query, cursor=cursor), deadline=deadline)
    found = answer.get("meta", {}).get("cursor") or None
    if found is not None and found == cursor:
        raise NetworkError(
            "{} does not say how to get the next page: check that LANGFUSE_BASE_URL is the "
            "address of Langfuse".format(http.shown_url)
        )
    return answer["data"], found
