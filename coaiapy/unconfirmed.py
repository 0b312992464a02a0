"""What this machine has written and a server may not show yet, added to what the server shows.

Each such body is marked: ``"unconfirmed"`` is ``"waiting"`` or ``"rejected"`` (it is in the
outbox) or ``"sent"`` (acknowledged, and still on its way through the server).
"""

import json
import time
from typing import Dict, Iterator, List, NamedTuple, Optional

from coaiapy import ids
from coaiapy.journal import Journal
from coaiapy.record_fields import Body
from coaiapy.trace_filter import TraceFilter

MARK = "unconfirmed"
# So long after it was sent, a record that the server does not show is not merely late.
LATE_SECONDS = 900.0


class Fresh(NamedTuple):
    """A record of the journal that a server may not show yet."""

    kind: str
    body: Body


def records(journal: Journal, destination: int, trace_id: Optional[str] = None) -> Iterator[Fresh]:
    """Yield the marked bodies of a destination, of all traces or of one."""
    sql = (
        "SELECT r.kind, r.body, d.state FROM records AS r LEFT JOIN deliveries AS d ON d.seq = r.seq"
        " WHERE r.destination = ? AND (d.seq IS NOT NULL OR r.sent_at > ?)"
        " AND (? IS NULL OR r.trace_key = ?) ORDER BY r.time, r.seq"
    )
    key = ids.span_trace_id(trace_id) if trace_id else None
    since = time.time() - LATE_SECONDS
    for row in journal.rows(sql, destination, since, key, key):
        yield Fresh(row["kind"], dict(json.loads(row["body"]), **{MARK: row["state"] or "sent"}))


def added_to_trace(shown: Optional[Body], fresh: Iterator[Fresh]) -> Optional[Body]:
    """Return a trace as the server shows it, with the fresh records that it does not show."""
    found = shown
    for kind, body in fresh:
        if kind == "trace":
            found = _with_trace(found, body)
        elif kind == "observation":
            found = found or {"id": body["traceId"], "timestamp": body["startTime"]}
            known = found.setdefault("observations", [])
            if ids.span_id(body["id"]) not in {ids.span_id(item["id"]) for item in known}:
                known.append(body)
    if found is not None:
        found.setdefault("observations", []).sort(key=lambda body: body.get("startTime", ""))
        found.setdefault("scores", [])
    return found


def _with_trace(shown: Optional[Body], body: Body) -> Body:
    """A change that waits is what the user means to see; what was sent, the server shows better."""
    if shown is None:
        return dict(body, observations=[], scores=[])
    return dict(shown, **body) if body[MARK] == "waiting" else shown


def added_to_list(
    shown: List[Body], fresh: Iterator[Fresh], wanted: TraceFilter, limit: Optional[int]
) -> List[Body]:
    """Return the traces of a listing with the fresh ones that it lacks, in its order."""
    known = {ids.span_trace_id(trace["id"]) for trace in shown}
    missing: Dict[str, Body] = {
        ids.span_trace_id(body["id"]): body
        for kind, body in fresh
        if kind == "trace" and wanted.accepts(body)
    }
    added = [body for key, body in missing.items() if key not in known]
    if not added:
        return shown
    newest_first = wanted.order.endswith(".desc")
    both = sorted(shown + added, key=lambda trace: trace["timestamp"], reverse=newest_first)
    return both[:limit]
