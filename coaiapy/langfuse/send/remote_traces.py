"""Completes what this machine has written about traces of others by what the server has of them.

Servers of v2 and v3 merge a trace that is written again, but make a public one private, and v3 keeps
its environment and timestamp, as then the record must. A v4 server does not merge: the root span that
is written again replaces the one that is there, also in the fields that it does not have. Records of
traces that the journal did not have are therefore marked as unread when they are written. Before they
are sent, the traces are read from the server and merged here. Observations get the fields of their
trace, which every span repeats: they are kept as a record of the kind ``context``, which is not sent
and not shown.
"""

import json
import time
from typing import Any, Dict, Iterable, Iterator, List, Optional, Tuple

from coaiapy.config.settings import Settings
from coaiapy.langfuse.client.http import LangfuseHttp
from coaiapy.langfuse.client.server import Server
from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.journal.marks import clear_mark_of, moment
from coaiapy.langfuse.journal.staging import merge_bodies, to_json, unread_mark
from coaiapy.langfuse.read.filters import DEFAULT_ENVIRONMENT
from coaiapy.langfuse.read.readers import of_server
from coaiapy.langfuse.read.v3 import LegacyReader
from coaiapy.langfuse.read.v4.reader import FoundTrace, SpanReader
from coaiapy.langfuse.records.body import Body

# The fields of a trace that every span repeats, and that v4 servers filter by.
_REPEATED = {
    "userId": "user",
    "sessionId": "session",
    "tags": "tags",
    "name": "trace name",
    "release": "release",
}
# The traces whose root was never sent from here, and whether it waits to be sent now. What another
# process is sending, that process has completed.
_UNREAD = """
SELECT r.trace_key, max(r.kind = 'trace') AS has_root, r.trace_id FROM records AS r
JOIN deliveries AS d ON d.seq = r.seq
WHERE r.destination = ?1 AND r.sent_revision = 0 AND r.kind IN ('trace', 'observation')
    AND d.state = 'waiting' AND d.claimed_until <= ?2
    AND NOT EXISTS (SELECT 1 FROM records WHERE destination = ?1 AND kind = 'trace'
        AND trace_key = r.trace_key AND sent_revision > 0)
GROUP BY r.trace_key
"""
_ADD_CONTEXT = """
INSERT OR REPLACE INTO records (destination, kind, trace_key, key, trace_id, id, time, body, event,
    written_at, sent_at) VALUES (?, 'context', ?, ?, ?, ?, ?, ?, '', ?, ?)
"""
_OF_TRACE = """
SELECT seq, kind, id, body FROM records
WHERE destination = ? AND trace_key = ? AND kind = ? AND sent_revision = 0
"""
_CHANGE = "UPDATE records SET body = ?, time = ?, revision = revision + 1 WHERE seq = ?"


def complete(journal: Journal, settings: Settings, destinations: Iterable[int]) -> List[str]:
    """Complete the unread records of ``destinations``; return messages for the user.

    Does nothing if none are marked. Raises what a reader raises: then the records must wait.
    """
    messages: List[str] = []
    for destination in destinations:
        name = unread_mark(destination)
        marked = moment(journal, name)
        if marked is not None:
            messages += _complete(journal, settings, destination)
            clear_mark_of(journal, name, marked)
    return messages


def _complete(journal: Journal, settings: Settings, destination: int) -> List[str]:
    rows = list(journal.rows(_UNREAD, destination, time.time()))
    unread = {row["trace_key"]: bool(row["has_root"]) for row in rows}
    roots = {row["trace_key"]: row["trace_id"] for row in rows if row["has_root"]}

    def ask(http: LangfuseHttp, server: Server) -> Tuple[Dict[str, FoundTrace], Dict[str, Body]]:
        if server.keeps_spans:
            return SpanReader(http).known(unread), {}
        reader = LegacyReader(http, server)
        return {}, {key: reader.lasting(trace_id) for key, trace_id in roots.items()}

    messages: List[str] = []
    if not unread:
        return messages
    # Sending has a limit of its own, which is short where the server was away.
    found, lasting = of_server(journal, settings, ask, hasty=True, brief_if_away=False)
    if not found and not any(lasting.values()):
        return messages
    with journal.transaction() as db:
        for key, kept in lasting.items():
            _keep(db, destination, key, kept)
        for key, there in found.items():
            if unread[key]:
                messages += _merge_root(db, destination, key, there)
            else:
                _keep_context(db, destination, key, there)
            _put_environment(db, destination, key, there.body, settings.environment)
    return messages


def _written(db: Any, destination: int, key: str, kind: str) -> Iterator[Tuple[Any, Body]]:
    """Yield the rows of records that were never sent, and their bodies; damaged ones are left out."""
    for row in db.execute(_OF_TRACE, (destination, key, kind)).fetchall():
        try:
            body = json.loads(row["body"])
        except ValueError:
            continue
        if isinstance(body, dict):
            yield row, body


def _keep(db: Any, destination: int, key: str, kept: Body) -> None:
    """Write what a v3 server keeps of a trace into the record that waits to be sent.

    A record that says the same stays as it is: another process may be sending it just now.
    """
    for row, body in _written(db, destination, key, "trace"):
        ours = dict({"environment": DEFAULT_ENVIRONMENT}, **body)
        others = {name: kept[name] for name in kept if kept[name] != ours.get(name)}
        if "public" in body:
            others.pop("public", None)
        if others:
            merged = dict(body, **others)
            db.execute(_CHANGE, (to_json(merged), merged["timestamp"], row["seq"]))


def _merge_root(db: Any, destination: int, key: str, there: FoundTrace) -> Iterator[str]:
    """Merge what the server has of a trace into the record that waits to be sent."""
    for row, ours in _written(db, destination, key, "trace"):
        merged = dict(merge_bodies(there.body, ours), id=ours["id"])
        if merged != ours:
            db.execute(_CHANGE, (to_json(merged), merged["timestamp"], row["seq"]))
            for note in _not_kept(there, merged):
                yield note


def _not_kept(there: FoundTrace, merged: Body) -> Iterator[str]:
    """Yield sentences about what a v4 server does not merge."""
    trace_id = merged["id"]
    changed = [
        what
        for name, what in _REPEATED.items()
        if name in there.body and there.body[name] != merged.get(name)
    ]
    if changed:
        yield (
            "trace {!r} was there before: the observations that it has keep their {}, by which "
            "this server filters them".format(trace_id, ", ".join(changed))
        )
    if not there.is_ours:
        yield (
            "trace {!r} was written by another program: its own root span stays, as an "
            "observation".format(trace_id)
        )
    if there.is_bookmarked:
        yield "trace {!r} loses its bookmark: a client cannot set it".format(trace_id)


def _keep_context(db: Any, destination: int, key: str, there: FoundTrace) -> None:
    body = dict(there.body, hasRoot=there.is_ours)
    now = time.time()
    values = (destination, key, key, body["id"], body["id"], body["timestamp"], to_json(body))
    db.execute(_ADD_CONTEXT, values + (now, now))


def _put_environment(
    db: Any, destination: int, key: str, trace: Body, implied: Optional[str]
) -> None:
    """Give observations the environment of their trace instead of that of the settings."""
    for row, body in _written(db, destination, key, "observation"):
        if body.get("environment") not in (None, implied):
            continue
        given = {name: value for name, value in body.items() if name != "environment"}
        if trace.get("environment"):
            given["environment"] = trace["environment"]
        if given != body:
            db.execute(_CHANGE, (to_json(given), given["startTime"], row["seq"]))
