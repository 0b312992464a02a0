"""Turns SQLite's errors about the journal into a ``StateError`` that says what to do."""

import os
import shutil

from coaiapy.errors import NoPlaceError, StateError
from coaiapy.util.paths import advice_for

# Bytes: with less free space SQLite cannot even create the files that it needs for reading.
_LEAST_ROOM = 65536


def journal_error(path: str, said: str, waited: float, is_temporary: bool = False) -> StateError:
    """Return the error for SQLite's message; ``waited`` is the seconds it waited for a lock.

    ``is_temporary`` says that it comes from writing to SQLite's temporary files.
    """
    if "locked" in said or "busy" in said:
        return StateError(
            "the journal {} was locked by another process for {:g} s: try again when that process "
            "has finished".format(path, waited)
        )
    if is_temporary and any(word in said for word in ("full", "I/O", "unable to open")):
        return StateError(
            "there is no room for temporary files in {} ({}): free some space there, or set "
            "SQLITE_TMPDIR to another folder".format(_temporary_folder(), said)
        )
    if "full" in said or "I/O" in said and _is_full(path):
        return StateError(
            "the disk of the journal {} is full: free some space and try again".format(path)
        )
    if "readonly" in said or "unable to open" in said:
        return NoPlaceError(
            "the journal {} cannot be written ({}){}".format(path, said, advice_for(path))
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


def _temporary_folder() -> str:
    """Return the folder where SQLite puts its temporary files."""
    named = [os.environ.get("SQLITE_TMPDIR"), os.environ.get("TMPDIR")]
    folders = [folder for folder in named if folder] + ["/var/tmp", "/usr/tmp", "/tmp"]
    usable = (one for one in folders if os.path.isdir(one) and os.access(one, os.W_OK | os.X_OK))
    return next(usable, ".")


def _is_full(path: str) -> bool:
    try:
        return shutil.disk_usage(os.path.dirname(path)).free < _LEAST_ROOM
    except OSError:
        return False
