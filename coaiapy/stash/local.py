"""The stash on this machine: a table in the journal's file that behaves like Redis."""

import math
import time
from typing import Any, Iterable, List, Optional

from coaiapy.langfuse.journal.db import Journal
from coaiapy.stash import patterns
from coaiapy.stash.patterns import Entry

_ALIVE = " (expires_at IS NULL OR expires_at > ?)"


class LocalStash:
    """Values stored under keys in ``coaia.db``; a context manager, which closes the file.

    Every method raises ``StateError`` when the file is broken, locked or on a full disk.
    """

    def __init__(self, path: Optional[str] = None) -> None:
        self.journal = Journal(path)
        self.where = self.journal.path

    def __enter__(self) -> "LocalStash":
        return self

    def __exit__(self, *exc: Any) -> None:
        self.journal.__exit__(*exc)

    def put(self, key: str, value: bytes, ttl: Optional[int] = None) -> None:
        """Store ``value`` under ``key`` for ``ttl`` seconds, or without a limit."""
        now = time.time()
        with self.journal.transaction() as db:
            db.execute("DELETE FROM stash WHERE expires_at <= ?", (now,))
            db.execute(
                "INSERT OR REPLACE INTO stash (key, value, expires_at) VALUES (?, ?, ?)",
                (key, value, now + ttl if ttl else None),
            )

    def get(self, key: str) -> Optional[bytes]:
        """Return the value under ``key``, or ``None``."""
        sql = "SELECT value FROM stash WHERE key = ? AND" + _ALIVE
        for row in self.journal.rows(sql, key, time.time()):
            return bytes(row["value"])
        return None

    def entry(self, key: str) -> Optional[Entry]:
        """Return the entry of ``key``, or ``None`` if there is no such key."""
        found = self._entries(" AND key = ?", key)
        return found[0] if found else None

    def entries(self, pattern: str) -> List[Entry]:
        """Return the entries of the keys that match ``pattern``, sorted by key."""
        matches = patterns.compiled(pattern).match
        return [one for one in self._entries() if matches(one.key.encode("utf-8"))]

    def delete(self, keys: Iterable[str]) -> int:
        """Delete ``keys``, and return how many of them existed."""
        now = time.time()
        with self.journal.transaction() as db:
            sql = "DELETE FROM stash WHERE key = ? AND" + _ALIVE
            return sum(int(db.execute(sql, (key, now)).rowcount) for key in keys)

    def _entries(self, condition: str = "", *values: Any) -> List[Entry]:
        now = time.time()
        sql = "SELECT key, length(value) AS size, expires_at FROM stash WHERE" + _ALIVE
        return [
            Entry(row["key"], row["size"], _seconds_left(row["expires_at"], now))
            for row in self.journal.rows(sql + condition + " ORDER BY key", now, *values)
        ]


def _seconds_left(expires_at: Optional[float], now: float) -> Optional[int]:
    return None if expires_at is None else int(math.ceil(expires_at - now))
