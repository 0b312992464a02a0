"""Listings of a server, read page by page.

Older routes number their pages, newer ones return a cursor. Later pages are retried for longer than
the first one: half a listing is of no use, and the server's rate limit may be reached on the way.
"""

import time
from typing import Any, Iterator, List, Mapping, Optional, Sequence, Tuple

from coaiapy import json_values
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
    key: str = "id",
) -> Iterator[Body]:
    """Yield the rows of a numbered listing, without the first ``offset`` ones.

    ``NetworkError`` for a row without a text under ``key``.
    """
    size = min(most or MOST_ROWS, MOST_ROWS)
    page, skipped = offset // size + 1, offset % size
    deadline = None
    while True:
        asked = dict(query, page=page, limit=size)
        answer = http.request("GET", path, asked, deadline=deadline) or {}
        rows = rows_in(http, answer, key)
        for row in rows[skipped:]:
            yield row
        pages = _meta(answer).get("totalPages")
        if not rows or not isinstance(pages, int) or page >= pages:
            return
        page, skipped = page + 1, 0
        deadline = time.monotonic() + PATIENCE


def by_cursor(
    http: LangfuseHttp,
    path: str,
    query: Query,
    cursor: Optional[str],
    is_first: bool,
    keys: Sequence[str] = ("id",),
) -> Tuple[List[Body], Optional[str]]:
    """Return the rows of one page of a listing with cursors, and the next cursor or ``None``.

    ``NetworkError`` for a row without a text under each of ``keys``.
    """
    deadline = None if is_first else time.monotonic() + PATIENCE
    answer = http.request("GET", path, dict(query, cursor=cursor), deadline=deadline) or {}
    found = _meta(answer).get("cursor") or None
    if found is not None and (found == cursor or not isinstance(found, str)):
        raise NetworkError(
            "{} does not say how to get the next page: check that LANGFUSE_BASE_URL is the "
            "address of Langfuse".format(http.shown_url)
        )
    return rows_in(http, answer, *keys), found


def rows_in(http: LangfuseHttp, answer: Body, *keys: str) -> List[Body]:
    """Return the rows in a page's ``data``.

    ``NetworkError`` if it is not a list of objects that have a text under each of ``keys``.
    """
    rows = answer.get("data") or []
    if not isinstance(rows, list) or not all(_is_record(row, keys) for row in rows):
        raise NetworkError(
            "{} lists something that is not a record: check that LANGFUSE_BASE_URL is the address "
            "of Langfuse".format(http.shown_url)
        )
    return rows


def _is_record(row: Any, keys: Sequence[str]) -> bool:
    return isinstance(row, dict) and all(_is_text(row.get(key)) for key in keys)


def _is_text(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(json_values.plain_text(value))
    except ValueError:
        return False


def _meta(answer: Body) -> Body:
    meta = answer.get("meta")
    return meta if isinstance(meta, dict) else {}
