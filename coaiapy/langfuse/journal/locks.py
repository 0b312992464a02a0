"""Waiting for the lock of the journal, which another process has while it writes.

SQLite would wait for all of the time in one call, in which no signal is received. Here it waits for
a tenth of a second at a time, as long as the command may take.
"""

import time
from typing import Any, Callable

from coaiapy import patience
from coaiapy.errors import StateError
from coaiapy.util import deadlines


def patiently(execute: Callable[[str], Any], path: str, sql: str) -> Any:
    """Return ``execute(sql)``; wait while another process has the lock that it begins with.

    Raises ``StateError`` when the time is over, and other errors as they are.
    """
    import sqlite3

    seconds = deadlines.for_lock(patience.JOURNAL_LOCK)
    until = time.monotonic() + seconds
    while True:
        try:
            return execute(sql)
        except sqlite3.OperationalError as error:
            if not is_lock(str(error)):
                raise
            if time.monotonic() > until:
                raise locked_error(path, seconds) from error
        time.sleep(patience.FILE_LOCK_POLL)


def is_lock(said: str) -> bool:
    """Tell whether SQLite's message says that another process has a lock."""
    return "locked" in said or "busy" in said


def locked_error(path: str, seconds: float) -> StateError:
    """Return the error for a journal whose lock was waited for in vain."""
    return StateError(
        "the journal {} was locked by another process for {:.3g} s: try again when that process "
        "has finished".format(path, seconds)
    )
