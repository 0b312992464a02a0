"""Remembers that a server was away, so that not every command waits for it.

After a failure, commands try only briefly for an hour; if a full try then fails again, for as long
as the server has been away, a day at most. Any success ends that. What the user has said with
``--timeout`` counts more.
"""

import time
from contextlib import contextmanager
from typing import Any, Dict, Iterator, Optional

from coaiapy import patience
from coaiapy.config.settings import Settings
from coaiapy.errors import StateError
from coaiapy.langfuse.client.errors import UnavailableError
from coaiapy.langfuse.client.http import LangfuseHttp
from coaiapy.langfuse.journal import reads as journal_reads
from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.journal.marks import clear_mark, set_mark
from coaiapy.util import deadlines

_MARKS = "SELECT name, at FROM marks WHERE name IN (?, ?)"
# When a brief try of this process has failed (``time.monotonic()``), by address.
_FAILED_AT: Dict[str, float] = {}


@contextmanager
def client(
    settings: Settings,
    journal: Optional[Journal] = None,
    brief_if_away: bool = True,
    **options: Any,
) -> Iterator[LangfuseHttp]:
    """Yield a client with ``options`` for the server, and remember whether it has answered.

    If the server was away, all requests together may take only a moment, or without
    ``brief_if_away`` the time that the work has.
    """
    brief = brief_seconds(settings, journal) if brief_if_away else None
    with deadlines.limit(brief, ""), LangfuseHttp(settings, **options) as http:
        try:
            yield http
        except UnavailableError as error:
            if brief is not None or not error.is_cut_short:
                note_failure(settings, journal)
            raise
        if http.has_answered:
            note_success(settings, journal)


def brief_seconds(settings: Settings, journal: Optional[Journal] = None) -> Optional[float]:
    """Return the seconds for a server that was away; ``None`` if it was not, or the user wishes."""
    if deadlines.current().origin or not _is_away(settings.base_url, journal):
        return None
    spent = time.monotonic() - _FAILED_AT.get(settings.base_url, float("-inf"))
    return patience.BRIEF_REST if spent < 2 * patience.BRIEF else patience.BRIEF


def note_failure(settings: Settings, journal: Optional[Journal] = None) -> None:
    """Remember that a try has failed; a brief try does not prolong the time of brief ones."""
    url = settings.base_url
    if _is_away(url, journal):
        _FAILED_AT[url] = time.monotonic()
        return
    names = {_tried(url), _since(url)}.difference(_ages(url, journal)) | {_tried(url)}
    for name in sorted(names):
        _change(journal, set_mark, name)


def note_success(settings: Settings, journal: Optional[Journal] = None) -> None:
    """Forget that the server was away."""
    url = settings.base_url
    _FAILED_AT.pop(url, None)
    for name in _ages(url, journal):
        _change(journal, clear_mark, name)


def _is_away(url: str, journal: Optional[Journal]) -> bool:
    """Tell whether the last full try has failed, and the next is not due yet."""
    ages = _ages(url, journal)
    tried = ages.get(_tried(url))
    if tried is None:
        return False
    was_away = ages.get(_since(url), tried) - tried
    return tried < min(max(patience.SHORTEST_AWAY, was_away), patience.LONGEST_AWAY)


def _tried(url: str) -> str:
    return "unreachable " + url


def _since(url: str) -> str:
    return "unreachable since " + url


def _ages(url: str, journal: Optional[Journal]) -> Dict[str, float]:
    """Return the ages of the marks in seconds, by name; without a journal of the caller, nothing
    is created or locked for it."""
    import sqlite3

    rows = journal.rows if journal else journal_reads.peek
    try:
        return {
            row[0]: max(0.0, time.time() - row[1]) for row in rows(_MARKS, _tried(url), _since(url))
        }
    except sqlite3.Error:
        return {}


def _change(journal: Optional[Journal], change: Any, name: str) -> None:
    if journal is not None:
        return change(journal, name)  # type: ignore[no-any-return]
    try:
        with Journal() as own:
            change(own, name)
    except StateError:
        pass  # a home that cannot be written to remembers nothing
