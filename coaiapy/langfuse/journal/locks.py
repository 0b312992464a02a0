"""Waiting for the lock of the journal, which another process has while it writes.

SQLite would wait for all of the time in one call, in which no signal is received. Here it waits for
a tenth of a second at a time, as long as the command may take.
"""

import time
from typing import Any, Callable

from coaiapy import patience
from coaiapy.errors import StateError
from coaiapy.util import deadlines


def connected(path: str) -> Any:
    """Return a connection to the database ``path`` each of whose statements waits for its lock.

    Readers and writers of a journal do not lock each other out, but another process may be making,
    upgrading or recovering it. Raises what ``_patiently`` raises.
    """
    import sqlite3

    class Patient(sqlite3.Connection):
        def execute(self, *given: Any) -> Any:
            return _patiently(super().execute, path, *given)

        def executescript(self, *given: Any) -> Any:
            return _patiently(super().executescript, path, *given)

    step = patience.JOURNAL_LOCK_STEP
    return sqlite3.connect(path, timeout=step, isolation_level=None, factory=Patient)


def _patiently(execute: Callable[..., Any], path: str, *given: Any) -> Any:
    """Return ``execute(*given)``; wait while another process has the lock that it begins with.

    Raises ``StateError`` when the time is over, and other errors as they are.
    """
    import sqlite3

    seconds = deadlines.for_lock(patience.JOURNAL_LOCK)
    until = time.monotonic() + seconds
    while True:
        try:
            return execute(*given)
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
