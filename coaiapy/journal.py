"""The journal: every write is here before it leaves the machine, and local mode reads from it.

One SQLite file, ``coaia.db`` in the state folder. A record (trace, observation, score) is one row
of ``records`` with its latest state; ``revision`` counts its changes and ``sent_revision`` is the
last one that a server has acknowledged. What is owed to a server has a row in ``deliveries`` (see
``outbox.py``). Records are written for a *destination*: one project on one server, or ``LOCAL``.
"""

import json
import os
import time
from contextlib import contextmanager
from typing import Any, Dict, Iterable, Iterator, List, NamedTuple, Optional, Tuple

from coaiapy import ids
from coaiapy.errors import StateError
from coaiapy.files import PRIVATE_FILE, locked, make_private_folder, reason, state_folder
from coaiapy.journal_errors import journal_error
from coaiapy.record_fields import DEFAULTS, Body

LOCAL = 0
SCHEMA_VERSION = 1
BUSY_SECONDS = 15.0

_SCHEMA = """
CREATE TABLE destinations (
    id INTEGER PRIMARY KEY,
    base_url TEXT NOT NULL,
    public_key TEXT NOT NULL,
    project_id TEXT,
    project_name TEXT,
    UNIQUE (base_url, public_key)
);
INSERT INTO destinations (id, base_url, public_key) VALUES (0, 'local', '');
CREATE TABLE servers (
    base_url TEXT PRIMARY KEY,
    version TEXT NOT NULL,
    generation TEXT NOT NULL,
    checked_at REAL NOT NULL
);
CREATE TABLE marks (name TEXT PRIMARY KEY, at REAL NOT NULL);
CREATE TABLE records (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    destination INTEGER NOT NULL REFERENCES destinations (id),
    kind TEXT NOT NULL,
    trace_key TEXT NOT NULL,
    key TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    id TEXT NOT NULL,
    time TEXT NOT NULL,
    body TEXT NOT NULL,
    event TEXT NOT NULL,
    revision INTEGER NOT NULL DEFAULT 1,
    sent_revision INTEGER NOT NULL DEFAULT 0,
    written_at REAL NOT NULL,
    sent_at REAL,
    UNIQUE (destination, kind, trace_key, key)
);
CREATE INDEX records_by_id ON records (kind, key);
CREATE INDEX records_by_time ON records (destination, kind, time);
CREATE TABLE deliveries (
    seq INTEGER PRIMARY KEY REFERENCES records (seq) ON DELETE CASCADE,
    destination INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting',
    attempts INTEGER NOT NULL DEFAULT 0,
    not_before REAL NOT NULL DEFAULT 0,
    claimed_by TEXT,
    claimed_until REAL NOT NULL DEFAULT 0,
    reason TEXT
);
CREATE INDEX deliveries_by_state ON deliveries (destination, state, seq);
CREATE TABLE stash (key TEXT PRIMARY KEY, value BLOB NOT NULL, expires_at REAL);
"""

_ENCODER = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, separators=(",", ":"), default=str
)

# What a record keeps from its first writing, whatever comes later: servers do the same.
IMMUTABLE = ("timestamp", "startTime", "environment")


class Written(NamedTuple):
    """What one ``append`` did: the rows it touched and how many of them changed."""

    rows: List[int]
    changed: int


def journal_path() -> str:
    """Return where the journal lies."""
    return os.path.join(state_folder(), "coaia.db")


class Journal:
    """An open journal; a context manager that closes it."""

    def __init__(self, path: Optional[str] = None) -> None:
        self.path = path or journal_path()
        with self.reporting_errors():
            self.db = _open(self.path)

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, *exc: Any) -> None:
        self.db.close()

    @contextmanager
    def reporting_errors(self) -> Iterator[None]:
        """Turn SQLite's failures into sentences."""
        import sqlite3

        try:
            yield
        except sqlite3.DatabaseError as error:
            raise journal_error(self.path, str(error), BUSY_SECONDS) from error

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        """Run the block as one change: all of it happens, or nothing does."""
        with self.reporting_errors():
            try:
                self.db.execute("BEGIN IMMEDIATE")
                yield self.db
                self.db.execute("COMMIT")
            except BaseException:
                if self.db.in_transaction:
                    self.db.execute("ROLLBACK")
                raise

    def rows(self, sql: str, *values: Any) -> Iterator[Any]:
        """Yield the rows of one query."""
        with self.reporting_errors():
            for row in self.db.execute(sql, values):
                yield row

    def append(self, destination: int, records: Iterable[Any]) -> Written:
        """Write records down in one transaction, and queue them unless they are local.

        A record that is known already is merged into what is there: given fields replace,
        metadata is merged, its first time stays. One that changes nothing is not queued again.
        """
        rows, changed = [], 0
        with self.transaction() as db:
            last = db.execute("SELECT coalesce(max(seq), 0) FROM records").fetchone()[0]
            for record in records:
                row, has_changed = _put(db, destination, record.kind, record.body())
                rows.append(row)
                changed += has_changed
            if destination != LOCAL:
                db.execute(
                    "INSERT OR IGNORE INTO deliveries (seq, destination)"
                    " SELECT seq, destination FROM records WHERE seq > ?",
                    (last,),
                )
        return Written(rows, changed)

    def patch(self, row: int, changes: Body) -> Written:
        """Merge ``changes`` into the body of one record, and queue it again if it changed."""
        with self.transaction() as db:
            found = db.execute("SELECT * FROM records WHERE seq = ?", (row,)).fetchone()
            return Written([row], int(merge_into(db, found, changes)))

    def destination(self, base_url: str, public_key: str) -> int:
        """Return the number of a server and project, which is given one if it is new."""
        known = "SELECT id FROM destinations WHERE base_url = ? AND public_key = ?"
        for row in self.rows(known, base_url, public_key):
            return int(row["id"])
        with self.transaction() as db:
            db.execute(
                "INSERT OR IGNORE INTO destinations (base_url, public_key) VALUES (?, ?)",
                (base_url, public_key),
            )
        return self.destination(base_url, public_key)


def _open(path: str) -> Any:
    import sqlite3

    make_private_folder(os.path.dirname(path))
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE_FILE))
    except OSError as error:
        raise StateError("cannot open the journal {}: {}".format(path, reason(error))) from error
    db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    db.row_factory = sqlite3.Row
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("PRAGMA synchronous = FULL")
    version = _version(db)
    if version == 0:
        _create(db, path)
    elif version > SCHEMA_VERSION:
        raise StateError(
            "the journal {} was written by a newer coaia: upgrade this one "
            "(pip install -U coaiapy)".format(path)
        )
    return db


def _version(db: Any) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _create(db: Any, path: str) -> None:
    with locked(path):
        if _version(db):
            return
        db.execute("PRAGMA journal_mode = WAL")
        script = "BEGIN IMMEDIATE; {} PRAGMA user_version = {}; COMMIT;"
        db.executescript(script.format(_SCHEMA, SCHEMA_VERSION))


def _put(db: Any, destination: int, kind: str, body: Body) -> Tuple[int, bool]:
    trace_id = body["id"] if kind == "trace" else body.get("traceId", "")
    trace_key = ids.span_trace_id(trace_id) if trace_id else ""
    key = _key(kind, trace_key, body["id"])
    added = db.execute(
        "INSERT OR IGNORE INTO records (destination, kind, trace_key, key, trace_id, id, time,"
        " body, event, written_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            destination,
            kind,
            trace_key,
            key,
            trace_id,
            body["id"],
            body.get("startTime") or body.get("timestamp", ""),
            to_json(dict(DEFAULTS[kind], **body)),
            ids.new_id(),
            time.time(),
        ),
    )
    if not added.rowcount:
        found = db.execute(
            "SELECT * FROM records"
            " WHERE destination = ? AND kind = ? AND trace_key = ? AND key = ?",
            (destination, kind, trace_key, key),
        ).fetchone()
        return found["seq"], merge_into(db, found, body)
    return added.lastrowid, True


def _key(kind: str, trace_key: str, record_id: str) -> str:
    if kind == "trace":
        return trace_key
    return ids.span_id(record_id) if kind == "observation" else record_id


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
