"""Adds to a server's answers the records that this machine has written and it may not show yet.

Each added record is marked: ``"unconfirmed"`` is ``"waiting"`` or ``"rejected"`` (it is in the
outbox), ``"sent"`` (the server has accepted it, but may not show it yet) or ``"running"`` (it is
open: what it is of goes on, and it is not sent before that ends).
"""

import time
from typing import Callable, Dict, Iterable, Iterator, List, NamedTuple, Optional

from coaiapy.langfuse.journal.damage import whole
from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.read.filters import TraceFilter
from coaiapy.langfuse.records import ids
from coaiapy.langfuse.records.body import Body, completed
from coaiapy.langfuse.records.fields import RUNNING, UNCONFIRMED

# A server shows a record within this time after it has accepted it. A record that it does not show
# after that was probably deleted there, and is not added.
LATE_SECONDS = 900.0
# The marks of records of which the journal knows more than the server.
_NEWEST = (RUNNING, "waiting")


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
    """Yield the unconfirmed records of a destination, the earliest first, with their mark.

    ``trace_id`` and ``kind`` limit them to one trace and to one kind of record.
    """
    sql = (
        "SELECT r.seq, r.kind, r.body, d.state, o.seq AS is_open FROM records AS r"
        " LEFT JOIN deliveries AS d ON d.seq = r.seq LEFT JOIN open_records AS o ON o.seq = r.seq"
        " WHERE r.destination = ? AND r.kind NOT IN ('damaged', 'context')"
        " AND (d.seq IS NOT NULL OR o.seq IS NOT NULL OR r.sent_at > ?)"
        " AND (? IS NULL OR r.trace_key = ?) AND (? IS NULL OR r.kind = ?) ORDER BY r.time, r.seq"
    )
    key = ids.span_trace_id(trace_id) if trace_id else None
    since = time.time() - LATE_SECONDS
    found = journal.rows(sql, destination, since, key, key, kind, kind)
    for row, body in whole(journal, found):
        if row["kind"] == "observation":
            body = completed(body)
        mark = RUNNING if row["is_open"] is not None else row["state"] or "sent"
        yield Fresh(row["kind"], dict(body, **{UNCONFIRMED: mark}))


def added_to_trace(shown: Optional[Body], fresh: Iterable[Fresh]) -> Optional[Body]:
    """Return ``shown`` with the fresh records of its trace added.

    ``shown`` is the trace from the server with its observations and scores, ``None`` if the server
    has no such trace. Returns ``None`` if there is nothing fresh either.
    """
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
    """Return the trace that the server shows, merged with the journal's record of it.

    If the record still runs or waits to be sent, its values win: they are the newest. If it was sent, the
    server's values win, and the record fills in those that the server lacks: it may show a trace's
    observations before it shows the trace's own name, tags and metadata.
    """
    if shown is None or body[UNCONFIRMED] in _NEWEST:
        return dict(shown or {}, **body)
    sent = {name: value for name, value in body.items() if name != UNCONFIRMED}
    return dict(sent, **dict(shown, timestamp=min(sent["timestamp"], shown["timestamp"])))


def _with_record(shown: List[Body], body: Body, form: Callable[[str], str]) -> List[Body]:
    known = [form(item["id"]) for item in shown]
    if form(body["id"]) not in known:
        return shown + [body]
    if body[UNCONFIRMED] not in _NEWEST:
        return shown
    place = known.index(form(body["id"]))
    return shown[:place] + [dict(shown[place], **body)] + shown[place + 1 :]


def added_to_list(
    shown: List[Body], fresh: Iterable[Fresh], wanted: TraceFilter, limit: Optional[int]
) -> List[Body]:
    """Return a listing's traces with the missing fresh ones, in its order, at most ``limit``."""
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
