"""Small facts that the journal keeps between commands: moments, by name."""

import time
from typing import Optional

from coaiapy.journal import Journal

# A mark for a later moment holds no longer: the clock may have been put right since.
LONGEST = 3600.0


def set_mark(journal: Journal, name: str, seconds: float = 0) -> None:
    """Remember that ``name`` happened now, or holds for so many ``seconds``."""
    moment = time.time() + min(seconds, LONGEST)
    with journal.transaction(durable=False) as db:
        db.execute("INSERT OR REPLACE INTO marks (name, at) VALUES (?, ?)", (name, moment))


def clear_mark(journal: Journal, name: str) -> None:
    """Forget that ``name`` ever happened."""
    if age(journal, name) is not None:
        with journal.transaction(durable=False) as db:
            db.execute("DELETE FROM marks WHERE name = ?", (name,))


def age(journal: Journal, name: str) -> Optional[float]:
    """Return how many seconds ago ``name`` happened, or ``None`` if it never did."""
    for row in journal.rows("SELECT at FROM marks WHERE name = ?", name):
        return max(0.0, time.time() - row["at"])
    return None


def left(journal: Journal, name: str) -> float:
    """Return for how many seconds ``name`` still holds, 0 if it does not."""
    for row in journal.rows("SELECT at FROM marks WHERE name = ?", name):
        seconds = row["at"] - time.time()
        return seconds if 0 < seconds <= LONGEST else 0.0
    return 0.0
