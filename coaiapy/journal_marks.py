"""Small facts that the journal keeps between commands: moments, by name."""

import time
from typing import Optional

from coaiapy.journal import Journal


def set_mark(journal: Journal, name: str) -> None:
    """Remember that ``name`` happened now."""
    with journal.transaction() as db:
        db.execute("INSERT OR REPLACE INTO marks (name, at) VALUES (?, ?)", (name, time.time()))


def clear_mark(journal: Journal, name: str) -> None:
    """Forget that ``name`` ever happened."""
    if age(journal, name) is not None:
        with journal.transaction() as db:
            db.execute("DELETE FROM marks WHERE name = ?", (name,))


def age(journal: Journal, name: str) -> Optional[float]:
    """Return how many seconds ago ``name`` happened, or ``None`` if it never did."""
    for row in journal.rows("SELECT at FROM marks WHERE name = ?", name):
        return max(0.0, time.time() - row["at"])
    return None
