"""What this machine has written and a server may not show yet, added to what the server shows.

Each such body is marked: ``"unconfirmed"`` is ``"waiting"`` or ``"rejected"`` (it is in the
outbox) or ``"sent"`` (acknowledged, and still on its way through the server).
"""

import json
import time
from typing import Callable, Dict, Iterable, Iterator, List, NamedTuple, Optional

from coaiapy import ids, server_rows
from coaiapy.journal import Journal
from coaiapy.record_fields import UNCONFIRMED, Body
from coaiapy.trace_filter import TraceFilter

# So long after it was sent, a record that the server does not show is not merely late.
LATE_SECONDS = 900.0


class Fresh(NamedTuple):
    """A record of the journal that a server may not show yet."""

    kind: str
    body: Body


def records(
    journal: Journal,
    destination: int,
    trace_id: Optional[str] = None,
    kind: Optional[str] = None,
) -> Iterator[Fresh]:
    """Yield the marked bodies of a destination, of all traces or one, of all kinds or one."""
    sql = (
        "SELECT r.kind, r.body, d.state FROM records AS r LEFT JOIN deliveries AS d ON d.seq = r.seq"
        " WHERE r.destination = ? AND (d.seq IS NOT NULL OR r.sent_at > ?)"
        " AND (? IS NULL OR r.trace_key = ?) AND (? IS NULL OR r.kind = ?) ORDER BY r.time, r.seq"
    )
    key = ids.span_trace_id(trace_id) if trace_id else None
    since = time.time() - LATE_SECONDS
    for row in journal.rows(sql, destination, since, key, key, kind, kind):
        body = json.loads(row["body"])
        if row["kind"] == "observation":
            body = server_rows.completed(body)
        yield Fresh(row["kind"], dict(body, **{UNCONFIRMED: row["state"] or "sent"}))


def added_to_trace(shown: Optional[Body], fresh: Iterable[Fresh]) -> Optional[Body]:
    """Return a whole trace as the server shows it, with the fresh records that it lacks."""
    bodies: Dict[str, List[Body]] = {"trace": [], "observation": [], "score": []}
    for kind, body in fresh:
        bodies[kind].append(body)
    found = shown
    for body in bodies["trace"]:
        found = _with_trace(found, body)
    for body in bodies["observation"][:1]:
        found = found or dict(
            id=body["traceId"], timestamp=body["startTime"], **{UNCONFIRMED: body[UNCONFIRMED]}
        )
    if found is None:
        return None
    below, scores = found.get("observations", []), found.get("scores", [])
    for body in bodies["observation"]:
        below = _with_record(below, body, ids.span_id)
    for body in bodies["score"]:
        scores = _with_record(scores, body, str)
    below = sorted(below, key=lambda body: str(body.get("startTime", "")))
    return dict(found, observations=below, scores=scores)


def _with_trace(shown: Optional[Body], body: Body) -> Body:
    """A change that waits is what the user means to see; what was sent, the server shows better.

    It may show observations already, and not yet what the trace says of itself.
    """
    if shown is None or body[UNCONFIRMED] == "waiting":
        return dict(shown or {}, **body)
    sent = {name: value for name, value in body.items() if name != UNCONFIRMED}
    return dict(sent, **dict(shown, timestamp=min(sent["timestamp"], shown["timestamp"])))


def _with_record(shown: List[Body], body: Body, form: Callable[[str], str]) -> List[Body]:
    known = [form(item["id"]) for item in shown]
    if form(body["id"]) not in known:
        return shown + [body]
    if body[UNCONFIRMED] != "waiting":
        return shown
    place = known.index(form(body["id"]))
    return shown[:place] + [dict(shown[place], **body)] + shown[place + 1 :]


def added_to_list(
    shown: List[Body], fresh: Iterable[Fresh], wanted: TraceFilter, limit: Optional[int]
) -> List[Body]:
    """Return the traces of a listing with the fresh ones that it lacks, in its order."""
    known = {ids.span_trace_id(trace["id"]) for trace in shown}
    missing: Dict[str, Body] = {
        ids.span_trace_id(body["id"]): body
        for kind, body in fresh
        if kind == "trace" and wanted.accepts(body)
    }
    added = [body for key, body in missing.items() if key not in known]
    in_order = sorted(
        shown + added, key=lambda trace: str(trace["timestamp"]), reverse=wanted.newest_first
    )
    return in_order[:limit]
