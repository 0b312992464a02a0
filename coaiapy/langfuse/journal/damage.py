"""Damaged rows of the journal: they are set aside, so that all others can be used.

A row is damaged if its body is not the JSON of such a record: a disk or another program has changed
it. It gets the kind ``DAMAGED``, which nothing reads, and is rejected in the outbox, where it can be
shown as it is, and dropped.
"""

import json
from typing import Any, Dict, Iterable, Iterator, Optional, Tuple

from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.journal.schema import DAMAGED
from coaiapy.langfuse.records.fields import Body
from coaiapy.util.formats.shapes import Kind, name, record

_TRACE = record("a trace", {"id": name, "timestamp": name})
_RECORDS: Dict[str, Kind] = {
    "trace": _TRACE,
    "context": _TRACE,
    "observation": record("an observation", {"id": name, "traceId": name, "startTime": name}),
    "score": record("a score", {"id": name, "name": name}),
}
_REASON = (
    "it is damaged in the journal, and cannot be sent; to delete it: coaia fuse outbox drop {}"
)


def body_of(kind: str, text: Any) -> Optional[Body]:
    """Return the body of a record of this kind, ``None`` if it is damaged."""
    try:
        body: Body = _RECORDS[kind](json.loads(text))
    except (KeyError, TypeError, ValueError, RecursionError):
        return None
    return body


def whole(journal: Journal, rows: Iterable[Any]) -> Iterator[Tuple[Any, Body]]:
    """Yield the rows that are whole, each with its body, and set the others aside.

    The rows have at least ``seq``, ``kind`` and ``body``.
    """
    for row in rows:
        body = body_of(row["kind"], row["body"])
        if body is not None:
            yield row, body
        else:
            set_aside(journal, row["seq"])


def bodies(journal: Journal, rows: Iterable[Any]) -> Iterator[Body]:
    """Yield the bodies of the rows that are whole, and set the others aside."""
    return (body for _, body in whole(journal, rows))


def set_aside(journal: Journal, row: int) -> None:
    """Take a damaged row away from the records, and reject it in the outbox."""
    with journal.reporting_errors():
        journal.db.execute(
            "UPDATE records SET kind = ?, key = 'row ' || seq, sent_revision = 0 WHERE seq = ?",
            (DAMAGED, row),
        )
        journal.db.execute(
            "INSERT OR REPLACE INTO deliveries (seq, destination, state, reason)"
            " SELECT seq, destination, 'rejected', ? FROM records WHERE seq = ?",
            (_REASON.format(row), row),
        )
    journal.set_aside.append(row)
