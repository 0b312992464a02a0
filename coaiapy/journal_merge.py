"""Merges a record that is written again with the one in the journal."""

import json
import time
from typing import Any

from coaiapy.journal_schema import LOCAL
from coaiapy.langfuse.records.fields import Body
from coaiapy.util.formats.json_values import compact

# Returns a body as compact JSON text; types that JSON lacks, such as dates, become text.
to_json = compact(allow_nan=True)

_TIMES = {"observation": "startTime"}
# Fields that keep their value from the first write; servers do the same. A first write without an
# environment has the default one, which is kept as well.
IMMUTABLE = ("timestamp", "startTime", "environment")


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
    """Set that mark, within the caller's transaction (see ``known_elsewhere``)."""
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
