"""Turns SQLite's errors about the journal into a ``StateError`` that says what to do."""

import os
import shutil

from coaiapy.errors import StateError

# Bytes: with less free space SQLite cannot even create the files that it needs for reading.
_LEAST_ROOM = 65536


def journal_error(path: str, said: str, waited: float) -> StateError:
    """Return the error for SQLite's message; ``waited`` is the seconds it waited for a lock."""
    if "locked" in said or "busy" in said:
        return StateError(
            "the journal {} was locked by another process for {:g} s: try again when that process "
            "has finished".format(path, waited)
        )
    if "full" in said or "I/O" in said and _is_full(path):
        return StateError(
            "the disk of the journal {} is full: free some space and try again".format(path)
        )
    if "malformed" in said or "not a database" in said or "corrupt" in said:
        return StateError(
            "the journal {0} is damaged ({1}) and was left as it is: move it away to begin a new "
            "one; sqlite3 {0} .recover shows what it still contains".format(path, said)
        )
    return StateError(
        "the journal {} cannot be used ({}): check the file, its folder and its disk".format(
            path, said
        )
    )


def _is_full(path: str) -> bool:
    try:
        return shutil.disk_usage(os.path.dirname(path)).free < _LEAST_ROOM
    except OSError:
        return False
