"""The outbox: records that have not been accepted by their server yet.

It is the table ``deliveries`` of the journal. A delivery is ``waiting`` or ``rejected``; once it is
acknowledged, it is deleted. ``claims.py`` knows which process is sending which of them.
"""

import json
import time
from typing import Any, Dict, Iterable, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from coaiapy.langfuse.journal.claims import UNCLAIM, Outgoing, among
from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.journal.schema import LOCAL

STATES = ("waiting", "rejected")
TALLY_COLUMNS = {
    "number": "No",
    "destination": "Destination",
    "key": "Key",
    "project": "Project",
    "waiting": "Waiting",
    "rejected": "Rejected",
    "local": "Local",
    "oldest": "Oldest",
}
ENTRY_COLUMNS = {
    "row": "Row",
    "kind": "Kind",
    "id": "Id",
    "trace_id": "Trace",
    "state": "State",
    "attempts": "Attempts",
    "written_at": "Written",
    "reason": "Reason",
}


class Entry(NamedTuple):
    """One record in the outbox, as listings show it; ``written_at`` is seconds since 1970."""

    row: int
    kind: str
    id: str
    trace_id: str
    destination: str
    state: str
    attempts: int
    written_at: float
    reason: Optional[str]
    body: Any


class Tally(NamedTuple):
    """The numbers of records for one destination.

    ``local`` counts records of local mode, which have no server yet; ``oldest`` is when the oldest
    record was written (seconds since 1970).
    """

    number: int
    destination: str
    key: str
    project: Optional[str]
    waiting: int
    rejected: int
    local: int
    oldest: Optional[float]


def acknowledge(journal: Journal, items: Iterable[Outgoing]) -> None:
    """Take accepted records out of the outbox.

    A record that was changed since it was sent stays: its new revision has to be sent as well.
    After a power failure the records may be in the outbox again; they are then sent a second time,
    with the same ids. ``OR ROLLBACK`` spares SQLite a copy of the pages, which it would need to undo
    only this statement.
    """
    by_revision: Dict[int, List[int]] = {}
    for item in items:
        by_revision.setdefault(item.revision, []).append(item.row)
    with journal.transaction(durable=False) as db:
        for revision, rows in by_revision.items():
            these = among("seq", rows)
            db.execute(
                "UPDATE OR ROLLBACK records SET sent_revision = ?, sent_at = ?"
                " WHERE sent_revision < ? AND " + these,
                (revision, time.time(), revision),
            )
            deleted = db.execute(
                "DELETE FROM deliveries WHERE {} AND ? ="
                " (SELECT revision FROM records WHERE seq = deliveries.seq)".format(these),
                (revision,),
            )
            if deleted.rowcount < len(rows):
                db.execute(UNCLAIM + these)


def reject(journal: Journal, refused: Iterable[Tuple[Outgoing, str]]) -> None:
    """Mark records as rejected, each with the server's reason, unless they were changed since."""
    with journal.transaction() as db:
        for item, reason in refused:
            db.execute(
                "UPDATE deliveries SET state = 'rejected', reason = ?, attempts = attempts + 1"
                " WHERE seq = ? AND ? = (SELECT revision FROM records WHERE seq = deliveries.seq)",
                (reason, item.row, item.revision),
            )
            db.execute(UNCLAIM + among("seq", [item.row]))


def postpone(journal: Journal, items: Iterable[Outgoing], reason: str, pause: float) -> None:
    """Keep records waiting; for ``pause`` seconds only an explicit flush sends them."""
    with journal.transaction() as db:
        for item in items:
            db.execute(
                "UPDATE deliveries SET reason = ?, attempts = attempts + 1, not_before = ?"
                " WHERE seq = ? AND state = 'waiting'",
                (reason, time.time() + pause, item.row),
            )
            db.execute(UNCLAIM + among("seq", [item.row]))


def watch(journal: Journal, rows: Iterable[int]) -> None:
    """Make ``watched`` count those of these rows that are in the outbox, until the journal is closed.

    They are put into a temporary table, since they may be too many for one query.
    """
    found = "INSERT OR IGNORE INTO watched SELECT seq FROM deliveries WHERE seq BETWEEN ? AND ?"
    with journal.reporting_errors():
        journal.db.execute("CREATE TEMP TABLE IF NOT EXISTS watched (seq INTEGER PRIMARY KEY)")
        journal.db.execute("BEGIN")
        journal.db.execute("DELETE FROM watched")
        journal.db.executemany(found, _runs(rows))
        journal.db.execute("COMMIT")


def _runs(rows: Iterable[int]) -> Iterator[Tuple[int, int]]:
    """Yield the first and the last number of each run of consecutive numbers."""
    run: List[int] = []
    for row in rows:
        if run and row == run[1] + 1:
            run[1] = row
            continue
        if run:
            yield run[0], run[1]
        run = [row, row]
    if run:
        yield run[0], run[1]


def watched(journal: Journal) -> Dict[str, int]:
    """Return how many of the watched rows are still in the outbox, by state."""
    sql = "SELECT state, count(*) AS n FROM deliveries JOIN watched USING (seq) GROUP BY state"
    return {row["state"]: row["n"] for row in journal.rows(sql)}


def count_waiting(
    journal: Journal,
    destinations: Optional[Sequence[int]] = None,
    rows: Optional[Iterable[int]] = None,
) -> int:
    """Return how many records wait; ``destinations`` and ``rows`` limit which are counted."""
    sql = "SELECT count(*) AS n FROM deliveries WHERE state = 'waiting' AND {} AND {}"
    found = journal.rows(sql.format(among("destination", destinations), among("seq", rows)))
    return next(int(row["n"]) for row in found)


def tallies(journal: Journal, also: Sequence[int] = ()) -> List[Tally]:
    """Return the numbers for each destination that has records in the outbox or local ones.

    The destinations in ``also`` are listed in any case.
    """
    sql = """
        SELECT p.id, p.base_url, p.public_key, p.project_name,
            sum(d.state = 'waiting') AS waiting, sum(d.state = 'rejected') AS rejected,
            sum(r.destination = {local}) AS local,
            min(CASE WHEN {listed} THEN r.written_at END) AS oldest
        FROM records AS r JOIN destinations AS p ON p.id = r.destination
        LEFT JOIN deliveries AS d ON d.seq = r.seq
        WHERE {listed} OR {also}
        GROUP BY p.id ORDER BY p.id
    """.format(
        local=LOCAL,
        listed="(d.seq IS NOT NULL OR r.destination = {})".format(LOCAL),
        also=among("p.id", also),
    )
    return [
        Tally(
            row["id"],
            row["base_url"],
            row["public_key"],
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
    """Yield the records in the outbox, the oldest first; ``state`` and ``row`` limit them."""
    sql = """
        SELECT r.seq, r.kind, r.id, r.trace_id, p.base_url, d.state, d.attempts, r.written_at,
            d.reason, r.body
        FROM deliveries AS d JOIN records AS r ON r.seq = d.seq
        JOIN destinations AS p ON p.id = d.destination
        WHERE (? IS NULL OR d.state = ?) AND (? IS NULL OR d.seq = ?)
        ORDER BY d.seq
    """
    for found in journal.rows(sql, state, state, row, row):
        yield Entry(*(tuple(found)[:-1] + (_as_written(found["body"]),)))


def _as_written(text: Any) -> Any:
    """Return the body of a record; of a damaged one what stands in its place, as text."""
    try:
        return json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return text.decode("utf-8", "replace") if isinstance(text, bytes) else text


def retry(journal: Journal, rows: Optional[Iterable[int]] = None) -> int:
    """Mark rejected records as waiting (all, or those of ``rows``), and return how many."""
    sql = (
        "UPDATE deliveries SET state = 'waiting', attempts = 0, not_before = 0"
        " WHERE state = 'rejected' AND {}"
    )
    with journal.transaction() as db:
        return int(db.execute(sql.format(among("seq", rows))).rowcount)


def drop(journal: Journal, rows: Sequence[int]) -> int:
    """Delete the deliveries of ``rows``, and return how many there were.

    Their records are deleted as well, unless a server has an earlier revision of them.
    """
    with journal.transaction() as db:
        found = 0
        for row in rows:
            if db.execute("DELETE FROM deliveries WHERE seq = ?", (row,)).rowcount:
                db.execute("DELETE FROM records WHERE seq = ? AND sent_revision = 0", (row,))
                found += 1
        return found


def prune(journal: Journal, days: float) -> int:
    """Delete records that were accepted more than ``days`` ago, and return how many.

    Records in the outbox and local ones are kept. A trace is kept as long as one of its records
    is, because later observations repeat its name, user and tags.
    """
    old = (
        "DELETE FROM records WHERE destination != ? AND sent_at < ?"
        " AND seq NOT IN (SELECT seq FROM deliveries)"
    )
    steps = old + " AND kind != 'trace'"
    traces = old + (
        " AND kind = 'trace' AND NOT EXISTS (SELECT 1 FROM records AS r"
        " WHERE r.destination = records.destination AND r.trace_key = records.trace_key"
        " AND r.seq != records.seq)"
    )
    before = time.time() - days * 86400
    with journal.transaction() as db:
        return sum(int(db.execute(sql, (LOCAL, before)).rowcount) for sql in (steps, traces))
