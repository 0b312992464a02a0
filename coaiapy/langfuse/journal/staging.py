"""Collects records in a temporary table, then moves all of them into the journal at once.

Only this connection sees the table. Other processes therefore do not have to wait while records
come slowly, for instance from a pipe, and nothing is written if one of them is wrong. SQLite keeps
a small table in memory, and a large one in a file. A record that is written again is merged with the
one in the journal.
"""

import json
import time
from array import array
from typing import Any, Iterable, Sequence, Tuple

from coaiapy.errors import UsageError
from coaiapy.langfuse.journal.schema import LOCAL
from coaiapy.langfuse.records import ids
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.records.fields import DEFAULTS
from coaiapy.util.formats.json_values import compact

# Returns a body as compact JSON text; types that JSON lacks, such as dates, become text.
to_json = compact(allow_nan=True)
_TIMES = {"observation": "startTime"}
# Fields that keep their value from the first write; servers do the same. A first write without an
# environment has the default one, which is kept as well.
IMMUTABLE = ("timestamp", "startTime", "environment")
# ``implied`` are the names of fields in the body that have their default and were not given.
_SCHEMA = """
CREATE TEMP TABLE IF NOT EXISTS staged (
    place INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    trace_key TEXT NOT NULL,
    key TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    id TEXT NOT NULL,
    time TEXT NOT NULL,
    body TEXT NOT NULL,
    implied TEXT NOT NULL,
    event TEXT NOT NULL DEFAULT (lower(hex(randomblob(16))))
)
"""
_STAGE = (
    "INSERT INTO staged (kind, trace_key, key, trace_id, id, time, body, implied)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_MOVE = """
INSERT OR IGNORE INTO records
    (destination, kind, trace_key, key, trace_id, id, time, body, event, written_at)
SELECT ?, kind, trace_key, key, trace_id, id, time, body, event, ? FROM staged ORDER BY place
"""
# A table that is larger than this goes to a file.
_CACHE_KIB = 10000
# The number of records that are compared with existing ones at a time.
_STEP = 1000
_WHERE_THEY_ARE = """
SELECT s.place, r.seq, r.event = s.event AS is_new FROM staged AS s JOIN records AS r
ON r.destination = ? AND r.kind = s.kind AND r.trace_key = s.trace_key AND r.key = s.key
WHERE s.place > ? AND s.place <= ? ORDER BY s.place
"""


def merge_into(db: Any, found: Any, changes: Body) -> bool:
    """Merge ``changes`` into the record in a row, and tell whether that changed it.

    The record is put into the outbox if it changed, or if the server has not accepted it yet.
    """
    old = known_body(found)
    merged = merge_bodies(old, changes)
    changed = merged != old or _sorted_json(merged) != _sorted_json(old)  # 1 == True in Python
    if changed:
        db.execute(
            "UPDATE records SET body = ?, revision = revision + 1, written_at = ? WHERE seq = ?",
            (to_json(merged), time.time(), found["seq"]),
        )
    owed = changed or found["sent_revision"] < found["revision"]
    if owed and found["destination"] != LOCAL:
        queue(db, found["seq"], found["destination"])
    return changed


def known_body(found: Any) -> Body:
    """Return the body in a row; of a damaged one what the row still knows besides."""
    try:
        body = json.loads(found["body"])
    except (ValueError, TypeError, RecursionError):
        body = None
    if isinstance(body, dict) and isinstance(body.get("id"), str):
        return body
    known = {"id": found["id"], _TIMES.get(found["kind"], "timestamp"): found["time"]}
    return dict(known, traceId=found["trace_id"]) if found["kind"] != "trace" else known


def _sorted_json(body: Body) -> str:
    return json.dumps(body, sort_keys=True, default=str)


def queue(db: Any, row: int, destination: int) -> None:
    """Put a record into the outbox; if it is being sent now, it keeps its claim."""
    changed = db.execute(
        "UPDATE deliveries SET state = 'waiting', attempts = 0, not_before = 0, reason = NULL"
        " WHERE seq = ?",
        (row,),
    ).rowcount
    if not changed:
        db.execute("INSERT INTO deliveries (seq, destination) VALUES (?, ?)", (row, destination))


def unread_mark(destination: int) -> str:
    """Return the name of the mark for records of traces that the server may have already."""
    return "unread {}".format(destination)


def mark_unread(db: Any, destination: int) -> None:
    """Set that mark, within the caller's transaction (see ``remote_traces``)."""
    db.execute(
        "INSERT OR REPLACE INTO marks (name, at) VALUES (?, ?)",
        (unread_mark(destination), time.time()),
    )


def merge_bodies(old: Body, new: Body) -> Body:
    """Return a record's body ``old`` after the record was written again as ``new``.

    Metadata is merged and tags are united, as servers of v2 and v3 do.
    """
    merged = dict(old)
    for name, value in new.items():
        if name in IMMUTABLE and name in old or name in ("id", "traceId", "environment"):
            continue
        if name == "metadata" and isinstance(old.get(name), dict):
            value = dict(old[name], **value)
        if name == "tags":
            value = old.get(name, []) + [tag for tag in value if tag not in old.get(name, [])]
        merged[name] = value
    return merged


def stage(db: Any, records: Iterable[Any]) -> int:
    """Collect records, and return how many; if ``records`` raises, none are kept."""
    db.execute("PRAGMA temp.cache_size = -{}".format(_CACHE_KIB))
    db.execute(_SCHEMA)
    db.execute("BEGIN")
    try:
        db.execute("DELETE FROM staged")
        db.executemany(_STAGE, map(_columns, records))
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # a full disk has ended it already
            db.execute("ROLLBACK")
        raise
    return int(db.execute("SELECT count(*) FROM staged").fetchone()[0])


def move(db: Any, destination: int, count: int) -> Tuple[Sequence[int], int]:
    """Move the ``count`` staged records into the journal, within the caller's transaction.

    Returns the row of each, and how many are new or changed. A record that exists already is
    merged.
    """
    moved = db.execute(_MOVE, (destination, time.time()))
    if moved.rowcount == count:
        return range(moved.lastrowid - count + 1, moved.lastrowid + 1), count
    return _merge_all(db, destination, count)


def _merge_all(db: Any, destination: int, count: int) -> Tuple[Sequence[int], int]:
    rows = array("q")
    changed = 0
    for place in range(0, count, _STEP):
        found = db.execute(_WHERE_THEY_ARE, (destination, place, place + _STEP)).fetchall()
        rows.extend(one["seq"] for one in found)
        changed += sum(one["is_new"] or _merge(db, one) for one in found)
    return rows, changed


def _merge(db: Any, place: Any) -> bool:
    staged = db.execute("SELECT * FROM staged WHERE place = ?", (place["place"],)).fetchone()
    known = db.execute("SELECT * FROM records WHERE seq = ?", (place["seq"],)).fetchone()
    implied = staged["implied"].split()
    body = json.loads(staged["body"])
    # What another journal has had may end before it starts, there as here (``record_as_kept``).
    if body.get("startTime", "") <= body.get("endTime", known["time"]) < known["time"]:
        raise UsageError(
            "end_time: {} is before {}, when {} {!r} started".format(
                body["endTime"], known["time"], known["kind"], known["id"]
            )
        )
    return merge_into(db, known, {name: body[name] for name in body if name not in implied})


def _columns(record: Any) -> Tuple[str, ...]:
    kind, body = record.kind, record.body()
    record_id = key = body["id"]
    trace_id = record_id if kind == "trace" else body.get("traceId", "")
    trace_key = ids.span_trace_id(trace_id) if trace_id else ""
    if kind == "observation":
        key = ids.span_id(record_id)
    elif kind == "trace":
        key = trace_key
    defaults = DEFAULTS[kind]
    implied = [name for name in defaults if name not in body]
    moment = body.get("startTime") or body.get("timestamp", "")
    text = to_json({**defaults, **body} if implied else body)
    return kind, trace_key, key, trace_id, record_id, moment, text, " ".join(implied)
