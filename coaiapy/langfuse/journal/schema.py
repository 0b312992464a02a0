"""The tables of the journal."""

SCHEMA_VERSION = 2
# The destination of records that stay on this machine.
LOCAL = 0
# The kind of a row whose record cannot be read.
DAMAGED = "damaged"

# What version 2 has added.
OPEN_RECORDS = """
CREATE TABLE open_records (
    seq INTEGER PRIMARY KEY REFERENCES records (seq) ON DELETE CASCADE,
    opened_by TEXT NOT NULL
);
"""
# The script that brings a journal of a version to the next one.
UPGRADES = {1: OPEN_RECORDS}

SCHEMA = """
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
SCHEMA += OPEN_RECORDS
