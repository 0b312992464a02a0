"""A record that is written again: what becomes of the one that the journal has already."""

import json
import time
from typing import Any, Dict

from coaiapy.journal_schema import LOCAL
from coaiapy.record_fields import Body

_ENCODER = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, separators=(",", ":"), default=str
)

# What a record keeps from its first writing, whatever comes later: servers do the same.
IMMUTABLE = ("timestamp", "startTime", "environment")


def merge_into(db: Any, found: Any, changes: Body) -> bool:
    """Merge ``changes`` into the record of a row, and tell whether that changed it.

    A server is owed a change; and what it has never accepted, whenever it is written again.
    """
    old = json.loads(found["body"])
    merged = merge_bodies(old, changes)
    changed = merged != old or _sorted_json(merged) != _sorted_json(old)  # 1 is not true
    if changed:
        db.execute(
            "UPDATE records SET body = ?, revision = revision + 1, written_at = ? WHERE seq = ?",
            (to_json(merged), time.time(), found["seq"]),
        )
    owed = changed or found["sent_revision"] < found["revision"]
    if owed and found["destination"] != LOCAL:
        queue(db, found["seq"], found["destination"])
    return changed


def _sorted_json(body: Body) -> str:
    return json.dumps(body, sort_keys=True, default=str)


def queue(db: Any, row: int, destination: int) -> None:
    """Owe the record to its server; one that is on its way right now keeps its claim."""
    changed = db.execute(
        "UPDATE deliveries SET state = 'waiting', attempts = 0, not_before = 0, reason = NULL"
        " WHERE seq = ?",
        (row,),
    ).rowcount
    if not changed:
        db.execute("INSERT INTO deliveries (seq, destination) VALUES (?, ?)", (row, destination))


def merge_bodies(old: Body, new: Body) -> Body:
    """Return a record's body after a later writing of the same record."""
    merged = dict(old)
    for name, value in new.items():
        if name in IMMUTABLE and name in old or name in ("id", "traceId"):
            continue
        if name == "metadata" and isinstance(old.get(name), dict):
            value = dict(old[name], **value)
        merged[name] = value
    return merged


def to_json(body: Dict[str, Any]) -> str:
    """Return a body as compact JSON text; what JSON cannot say (a date) is said as text."""
    return _ENCODER.encode(body)
