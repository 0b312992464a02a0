"""Reads records from the journal; they are returned as bodies."""

import os
from typing import Any, Iterator, List, Optional, Tuple

from coaiapy.langfuse.journal.damage import bodies, whole
from coaiapy.langfuse.journal.db import Journal, journal_path
from coaiapy.langfuse.records import ids
from coaiapy.langfuse.records.body import Body
from coaiapy.util.paths import absolute

# The records of traces, and a row for each trace that has none; both are read in the order of their
# indexes, so that the first page needs no other bodies.
_TRACES = """
    SELECT time, seq, kind, body, trace_id FROM records
    WHERE destination = ?1 AND kind = 'trace'
    UNION ALL
    SELECT time, seq, 'observation', NULL, trace_id FROM lone_traces WHERE destination = ?1
"""
# By whether the newest comes first.
_BY_TIME = {True: "ORDER BY time DESC, seq DESC", False: "ORDER BY time, seq"}


def traces(journal: Journal, destination: int, newest_first: bool = True) -> Iterator[Body]:
    """Yield the traces of a destination in the order of their time, reading only as needed.

    A trace of which there are only observations (another machine has written it) is included, with
    the time of its first observation.
    """
    for row in journal.rows(_TRACES + _BY_TIME[newest_first], destination):
        if row["body"] is None:
            yield {"id": row["trace_id"], "timestamp": row["time"]}
        else:
            for body in bodies(journal, [row]):
                yield body


def trace(journal: Journal, destination: int, trace_id: str) -> Optional[Body]:
    """Return one trace by any form of its id, or ``None``.

    If there are only observations of it, it has the time of the first one.
    """
    sql = """
        SELECT seq, kind, trace_id, time, CASE kind WHEN 'trace' THEN body END AS body FROM records
        WHERE destination = ? AND trace_key = ? AND kind = ? ORDER BY time, seq LIMIT 1
    """
    for kind in ("trace", "observation"):
        for row in journal.rows(sql, destination, ids.span_trace_id(trace_id), kind):
            if row["body"] is None:
                return {"id": row["trace_id"], "timestamp": row["time"]}
            for body in bodies(journal, [row]):
                return body
    return None


def is_of_user(
    journal: Journal, destination: int, observation: Body, user_id: Optional[str]
) -> bool:
    """Tell whether the trace of an observation has this user; any has the user ``None``."""
    if user_id is None:
        return True
    of_it = trace(journal, destination, observation["traceId"])
    return of_it is not None and of_it.get("userId") == user_id


def context(journal: Journal, destination: int, trace_id: str) -> Optional[Body]:
    """Return the trace that observations of it repeat: its own record, or what a server had of it.

    ``None`` if there is neither.
    """
    sql = (
        "SELECT seq, kind, body FROM records WHERE destination = ? AND trace_key = ?"
        " AND kind IN ('trace', 'context') ORDER BY kind DESC LIMIT 1"
    )
    return next(bodies(journal, journal.rows(sql, destination, ids.span_trace_id(trace_id))), None)


def observations(journal: Journal, destination: int, trace_id: str) -> List[Body]:
    """Return the observations of a trace in the order of their start."""
    return _bodies(journal, "observation", destination, ids.span_trace_id(trace_id))


def scores(journal: Journal, destination: int, trace_id: str) -> List[Body]:
    """Return the scores of a trace and of its observations."""
    return _bodies(journal, "score", destination, ids.span_trace_id(trace_id))


def records_of_trace(journal: Journal, destination: int, trace_id: str) -> List[Tuple[str, Body]]:
    """Return the kind and the body of every record of a trace, its own first."""
    sql = (
        "SELECT seq, kind, body FROM records WHERE destination = ? AND trace_key = ?"
        " AND kind IN ('trace', 'observation', 'score') ORDER BY kind = 'trace' DESC, kind, time, seq"
    )
    found = journal.rows(sql, destination, ids.span_trace_id(trace_id))
    return [(row["kind"], body) for row, body in whole(journal, found)]


def _bodies(journal: Journal, kind: str, destination: int, trace_key: str) -> List[Body]:
    sql = (
        "SELECT seq, kind, body FROM records WHERE destination = ? AND kind = ? AND trace_key = ?"
        " ORDER BY time, seq"
    )
    return list(bodies(journal, journal.rows(sql, destination, kind, trace_key)))


def find_observations(journal: Journal, destination: int, observation_id: str) -> List[Body]:
    """Return every observation with this id, which is unique only within a trace."""
    sql = (
        "SELECT seq, kind, body FROM records"
        " WHERE destination = ? AND kind = 'observation' AND key = ?"
    )
    return list(bodies(journal, journal.rows(sql, destination, ids.span_id(observation_id))))


def knows_trace(journal: Journal, destination: int, trace_id: str) -> bool:
    """Tell whether there is any record with this trace id that was written here."""
    sql = "SELECT 1 FROM records WHERE destination = ? AND trace_key = ? AND kind != 'context' LIMIT 1"
    return any(True for _ in journal.rows(sql, destination, ids.span_trace_id(trace_id)))


def was_sent(journal: Journal, destination: int, trace_id: str) -> bool:
    """Tell whether the server has accepted any record of a trace from here."""
    sql = "SELECT 1 FROM records WHERE destination = ? AND trace_key = ? AND sent_revision > 0 LIMIT 1"
    return any(True for _ in journal.rows(sql, destination, ids.span_trace_id(trace_id)))


def row_of_trace(journal: Journal, destination: int, trace_id: str) -> Optional[int]:
    """Return the row of a trace's own record, or ``None``."""
    sql = "SELECT seq FROM records WHERE destination = ? AND kind = 'trace' AND trace_key = ?"
    for row in journal.rows(sql, destination, ids.span_trace_id(trace_id)):
        return int(row["seq"])
    return None


def row_of_observation(
    journal: Journal, destination: int, trace_id: str, observation_id: str
) -> Optional[int]:
    """Return the row of an observation of a trace, or ``None``."""
    sql = (
        "SELECT seq FROM records WHERE destination = ? AND kind = 'observation'"
        " AND trace_key = ? AND key = ?"
    )
    keys = ids.span_trace_id(trace_id), ids.span_id(observation_id)
    for row in journal.rows(sql, destination, *keys):
        return int(row["seq"])
    return None


def body_at(journal: Journal, row: Optional[int]) -> Body:
    """Return the body in a row, ``{}`` if there is none."""
    found = journal.rows("SELECT seq, kind, body FROM records WHERE seq = ?", row)
    return next(bodies(journal, found), {})


def given_ids(
    journal: Journal, trace_key: str, observation_key: Optional[str]
) -> List[Optional[str]]:
    """Return the ids that the user gave to a trace and to its observation, as a v4 server has them.

    An id that is not known here is returned as it is.
    """
    sql = "SELECT trace_id, id FROM records WHERE trace_key = ? AND kind = ? AND key = ? LIMIT 1"
    trace_sql = "SELECT trace_id FROM records WHERE trace_key = ? AND kind != 'score' LIMIT 1"
    trace_id = next((row["trace_id"] for row in journal.rows(trace_sql, trace_key)), trace_key)
    found = journal.rows(sql, trace_key, "observation", observation_key)
    return [trace_id, next((row["id"] for row in found), observation_key)]


def forget_trace(journal: Journal, destination: int, trace_id: str) -> int:
    """Delete a trace with its observations and scores; return the number of deleted records."""
    with journal.transaction() as db:
        return int(
            db.execute(
                "DELETE FROM records WHERE destination = ? AND trace_key = ?",
                (destination, ids.span_trace_id(trace_id)),
            ).rowcount
        )


def all_observations(journal: Journal, destination: int) -> Iterator[Body]:
    """Return an iterator over the observations of a destination, newest first."""
    sql = (
        "SELECT seq, kind, body FROM records WHERE destination = ? AND kind = 'observation'"
        " ORDER BY time DESC, seq DESC"
    )
    return bodies(journal, journal.rows(sql, destination))


def peek(sql: str, *values: Any) -> List[Any]:
    """Return the rows of a query on the journal's file; no rows if the file does not exist.

    Nothing is created, locked or changed, so that a write of a moment ago may be missing. Raises
    ``sqlite3.Error`` if the file is not a journal.
    """
    import sqlite3
    from urllib.parse import quote

    path = absolute(journal_path())
    if not os.path.exists(path):
        return []
    db = sqlite3.connect("file:{}?immutable=1".format(quote(path)), uri=True)
    try:
        return db.execute(sql, values).fetchall()
    finally:
        db.close()
