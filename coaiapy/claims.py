"""Who is sending which record: a claim keeps any other from sending it at the same time.

Each go at sending claims under a name of its own. A claim is void once its time is over, or as
soon as its process is dead or its go at sending has ended in whatever way.
"""

import json
import os
import time
from contextlib import contextmanager
from typing import Any, Iterable, Iterator, List, Optional, Sequence, Set

from coaiapy.journal import Journal
from coaiapy.outgoing import Outgoing

# No record pauses longer: a later moment was written before the clock was put right.
LONGEST_PAUSE = 60.0

# What lets go of the record in one row.
UNCLAIM = "UPDATE deliveries SET claimed_by = NULL, claimed_until = 0 WHERE seq = ?"

# The names that this process claims under at this moment.
_live: Set[str] = set()


@contextmanager
def claimant(journal: Journal) -> Iterator[str]:
    """Yield a name to claim under; in the end, what is still claimed under it is let go."""
    name = "{}:{}:{}".format(_host(), os.getpid(), os.urandom(4).hex())
    _live.add(name)
    try:
        yield name
    finally:
        _live.discard(name)
        release(journal, name)


def claim(
    journal: Journal,
    name: str,
    destinations: Sequence[int],
    lease: float,
    most: int,
    most_bytes: int,
    rows: Optional[Iterable[int]] = None,
) -> List[Outgoing]:
    """Take waiting records for ``lease`` seconds, the oldest first, and return them.

    At most ``most`` of them, and no more than ``most_bytes`` of text unless one alone is bigger.
    ``rows`` narrows it down to those rows. A record that pauses after a failure is passed over.
    """
    moment = time.time()
    sql = (
        "SELECT seq, claimed_by, claimed_until, not_before FROM deliveries"
        " WHERE state = 'waiting' AND {} AND {} ORDER BY seq"
    ).format(among("destination", destinations), among("seq", rows))
    taken: List[Outgoing] = []
    void: Set[str] = set()
    size = 0
    with journal.transaction() as db:
        for row in db.execute(sql):
            if moment < row["not_before"] <= moment + LONGEST_PAUSE:
                continue
            if row["claimed_until"] > moment and row["claimed_by"] not in void:
                if row["claimed_by"] == name or _is_alive(row["claimed_by"] or ""):
                    continue
                void.add(row["claimed_by"])
            record = _record(db, row["seq"])
            size += len(record["body"])
            if taken and size > most_bytes:
                break
            taken.append(_outgoing(record))
            if len(taken) == most:
                break
        db.executemany(
            "UPDATE deliveries SET claimed_by = ?, claimed_until = ? WHERE seq = ?",
            [(name, moment + lease, item.row) for item in taken],
        )
    return taken


def renew(journal: Journal, name: str, lease: float) -> None:
    """Keep what is claimed under ``name`` for ``lease`` seconds from now."""
    with journal.transaction() as db:
        db.execute(
            "UPDATE deliveries SET claimed_until = ? WHERE claimed_by = ?",
            (time.time() + lease, name),
        )


def release(journal: Journal, name: str) -> None:
    """Let go of all that is claimed under ``name``."""
    held = "SELECT 1 FROM deliveries WHERE claimed_by = ? LIMIT 1"
    if not any(True for _ in journal.rows(held, name)):
        return
    with journal.transaction() as db:
        db.execute(
            "UPDATE deliveries SET claimed_by = NULL, claimed_until = 0 WHERE claimed_by = ?",
            (name,),
        )


def among(column: str, values: Optional[Iterable[int]]) -> str:
    """Return the SQL condition that ``column`` is one of ``values``; ``None`` allows all."""
    if values is None:
        return "1"
    return "{} IN ({})".format(column, ",".join(str(int(value)) for value in values))


def _is_alive(name: str) -> bool:
    """Tell whether the claimant may still be sending; on another machine it is assumed to be."""
    host, _, rest = name.rpartition(":")[0].rpartition(":")
    if host != _host() or not rest.isdigit():
        return bool(name)
    if int(rest) == os.getpid():
        return name in _live
    try:
        os.kill(int(rest), 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass  # it is another user's, and alive
    return True


def _host() -> str:
    import socket

    return socket.gethostname()


def _record(db: Any, seq: int) -> Any:
    return db.execute(
        "SELECT r.seq, r.revision, r.kind, r.body, r.event, r.written_at, t.body AS trace"
        " FROM records AS r"
        " LEFT JOIN records AS t ON t.destination = r.destination AND t.kind = 'trace'"
        " AND t.trace_key = r.trace_key AND r.trace_key != '' WHERE r.seq = ?",
        (seq,),
    ).fetchone()


def _outgoing(record: Any) -> Outgoing:
    return Outgoing(
        row=record["seq"],
        revision=record["revision"],
        kind=record["kind"],
        body=json.loads(record["body"]),
        event_id="{}-{}".format(record["event"], record["revision"]),
        context=json.loads(record["trace"]) if record["trace"] else {},
        written_at=record["written_at"],
    )
