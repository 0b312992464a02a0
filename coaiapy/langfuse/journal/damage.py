"""Damaged rows of the journal: they are set aside, so that all others can be used.

A row is damaged if its body is not the JSON of such a record: a disk or another program has changed
it. It gets the kind ``DAMAGED``, which nothing reads, and is rejected in the outbox, where it can be
shown as it is, and dropped.
"""

import json
from contextlib import contextmanager
from typing import Any, Dict, Iterable, Iterator, List, Optional, Tuple

from coaiapy.langfuse.journal.db import Journal, open_to_read
from coaiapy.langfuse.journal.schema import DAMAGED
from coaiapy.langfuse.records.body import Body
from coaiapy.util.formats.shapes import Kind, name, record
from coaiapy.util.text.notes import Note

_TRACE = record("a trace", {"id": name, "timestamp": name})
_RECORDS: Dict[str, Kind] = {
    "trace": _TRACE,
    "context": _TRACE,
    "observation": record("an observation", {"id": name, "traceId": name, "startTime": name}),
    "score": record("a score", {"id": name, "name": name}),
}
_MOST_SHOWN = 5
_REASON = (
    "it is damaged in the journal, and cannot be sent; to delete it: coaia fuse outbox drop {}"
)


@contextmanager
def open_reporting(is_local: bool, note: Note) -> Iterator[Journal]:
    """Open the journal as ``open_to_read`` does; ``note`` is told of damaged rows in the end."""
    with open_to_read(is_local) as journal:
        yield journal
        for sentence in found_damage(journal):
            note(sentence)


def found_damage(journal: Journal) -> Iterator[str]:
    """Yield one sentence about the rows that were set aside, if there are any."""
    rows: List[int] = sorted(set(journal.set_aside))
    if len(rows) == 1:
        yield (
            "record {0} is damaged in the journal and was set aside: coaia fuse outbox show {0} shows "
            "what is left of it, coaia fuse outbox drop {0} deletes it".format(rows[0])
        )
    elif rows:
        shown = ", ".join(map(str, rows[:_MOST_SHOWN])) + (" ..." if rows[_MOST_SHOWN:] else "")
        yield (
            "{} records are damaged in the journal and were set aside ({}): coaia fuse outbox show NO "
            "shows what is left of one, coaia fuse outbox drop NO deletes it".format(
                len(rows), shown
            )
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
