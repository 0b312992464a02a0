"""A database for what one command has to look at and what may be too much for the memory.

SQLite keeps a small one in memory, and a large one in a file without a name, which ends with the command.
"""

import weakref
from typing import Any, Iterable, Iterator, Tuple

from coaiapy.langfuse.journal.db import journal_error


class Scratch:
    """Such a database; it is closed when nobody has it any more."""

    def __init__(self, schema: str) -> None:
        import sqlite3

        self._failure = sqlite3.DatabaseError
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        weakref.finalize(self, self._db.close)
        self._db.executescript(schema + "; BEGIN")

    def write(self, sql: str, rows: Iterable[Tuple[Any, ...]]) -> None:
        """Execute a statement for each of these rows; ``StateError`` if the disk is full."""
        try:
            self._db.executemany(sql, rows)
        except self._failure as error:
            raise journal_error("", str(error), True) from error

    def read(self, sql: str, *values: Any) -> Iterator[Any]:
        """Yield the rows of a query; ``StateError`` if the disk is full."""
        try:
            for row in self._db.execute(sql, values):
                yield row
        except self._failure as error:
            raise journal_error("", str(error), True) from error
