"""Marks: when something last happened on this machine, or until when it lasts, by name."""

import time
from typing import Optional

from coaiapy.langfuse.journal.db import Journal

# Seconds: a mark never lasts longer. A later time was written while the clock was wrong, and is
# ignored.
LONGEST = 3600.0
DAY_SECONDS = 86400.0


def is_due(journal: Journal, name: str) -> bool:
    """Tell whether ``name`` has not happened for a day; if so, note that it happens now."""
    age = mark_age(journal, name)
    if age and age < DAY_SECONDS:  # 0 is a time to come: the clock was wrong
        return False
    set_mark(journal, name)
    return True


def set_mark(journal: Journal, name: str, seconds: float = 0) -> None:
    """Save that ``name`` happened now, or that it lasts for ``seconds`` from now."""
    moment = time.time() + min(seconds, LONGEST)
    with journal.transaction(durable=False) as db:
        db.execute("INSERT OR REPLACE INTO marks (name, at) VALUES (?, ?)", (name, moment))


def clear_mark(journal: Journal, name: str) -> None:
    """Delete the mark ``name``."""
    if mark_age(journal, name) is not None:
        with journal.transaction(durable=False) as db:
            db.execute("DELETE FROM marks WHERE name = ?", (name,))


def mark_age(journal: Journal, name: str) -> Optional[float]:
    """Return how many seconds ago ``name`` happened, or ``None`` if there is no such mark."""
    for row in journal.rows("SELECT at FROM marks WHERE name = ?", name):
        return max(0.0, time.time() - row["at"])
    return None


def moment(journal: Journal, name: str) -> Optional[float]:
    """Return when ``name`` happened (seconds since 1970), or ``None`` if there is no such mark."""
    for row in journal.rows("SELECT at FROM marks WHERE name = ?", name):
        return float(row["at"])
    return None


def clear_mark_of(journal: Journal, name: str, at: float) -> None:
    """Delete the mark ``name`` if it is still that of the moment ``at``."""
    with journal.transaction(durable=False) as db:
        db.execute("DELETE FROM marks WHERE name = ? AND at = ?", (name, at))


def mark_left(journal: Journal, name: str) -> float:
    """Return for how many more seconds ``name`` lasts, 0 if it is over."""
    for row in journal.rows("SELECT at FROM marks WHERE name = ?", name):
        seconds = row["at"] - time.time()
        return seconds if 0 < seconds <= LONGEST else 0.0
    return 0.0
