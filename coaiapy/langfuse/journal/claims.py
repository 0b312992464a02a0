"""Claims: no two processes or threads send the same record at the same time.

Each attempt to send claims records under its own name, and gets them with everything that their
encoding needs. A claim ends after a time (its lease), or when the process has died, or when the
attempt has ended in any way.
"""

import os
import time
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Dict, Iterable, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple

from coaiapy import patience
from coaiapy.langfuse.journal.damage import bodies, whole
from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.records.body import Body
from coaiapy.util.text.parsing import whole_number

# Ends the claims on the records that meet a condition, which has to be added.
UNCLAIM = "UPDATE deliveries SET claimed_by = NULL, claimed_until = 0 WHERE "
# The records that wait, are not claimed and do not pause after a failure; ``{}`` are conditions.
_FREE = """
SELECT destination, trace_key, seq, revision, kind, body, event, written_at FROM records
WHERE seq IN (
    SELECT seq FROM deliveries
    WHERE state = 'waiting' AND {} AND {}
        AND NOT (claimed_until > :now AND claimed_until <= :now + :longest_claim AND (claimed_by IS :name OR is_alive(coalesce(claimed_by, ''))))
        AND NOT (not_before > :now AND not_before <= :now + :longest_pause)
    ORDER BY seq LIMIT :most
)
ORDER BY seq
"""
# The names under which this process claims now.
_live: Set[str] = set()


class Outgoing(NamedTuple):
    """One revision of a record.

    ``row`` is its row in the journal, ``event`` the random id that it has there. ``context`` is the
    body of its trace, ``{}`` if the journal does not have it; its ``hasRoot`` is false if coaia has
    not written the trace's root span. ``written_at`` is when the revision
    was written (seconds since 1970, 0 if unknown); servers apply the changes of a record in this
    order.
    """

    row: int
    revision: int
    kind: str
    body: Body
    event: str
    context: Body = {}
    written_at: float = 0.0

    @property
    def event_id(self) -> str:
        """The same id for every retry of a revision, and a new one for the next revision."""
        return "{}-{}".format(self.event, self.revision)


@contextmanager
def claimant(journal: Journal) -> Iterator[str]:
    """Yield a name to claim under; at the end of the block its remaining claims are released."""
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
    """Claim waiting records for ``lease`` seconds, the oldest first, and return them.

    At most ``most`` records are claimed, and at most ``most_bytes`` of text, but at least one
    record. ``rows`` limits them. Records that have to wait after a failure are skipped.
    """
    with journal.transaction(durable=False) as db:
        found = _within(most_bytes, _free(db, name, destinations, most, rows))
        taken = list(whole(journal, found))
        db.execute(  # OR ROLLBACK: see outbox.acknowledge
            "UPDATE OR ROLLBACK deliveries SET claimed_by = ?, claimed_until = ? WHERE "
            + among("seq", [row["seq"] for row, _ in taken]),
            (name, time.time() + lease),
        )
        traces = {(row["destination"], row["trace_key"]) for row, _ in taken}
        contexts = {trace: _trace(journal, *trace) for trace in traces}
    if found and not taken:
        return claim(journal, name, destinations, lease, most, most_bytes, rows)
    return _outgoing(taken, contexts)


def _free(
    db: Any, name: str, destinations: Sequence[int], most: int, rows: Optional[Iterable[int]]
) -> Iterable[Any]:
    """Return the first ``most`` records that may be claimed."""
    db.create_function("is_alive", 1, lru_cache(maxsize=None)(_is_alive))
    return db.execute(  # type: ignore[no-any-return]
        _FREE.format(among("destination", destinations), among("seq", rows)),
        {
            "name": name,
            "now": time.time(),
            "longest_pause": patience.LONGEST_RECORD_PAUSE,
            "longest_claim": patience.LONGEST_CLAIM,
            "most": most,
        },
    )


def _within(most_bytes: int, rows: Iterable[Any]) -> List[Any]:
    taken: List[Any] = []
    total = 0
    for row in rows:
        total += len(row["body"])
        if taken and total > most_bytes:
            break
        taken.append(row)
    return taken


def renew(journal: Journal, name: str, lease: float) -> None:
    """Extend the claims under ``name`` to ``lease`` seconds from now."""
    with journal.transaction(durable=False) as db:
        db.execute(
            "UPDATE deliveries SET claimed_until = ? WHERE claimed_by = ?",
            (time.time() + lease, name),
        )


def release(journal: Journal, name: str) -> None:
    """End all claims under ``name``."""
    held = "SELECT 1 FROM deliveries WHERE claimed_by = ? LIMIT 1"
    if not any(True for _ in journal.rows(held, name)):
        return
    with journal.transaction(durable=False) as db:
        db.execute(UNCLAIM + "claimed_by = ?", (name,))


def are_held_by_others(journal: Journal, name: str, destinations: Sequence[int]) -> bool:
    """Tell whether records for these destinations are claimed under other names."""
    sql = (
        "SELECT 1 FROM deliveries WHERE claimed_by != ? AND claimed_until > ?"
        " AND claimed_until <= ? AND {} LIMIT 1"
    ).format(among("destination", destinations))
    now = time.time()
    return any(True for _ in journal.rows(sql, name, now, now + patience.LONGEST_CLAIM))


def among(column: str, values: Optional[Iterable[int]]) -> str:
    """Return an SQL condition: ``column`` is one of ``values``; with ``None`` it is always true."""
    if values is None:
        return "1"
    numbers = list(map(int, values))
    if len(numbers) > 1 and numbers == list(range(numbers[0], numbers[0] + len(numbers))):
        return "{} BETWEEN {} AND {}".format(column, numbers[0], numbers[-1])  # faster
    return "{} IN ({})".format(column, ",".join(map(str, numbers)))


def _is_alive(name: str) -> bool:
    """Tell whether a claimant may still be sending; one on another machine is assumed to be."""
    host, _, rest = name.rpartition(":")[0].rpartition(":")
    process = whole_number(rest)
    if host != _host() or process is None:
        return bool(name)
    if process == os.getpid():
        return name in _live
    if os.name == "nt":
        return True  # on Windows os.kill would end the process; the claim ends with its lease
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass  # the process exists, but belongs to another user
    return True


def _host() -> str:
    import socket

    return socket.gethostname()


def _outgoing(
    taken: Sequence[Tuple[Any, Body]], contexts: Dict[Tuple[int, str], Body]
) -> List[Outgoing]:
    """Return the records in rows of the journal, in their current revision."""
    return [
        Outgoing(seq, revision, kind, body, event, contexts[destination, trace_key], written_at)
        for (destination, trace_key, seq, revision, kind, _, event, written_at), body in taken
    ]


def _trace(journal: Journal, destination: int, trace_key: str) -> Body:
    """Return the body of a trace, ``{}`` if the journal does not have it."""
    sql = (
        "SELECT seq, kind, body FROM records WHERE destination = ?"
        " AND kind IN ('trace', 'context') AND trace_key = ? ORDER BY kind DESC LIMIT 1"
    )
    found = journal.rows(sql, destination, trace_key) if trace_key else iter(())
    return next(bodies(journal, found), {})
