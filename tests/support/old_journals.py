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
_FIND_LONE = """
    DELETE FROM lone_traces WHERE destination = {row}.destination AND trace_key = {row}.trace_key;
    INSERT OR IGNORE INTO lone_traces (destination, trace_key, time, trace_id, seq)
        SELECT destination, trace_key, time, trace_id, seq FROM records
        WHERE trace_key = {row}.trace_key AND destination = {row}.destination
            AND kind = 'observation' AND NOT EXISTS (SELECT 1 FROM records AS root
                WHERE root.trace_key = {row}.trace_key AND root.destination = {row}.destination
                AND root.kind = 'trace')
        ORDER BY time, seq LIMIT 1;
"""
# What versions 3 to 5 have added.
VERSION_5 = """
CREATE INDEX records_of_trace ON records (trace_key, destination, kind, time);
CREATE TABLE lone_traces (
    destination INTEGER NOT NULL,
    trace_key TEXT NOT NULL,
    time TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (destination, trace_key)
);
CREATE INDEX lone_traces_by_time ON lone_traces (destination, time, seq);
CREATE TABLE stale (seq INTEGER PRIMARY KEY REFERENCES records (seq) ON DELETE CASCADE);
CREATE TABLE figures (
    seq INTEGER PRIMARY KEY REFERENCES records (seq) ON DELETE CASCADE,
    destination INTEGER NOT NULL,
    trace_key TEXT NOT NULL,
    time TEXT NOT NULL,
    name TEXT,
    type TEXT NOT NULL,
    level TEXT NOT NULL,
    environment TEXT,
    model TEXT,
    duration INTEGER,
    input_tokens REAL NOT NULL,
    output_tokens REAL NOT NULL,
    cached_tokens REAL NOT NULL,
    cost REAL NOT NULL
);
CREATE INDEX figures_by_model ON figures (
    destination, model, duration, level, input_tokens, output_tokens, cached_tokens, cost
);
CREATE TRIGGER observation_written AFTER INSERT ON records
WHEN new.kind = 'observation' AND NOT EXISTS (SELECT 1 FROM records
    WHERE trace_key = new.trace_key AND destination = new.destination AND kind = 'trace')
BEGIN {begun} END;
CREATE TRIGGER trace_written AFTER INSERT ON records WHEN new.kind = 'trace'
BEGIN {begun} END;
CREATE TRIGGER record_deleted AFTER DELETE ON records WHEN old.kind IN ('trace', 'observation')
BEGIN {ended} END;
CREATE TRIGGER record_moved AFTER UPDATE OF destination, kind, time ON records
WHEN old.kind IN ('trace', 'observation')
BEGIN {ended} {begun} END;
CREATE TRIGGER figures_changed AFTER UPDATE OF destination, kind, time, body ON records
WHEN old.kind = 'observation'
BEGIN
    INSERT OR IGNORE INTO stale (seq) SELECT seq FROM figures WHERE seq = old.seq;
    DELETE FROM figures WHERE seq = old.seq;
END;
CREATE TABLE states (
    seq INTEGER PRIMARY KEY REFERENCES records (seq) ON DELETE CASCADE,
    state TEXT NOT NULL
);
CREATE TABLE experiments (
    destination INTEGER NOT NULL,
    id TEXT NOT NULL,
    started_at TEXT NOT NULL,
    plan TEXT NOT NULL,
    PRIMARY KEY (destination, id)
);
""".format(begun=_FIND_LONE.format(row="new"), ended=_FIND_LONE.format(row="old"))
_ROW = (
    "INSERT INTO records (destination, kind, trace_key, key, trace_id, id, time, body, event, written_at)"
    " VALUES (0, ?, ?, ?, ?, ?, ?, ?, 'e', 1.0)"
)


def make(path, version, bodies):
    """Make a journal of a version with local records, given as (kind, body); a text is damaged."""
    db = sqlite3.connect(str(path))
    db.execute("PRAGMA journal_mode = WAL")
    added = {1: "", 2: VERSION_2, 5: VERSION_2 + VERSION_5}
    db.executescript(VERSION_1 + added[version])
    for number, (kind, body) in enumerate(bodies):
        trace_id = body["id"] if kind == "trace" else body["traceId"]
        time = body.get("startTime") or body["timestamp"]
        text = body.get("damaged") or json.dumps(body)
        db.execute(_ROW, (kind, trace_id, str(number), trace_id, body["id"], time, text))
    db.execute("PRAGMA user_version = {}".format(version))
    db.commit()
    db.close()
