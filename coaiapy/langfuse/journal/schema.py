"""The tables of the journal.

``lone_traces`` has a row for each trace of which there are only observations; triggers keep it right.
``figures`` has the numbers of observations in columns, so that they are summed up without reading the
bodies. It is filled when somebody asks for them (see ``read.figures.journal``): writing must be quick.
A trigger takes away the figures of a record that changes, and notes it in ``stale``.
"""

SCHEMA_VERSION = 6
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
# Makes the row of ``lone_traces`` for the trace of ``{row}`` anew.
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
_BEGUN, _ENDED = _FIND_LONE.format(row="new"), _FIND_LONE.format(row="old")
# An observation that is later than the first of a lone trace changes nothing: most of a batch are.
_RECORD_WRITTEN = """CREATE TRIGGER record_written AFTER INSERT ON records
WHEN new.kind = 'trace' OR new.kind = 'observation'
    AND NOT EXISTS (SELECT 1 FROM lone_traces WHERE destination = new.destination
        AND trace_key = new.trace_key AND time <= new.time)
    AND NOT EXISTS (SELECT 1 FROM records WHERE trace_key = new.trace_key
        AND destination = new.destination AND kind = 'trace')
BEGIN {begun} END;
""".format(begun=_BEGUN)
# What version 3 has added.
FIGURES = """
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
{written}""".format(begun=_BEGUN, ended=_ENDED, written=_RECORD_WRITTEN)
FIND_ALL_LONE = """
INSERT INTO lone_traces (destination, trace_key, time, trace_id, seq)
SELECT destination, trace_key, min(time), trace_id, seq FROM records AS one
WHERE kind = 'observation' AND NOT EXISTS (SELECT 1 FROM records
    WHERE trace_key = one.trace_key AND destination = one.destination AND kind = 'trace')
GROUP BY destination, trace_key;
"""
# What version 4 has added: what an observer needs to go on later. It is not sent anywhere.
STATES = """
CREATE TABLE states (
    seq INTEGER PRIMARY KEY REFERENCES records (seq) ON DELETE CASCADE,
    state TEXT NOT NULL
);
"""
# What version 5 has added: the experiments of this machine. What became of their items is in records.
EXPERIMENTS = """
CREATE TABLE experiments (
    destination INTEGER NOT NULL,
    id TEXT NOT NULL,
    started_at TEXT NOT NULL,
    plan TEXT NOT NULL,
    PRIMARY KEY (destination, id)
);
"""
# What version 6 has changed: versions 3 to 5 had a slower trigger for each kind of record. A journal
# that comes from version 2 has this one already.
ONE_TRIGGER = """
DROP TRIGGER IF EXISTS observation_written;
DROP TRIGGER IF EXISTS trace_written;
DROP TRIGGER IF EXISTS record_written;
{}""".format(_RECORD_WRITTEN)
# The script that brings a journal of a version to the next one.
UPGRADES = {1: OPEN_RECORDS, 2: FIGURES + FIND_ALL_LONE, 3: STATES, 4: EXPERIMENTS, 5: ONE_TRIGGER}

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
SCHEMA += OPEN_RECORDS + FIGURES + STATES + EXPERIMENTS
