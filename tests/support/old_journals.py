"""Journals of earlier versions, as coaia of that time has made them."""

import json
import sqlite3

VERSION_1 = """
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
VERSION_2 = """
CREATE TABLE open_records (
    seq INTEGER PRIMARY KEY REFERENCES records (seq) ON DELETE CASCADE,
    opened_by TEXT NOT NULL
);
"""
_ROW = (
    "INSERT INTO records (destination, kind, trace_key, key, trace_id, id, time, body, event, written_at)"
    " VALUES (0, ?, ?, ?, ?, ?, ?, ?, 'e', 1.0)"
)


def make(path, version, bodies):
    """Make a journal of a version with local records, given as (kind, body); a text is damaged."""
    db = sqlite3.connect(str(path))
    db.execute("PRAGMA journal_mode = WAL")
    db.executescript(VERSION_1 + (VERSION_2 if version > 1 else ""))
    for number, (kind, body) in enumerate(bodies):
        trace_id = body["id"] if kind == "trace" else body["traceId"]
        time = body.get("startTime") or body["timestamp"]
        text = body.get("damaged") or json.dumps(body)
        db.execute(_ROW, (kind, trace_id, str(number), trace_id, body["id"], time, text))
    db.execute("PRAGMA user_version = {}".format(version))
    db.commit()
    db.close()
