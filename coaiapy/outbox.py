"""The outbox: which records a server is still owed, who is sending them, and what came of it.

A delivery is ``waiting`` or ``rejected``; an acknowledged one is gone. A process claims what it is
about to send, so that no two processes send the same record at the same time; the claim of a
process that died is void at once, any other after its time.
"""

import json
import os
import time
from typing import Any, Dict, Iterable, Iterator, List, NamedTuple, Optional, Sequence

from coaiapy.journal import LOCAL, Journal, queue
from coaiapy.outgoing import Outgoing
from coaiapy.record_fields import Body

STATES = ("waiting", "rejected")


class Entry(NamedTuple):
    """One record in the outbox, as listings show it."""

    row: int
    kind: str
    id: str
    trace_id: str
    destination: str
    state: str
    attempts: int
    written_at: float
    reason: Optional[str]
    body: Body


class Tally(NamedTuple):
    """How much one destination is owed; ``local`` counts what has no destination yet."""

    destination: str
    project: Optional[str]
    waiting: int
    rejected: int
    local: int
    oldest: Optional[float]


def owner() -> str:
    """Return the name under which this process claims deliveries."""
    return "{}:{}".format(_host(), os.getpid())


def _host() -> str:
    import socket

    return socket.gethostname()


def claim(
    journal: Journal,
    destinations: Sequence[int],
    lease: float,
    most: int,
    rows: Optional[Iterable[int]] = None,
) -> List[Outgoing]:
    """Take up to ``most`` waiting records for ``lease`` seconds, the oldest first.

    ``rows`` narrows it down to those rows. A record that pauses after a failure is passed over.
    """
    moment = time.time()
    sql = (
        "SELECT seq, claimed_by, claimed_until, not_before FROM deliveries"
        " WHERE state = 'waiting' {} {} ORDER BY seq"
    ).format(_for(destinations), _among(rows))
    with journal.transaction() as db:
        taken = []
        for row in db.execute(sql):
            if row["not_before"] > moment:
                continue
            if row["claimed_until"] > moment and _is_alive(row["claimed_by"]):
                continue
            taken.append(row["seq"])
            if len(taken) == most:
                break
        db.executemany(
            "UPDATE deliveries SET claimed_by = ?, claimed_until = ? WHERE seq = ?",
            [(owner(), moment + lease, seq) for seq in taken],
        )
        return [item for seq in taken for item in _outgoing(db, seq)]


def _numbers(values: Iterable[int]) -> str:
    return ",".join(str(int(value)) for value in values)


def _among(rows: Optional[Iterable[int]]) -> str:
    return "" if rows is None else "AND seq IN ({})".format(_numbers(rows))


def _for(destinations: Optional[Sequence[int]]) -> str:
    return "" if destinations is None else "AND destination IN ({})".format(_numbers(destinations))


def _is_alive(claimed_by: Optional[str]) -> bool:
    """Tell whether the claiming process may still be sending; elsewhere it is assumed to be."""
    host, _, pid = (claimed_by or "").rpartition(":")
    if host != _host() or not pid.isdigit():
        return bool(claimed_by)
    if int(pid) == os.getpid():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True


def _outgoing(db: Any, seq: int) -> Iterator[Outgoing]:
    sql = (
        "SELECT r.seq, r.revision, r.kind, r.body, r.event, r.written_at, t.body AS trace"
        " FROM records AS r"
        " LEFT JOIN records AS t ON t.destination = r.destination AND t.kind = 'trace'"
        " AND t.trace_key = r.trace_key AND r.trace_key != '' WHERE r.seq = ?"
    )
    for row in db.execute(sql, (seq,)):
        yield Outgoing(
            row=row["seq"],
            revision=row["revision"],
            kind=row["kind"],
            body=json.loads(row["body"]),
            event_id="{}-{}".format(row["event"], row["revision"]),
            context=json.loads(row["trace"]) if row["trace"] else {},
            written_at=row["written_at"],
        )


def acknowledge(journal: Journal, items: Iterable[Outgoing]) -> None:
    """Take out of the outbox what the server has accepted, in exactly the revision it got."""
    moment = time.time()
    with journal.transaction() as db:
        for item in items:
            db.execute(
                "UPDATE records SET sent_revision = max(sent_revision, ?), sent_at = ?"
                " WHERE seq = ?",
                (item.revision, moment, item.row),
            )
            db.execute(
                "DELETE FROM deliveries WHERE seq = ? AND ? ="
                " (SELECT revision FROM records WHERE seq = deliveries.seq)",
                (item.row, item.revision),
            )
            _unclaim(db, item.row)


def reject(journal: Journal, item: Outgoing, reason: str) -> None:
    """Set one record aside with the server's reason, unless it has been changed meanwhile."""
    with journal.transaction() as db:
        db.execute(
            "UPDATE deliveries SET state = 'rejected', reason = ?, attempts = attempts + 1"
            " WHERE seq = ? AND ? = (SELECT revision FROM records WHERE seq = deliveries.seq)",
            (reason, item.row, item.revision),
        )
        _unclaim(db, item.row)


def postpone(journal: Journal, items: Iterable[Outgoing], reason: str, pause: float) -> None:
    """Keep records waiting: nobody sends them again for ``pause`` seconds unless asked to."""
    with journal.transaction() as db:
        for item in items:
            db.execute(
                "UPDATE deliveries SET reason = ?, attempts = attempts + 1, not_before = ?"
                " WHERE seq = ? AND state = 'waiting'",
                (reason, time.time() + pause, item.row),
            )
            _unclaim(db, item.row)


def _unclaim(db: Any, row: int) -> None:
    db.execute("UPDATE deliveries SET claimed_by = NULL, claimed_until = 0 WHERE seq = ?", (row,))


def release(journal: Journal, items: Iterable[Outgoing]) -> None:
    """Let go of records that were claimed and not sent."""
    with journal.transaction() as db:
        for item in items:
            _unclaim(db, item.row)


def states(
    journal: Journal,
    rows: Optional[Iterable[int]] = None,
    destinations: Optional[Sequence[int]] = None,
) -> Dict[int, str]:
    """Return the state of each row in the outbox, of all or of the given ones."""
    sql = "SELECT seq, state FROM deliveries WHERE 1 {} {}".format(_among(rows), _for(destinations))
    return {row["seq"]: row["state"] for row in journal.rows(sql)}


def count_waiting(
    journal: Journal, destinations: Sequence[int], rows: Optional[Iterable[int]] = None
) -> int:
    """Return how many records wait for these destinations (of them only ``rows``, if given)."""
    sql = "SELECT count(*) AS n FROM deliveries WHERE state = 'waiting' {} {}"
    found = journal.rows(sql.format(_for(destinations), _among(rows)))
    return next(int(row["n"]) for row in found)


def tallies(journal: Journal) -> List[Tally]:
    """Return what each destination is owed, and what is local, leaving out those with nothing."""
    sql = """
        SELECT p.id, p.base_url, p.project_name,
            sum(d.state = 'waiting') AS waiting, sum(d.state = 'rejected') AS rejected,
            sum(r.destination = {local}) AS local, min(r.written_at) AS oldest
        FROM records AS r JOIN destinations AS p ON p.id = r.destination
        LEFT JOIN deliveries AS d ON d.seq = r.seq
        WHERE d.seq IS NOT NULL OR r.destination = {local}
        GROUP BY p.id ORDER BY p.id
    """.format(local=LOCAL)
    return [
        Tally(
            row["base_url"],
            row["project_name"],
            row["waiting"] or 0,
            row["rejected"] or 0,
            row["local"],
            row["oldest"],
        )
        for row in journal.rows(sql)
    ]


def entries(
    journal: Journal, state: Optional[str] = None, row: Optional[int] = None
) -> Iterator[Entry]:
    """Yield what is in the outbox, the oldest first."""
    sql = """
        SELECT r.seq, r.kind, r.id, r.trace_id, p.base_url, d.state, d.attempts, r.written_at,
            d.reason, r.body
        FROM deliveries AS d JOIN records AS r ON r.seq = d.seq
        JOIN destinations AS p ON p.id = d.destination
        WHERE (? IS NULL OR d.state = ?) AND (? IS NULL OR d.seq = ?)
        ORDER BY d.seq
    """
    for found in journal.rows(sql, state, state, row, row):
        yield Entry(*(tuple(found)[:-1] + (json.loads(found["body"]),)))


def retry(journal: Journal, rows: Optional[Iterable[int]] = None) -> int:
    """Let rejected records wait again (all, or those of ``rows``), and return how many."""
    sql = (
        "UPDATE deliveries SET state = 'waiting', attempts = 0, not_before = 0"
        " WHERE state = 'rejected' {}"
    )
    with journal.transaction() as db:
        return int(db.execute(sql.format(_among(rows))).rowcount)


def drop(journal: Journal, rows: Sequence[int]) -> int:
    """Give up the deliveries of ``rows``, and return how many there were.

    Their records are forgotten, unless a server has an earlier revision of them.
    """
    with journal.transaction() as db:
        found = 0
        for row in rows:
            if db.execute("DELETE FROM deliveries WHERE seq = ?", (row,)).rowcount:
                db.execute("DELETE FROM records WHERE seq = ? AND sent_revision = 0", (row,))
                found += 1
        return found


def adopt(journal: Journal, destination: int) -> int:
    """Give the local records to a destination, where they wait; return how many these were.

    A record that the destination knows already stays local.
    """
    with journal.transaction() as db:
        db.execute(
            "UPDATE OR IGNORE records SET destination = ? WHERE destination = ?",
            (destination, LOCAL),
        )
        fresh = db.execute(
            "SELECT r.seq FROM records AS r LEFT JOIN deliveries AS d ON d.seq = r.seq"
            " WHERE r.destination = ? AND d.seq IS NULL AND r.sent_revision < r.revision",
            (destination,),
        ).fetchall()
        for row in fresh:
            queue(db, row["seq"], destination)
        return len(fresh)


def prune(journal: Journal, days: float) -> int:
    """Forget what was acknowledged more than ``days`` ago; what is owed is never forgotten.

    A trace stays as long as one of its records does: later observations repeat its context.
    """
    with journal.transaction() as db:
        return int(
            db.execute(
                "DELETE FROM records WHERE destination != ? AND sent_at < ?"
                " AND seq NOT IN (SELECT seq FROM deliveries) AND (kind != 'trace' OR NOT EXISTS ("
                "   SELECT 1 FROM records AS r WHERE r.destination = records.destination"
                "   AND r.trace_key = records.trace_key AND r.seq != records.seq))",
                (LOCAL, time.time() - days * 86400),
            ).rowcount
        )
