"""Open records: what is still going on, such as a command that runs.

An open record is in the journal from its start, but not in the outbox: it is sent when it is
closed. If its observer dies, the next command that opens the journal closes it as interrupted.

A record may have a state besides: what its observer, or a later one, needs to go on. It stays on
this machine, as long as the record does.
"""

import json
from datetime import datetime, timezone
from typing import Any, Iterable, Iterator, List, NamedTuple, Optional, Set, Tuple

from coaiapy.langfuse.journal import observers
from coaiapy.langfuse.journal.staging import known_body, merge_into
from coaiapy.langfuse.records.body import Body
from coaiapy.util import times

INTERRUPTED = "interrupted: the process that observed it ended without closing it"
_OF_OBSERVER = (
    "SELECT * FROM records WHERE seq IN (SELECT seq FROM open_records WHERE opened_by = ?)"
)


def note_open(db: Any, rows: Iterable[int], token: str) -> None:
    """Note that these records are open, within the caller's transaction; ``token`` observes them."""
    db.executemany(
        "INSERT OR REPLACE INTO open_records (seq, opened_by) VALUES (?, ?)",
        [(row, token) for row in rows],
    )


def is_open(db: Any, row: int) -> bool:
    """Tell whether a record is open, within the caller's transaction."""
    return db.execute("SELECT 1 FROM open_records WHERE seq = ?", (row,)).fetchone() is not None


def keep(db: Any, row: int, state: Body) -> None:
    """Save the state of a record, if it is still there, within the caller's transaction."""
    sql = "INSERT OR REPLACE INTO states (seq, state) SELECT seq, ? FROM records WHERE seq = ?"
    db.execute(sql, (json.dumps(state), row))


class Known(NamedTuple):
    """A record with its row, and its state, which is ``None`` if it has none."""

    row: int
    body: Body
    state: Optional[Body]


def with_states(db: Any, destination: int, kind: str, trace_key: str) -> Iterator[Known]:
    """Yield the records of one kind in a trace, in the order in which they were written."""
    sql = (
        "SELECT records.*, state FROM records LEFT JOIN states USING (seq)"
        " WHERE destination = ? AND kind = ? AND trace_key = ? ORDER BY seq"
    )
    for row in db.execute(sql, (destination, kind, trace_key)):
        yield Known(row["seq"], known_body(row), _state(row["state"]))


def _state(text: Optional[str]) -> Optional[Body]:
    try:
        found = json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def close_record(db: Any, row: int, changes: Body) -> bool:
    """Close an open record with ``changes``, within the caller's transaction.

    Returns whether they changed it. A record that was deleted meanwhile stays deleted.
    """
    db.execute("DELETE FROM open_records WHERE seq = ?", (row,))
    found = db.execute("SELECT * FROM records WHERE seq = ?", (row,)).fetchone()
    return found is not None and merge_into(db, found, changes)


def running(db: Any, destination: int) -> Set[Tuple[str, str]]:
    """Return what is going on: keys of trace and observation, and the trace's with an empty text."""
    sql = (
        "SELECT kind, trace_key, key FROM records WHERE +destination = ?"  # few rows are open
        " AND seq IN (SELECT seq FROM open_records)"
    )
    found = set()
    for row in db.execute(sql, (destination,)):
        found.add((row["trace_key"], ""))
        if row["kind"] == "observation":
            found.add((row["trace_key"], row["key"]))
    return found


def left_behind(db: Any) -> List[str]:
    """Return the observers that have died and left open records behind."""
    tokens = db.execute("SELECT DISTINCT opened_by FROM open_records").fetchall()
    return [row["opened_by"] for row in tokens if not observers.is_alive(row["opened_by"])]


def close_interrupted(db: Any, token: str) -> None:
    """Close what an observer has left behind, within the caller's transaction."""
    last_seen = observers.last_seen(token)
    for found in db.execute(_OF_OBSERVER, (token,)).fetchall():
        close_record(db, found["seq"], _interruption(found, last_seen))


def _interruption(found: Any, last_seen: Optional[float]) -> Body:
    if found["kind"] != "observation":
        return {}
    start = str(known_body(found)["startTime"])
    end = times.to_text(datetime.fromtimestamp(last_seen, timezone.utc)) if last_seen else start
    return {"endTime": max(start, end), "level": "ERROR", "statusMessage": INTERRUPTED}
