"""Listings of a server, page by page: numbered pages of old, cursors of late.

A server that limits the rate of requests is waited for, once it has given the first page.
"""

import time
from typing import Any, Iterator, List, Mapping, Optional, Sequence, Tuple

from coaiapy import json_values
from coaiapy.errors import NetworkError
from coaiapy.langfuse_http import LangfuseHttp
from coaiapy.record_fields import Body

# The most that numbered listings give at once.
MOST_ROWS = 100
# Seconds for one later page. Rate limits are counted by the minute.
PATIENCE = 90.0

Asked = Mapping[str, Any]


def numbered(http: LangfuseHttp, path: str, query: Asked, most: Optional[int]) -> Iterator[Body]:
    """Yield the rows of a numbered listing; ``most``: how many the caller will probably take.

    What is written meanwhile moves rows to the next page; a row that comes twice is left out.
    """
    seen = set()
    for row in rows_from(http, path, query, 0, most):
        if row["id"] not in seen:
            seen.add(row["id"])
            yield row


def rows_from(
    http: LangfuseHttp,
    path: str,
    query: Asked,
    offset: int,
    most: Optional[int],
    key: str = "id",
) -> Iterator[Body]:
    """Yield the rows of a numbered listing after the first ``offset`` ones.

    Each has a text under ``key``.
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
    query: Asked,
    cursor: Optional[str],
    is_first: bool,
    keys: Sequence[str] = ("id",),
) -> Tuple[List[Body], Optional[str]]:
    """Return the rows of one page of a listing with cursors, and the next cursor.

    Each row has a text under each of ``keys``.
    """
    deadline = None if is_first else time.monotonic() + PATIENCE
    answer = http.request("GET", path, dict(query, cursor=cursor), deadline=deadline) or {}
    found = _meta(answer).get("cursor") or None
    if found is not None and (found == cursor or not isinstance(found, str)):
        raise NetworkError(
            "{} gives no way to the next page: something else than Langfuse answers there".format(
                http.shown_url
            )
        )
    return rows_in(http, answer, *keys), found


def rows_in(http: LangfuseHttp, answer: Body, *keys: str) -> List[Body]:
    """Return the rows of a page; ``NetworkError`` if there is anything but records.

    Each has a text under each of ``keys``.
    """
    rows = answer.get("data") or []
    if not isinstance(rows, list) or not all(_is_record(row, keys) for row in rows):
        raise NetworkError(
            "{} lists what is no record: something else than Langfuse answers there".format(
                http.shown_url
            )
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
