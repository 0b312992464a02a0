"""Which ids a file has used already, and where.

They are kept in a database of their own that SQLite moves to the disk as it grows, so that a file
may have any number of them.
"""

from typing import Any


class SeenIds:
    """The ids that have been seen so far; a context manager that forgets them."""

    def __init__(self) -> None:
        import sqlite3

        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute("CREATE TABLE seen (id TEXT PRIMARY KEY, place TEXT) WITHOUT ROWID")
        self._db.execute("BEGIN")

    def __enter__(self) -> "SeenIds":
        return self

    def __exit__(self, *exc: Any) -> None:
        self._db.close()

    def first_place(self, id: str, place: str) -> str:
        """Return where the id was seen first: ``place`` if it is new."""
        added = self._db.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (id, place))
        if added.rowcount:
            return place
        return str(self._db.execute("SELECT place FROM seen WHERE id = ?", (id,)).fetchone()[0])
