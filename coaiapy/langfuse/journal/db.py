"""The journal: every record is saved here before it is sent, and local mode reads from it.

It is one SQLite file, ``coaia.db`` in the state folder. A record (trace, observation, score) is one
row of ``records`` with its latest state; ``revision`` counts its changes, and ``sent_revision`` is
the last one that a server has accepted. A record that has to be sent has a row in ``deliveries``
(see ``outbox.py``). Each record belongs to a *destination*: a project on a server, or ``LOCAL``.
Marks are times by name, which the journal keeps from one command to the next.
"""

import os
from contextlib import contextmanager
from typing import (
    Any,
    Collection,
    Iterable,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
)

from coaiapy import patience
from coaiapy.errors import NoPlaceError, StateError
from coaiapy.langfuse.journal import open_records
from coaiapy.langfuse.journal.locks import connected, is_lock, locked_error
from coaiapy.langfuse.journal.observers import forget
from coaiapy.langfuse.journal.schema import LOCAL, SCHEMA, SCHEMA_VERSION, UPGRADES
from coaiapy.langfuse.journal.staging import mark_unread, merge_into, move, stage
from coaiapy.langfuse.records.body import Body
from coaiapy.util.files import locked, make_private_file, reason
from coaiapy.util.paths import advice_for, make_private_folder, state_folder
from coaiapy.util.text.notes import tell

# Bytes: with less free space SQLite cannot even create the files that it needs for reading.
_LEAST_ROOM = 65536
# SQLite's defaults are 2 MB and 4 MB. The pages of a large batch do not fit into that: they were
# read and written several times, which took a tenth of the time of a batch.
CACHE_KIB = 20000
CHECKPOINT_PAGES = 10000
_MEMORY = ":memory:"
# By whether a transaction waits for the disk.
_SYNCHRONOUS = {True: "PRAGMA synchronous = FULL", False: "PRAGMA synchronous = NORMAL"}
_SCRIPT = "BEGIN IMMEDIATE; {} PRAGMA user_version = {}; COMMIT;"


def journal_error(path: str, said: str, is_temporary: bool = False) -> StateError:
    """Return the error for SQLite's message.

    ``is_temporary`` says that it comes from writing to SQLite's temporary files.
    """
    if is_lock(said):
        return locked_error(path, patience.JOURNAL_LOCK_STEP)
    if is_temporary and any(word in said for word in ("full", "I/O", "unable to open")):
        return StateError(
            "there is no room for temporary files in {} ({}): free some space there, or set "
            "SQLITE_TMPDIR to another folder".format(_temporary_folder(), said)
        )
    if "full" in said or "I/O" in said and _is_full(path):
        return StateError(
            "the disk of the journal {} is full: free some space and try again".format(path)
        )
    if "readonly" in said or "unable to open" in said:
        return NoPlaceError(
            "the journal {} cannot be written ({}){}".format(path, said, advice_for(path))
        )
    if "malformed" in said or "not a database" in said or "corrupt" in said:
        return StateError(
            "the journal {0} is damaged ({1}) and was left as it is: move it away to begin a new "
            "one; sqlite3 {0} .recover shows what it still contains".format(path, said)
        )
    return StateError(
        "the journal {} cannot be used ({}): check the file, its folder and its disk".format(
            path, said
        )
    )


def _temporary_folder() -> str:
    """Return the folder where SQLite puts its temporary files."""
    named = [os.environ.get("SQLITE_TMPDIR"), os.environ.get("TMPDIR")]
    folders = [folder for folder in named if folder] + ["/var/tmp", "/usr/tmp", "/tmp"]
    usable = (one for one in folders if os.path.isdir(one) and os.access(one, os.W_OK | os.X_OK))
    return next(usable, ".")


def _is_full(path: str) -> bool:
    import shutil  # not at the top: only trouble needs it

    try:
        return shutil.disk_usage(os.path.dirname(path)).free < _LEAST_ROOM
    except OSError:
        return False


class Written(NamedTuple):
    """The result of a write: the rows of the records, and how many of them are new or changed."""

    rows: Sequence[int]
    changed: int


def journal_path() -> str:
    """Return the path of the journal's file."""
    return os.path.join(state_folder(), "coaia.db")


class Journal:
    """An open journal; a context manager, which closes it."""

    def __init__(self, path: Optional[str] = None) -> None:
        self.path = path or journal_path()
        self.set_aside: List[int] = []  # damaged rows that were found
        with self.reporting_errors():
            self.db = _open(self.path)
        self._close_interrupted()

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, *exc: Any) -> None:
        self.db.close()

    @contextmanager
    def reporting_errors(self, is_temporary: bool = False) -> Iterator[None]:
        """Turn SQLite's errors in the block into a ``StateError``.

        ``is_temporary`` says that the block writes only temporary tables.
        """
        import sqlite3

        try:
            yield
        except sqlite3.DatabaseError as error:
            raise journal_error(self.path, str(error), is_temporary) from error

    @contextmanager
    def transaction(self, durable: bool = True) -> Iterator[Any]:
        """Run the block as one transaction: all of it is done, or nothing if it raises.

        With ``durable=False`` it does not wait for the disk: a crash of the process does not undo
        it, but a power failure may. That suits data that the next command would find out again.
        """
        with self.reporting_errors():
            try:
                self.db.execute(_SYNCHRONOUS[durable])
                self.db.execute("PRAGMA cache_size = -{}".format(CACHE_KIB))
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

    def append(
        self, destination: int, records: Iterable[Any], unread: Collection[str] = ()
    ) -> Written:
        """Write all records, and put them into the outbox unless they are local.

        If ``records`` raises, none is written. A record that exists already is merged: given fields
        replace the old ones, metadata is merged, the first time stays. One that changes nothing is
        not sent again. ``unread`` are ids of traces that the server may have; ``records`` may add
        to them (see ``remote_traces``).
        """
        with self.reporting_errors(is_temporary=True):
            count = stage(self.db, records)
        with self.transaction() as db:
            last = db.execute("SELECT coalesce(max(seq), 0) FROM records").fetchone()[0]
            rows, changed = move(db, destination, count)
            if destination != LOCAL:
                db.execute(
                    "INSERT OR IGNORE INTO deliveries (seq, destination)"
                    " SELECT seq, destination FROM records WHERE seq > ?",
                    (last,),
                )
                if unread:
                    mark_unread(db, destination)
        return Written(rows, changed)

    def patch(self, row: int, changes: Body) -> Written:
        """Merge ``changes`` into one record, and put it into the outbox again if it changed."""
        with self.transaction() as db:
            found = db.execute("SELECT * FROM records WHERE seq = ?", (row,)).fetchone()
            return Written([row], int(merge_into(db, found, changes)))

    def begin(
        self,
        destination: int,
        records: Iterable[Any],
        observer: str,
        unread: Collection[str] = (),
        state: Optional[Body] = None,
        is_durable: bool = True,
    ) -> Written:
        """Write records of what begins now; they are open, and sent once they are closed.

        ``observer`` is the token of the ``Observer`` that will close them; ``unread`` is as in
        ``append``, ``is_durable`` as in ``transaction``; ``state`` is what has to be known to go on
        with each of them later.
        """
        with self.reporting_errors(is_temporary=True):
            count = stage(self.db, records)
        with self.transaction(is_durable) as db:
            rows, changed = move(db, destination, count)
            open_records.note_open(db, rows, observer)
            if state:
                for row in rows:
                    open_records.keep(db, row, state)
            if unread and destination != LOCAL:
                mark_unread(db, destination)
        return Written(rows, changed)

    def reopen(self, row: int, observer: str, state: Optional[Body] = None) -> bool:
        """Open a record again, which its ``observer`` will close; false if it is open already.

        A ``state`` replaces the one that was known.
        """
        with self.transaction() as db:
            if open_records.is_open(db, row):
                return False
            open_records.note_open(db, [row], observer)
            if state:
                open_records.keep(db, row, state)
            return True

    def close_records(
        self, changes: Mapping[int, Body], states: Optional[Mapping[int, Body]] = None
    ) -> Written:
        """Close open records, each with its changes, and put them into the outbox.

        ``states`` are what has to be known to go on with them later. A record that was deleted
        meanwhile stays deleted.
        """
        with self.transaction() as db:
            for row, state in (states or {}).items():
                open_records.keep(db, row, state)
            changed = [open_records.close_record(db, row, changes[row]) for row in changes]
        return Written(list(changes), sum(changed))

    def _close_interrupted(self) -> None:
        """Close what observers have left open that have died; if that fails, the next command does."""
        try:
            with self.reporting_errors():
                for token in open_records.left_behind(self.db):
                    with self.transaction() as db:
                        open_records.close_interrupted(db, token)
                    forget(token)
        except StateError:
            pass  # the command itself may not need what is broken or locked

    def destination(self, base_url: str, public_key: str) -> int:
        """Return the number of a destination; a new one is added."""
        known = "SELECT id FROM destinations WHERE base_url = ? AND public_key = ?"
        for row in self.rows(known, base_url, public_key):
            return int(row["id"])
        with self.transaction() as db:
            db.execute(
                "INSERT OR IGNORE INTO destinations (base_url, public_key) VALUES (?, ?)",
                (base_url, public_key),
            )
        return self.destination(base_url, public_key)


def open_to_read(is_local: bool) -> Journal:
    """Return the journal, to read what is in it beside what a server has.

    Where there is no folder for it, as on a machine whose home is read-only, it is an empty one in
    memory, unless ``is_local`` says that there is no server. So it is, and a note says so, where it
    cannot be opened for another reason: it is damaged, or a newer coaia has written it.
    """
    try:
        return Journal()
    except StateError as error:
        if is_local:
            raise
        if not isinstance(error, NoPlaceError):
            tell("{}; what this machine has written is not shown".format(error))
        return Journal(_MEMORY)


def _open(path: str) -> Any:
    if path != _MEMORY:
        _make_file(path)
    db = connected(path)
    try:
        _prepare(db, path)
    except BaseException:
        db.close()
        raise
    return db


def _make_file(path: str) -> None:
    """Create the journal's file with its folder, unless it is there, and check that it is ours.

    A file that may be opened is left to SQLite: whoever closes it takes away the locks of every
    connection that this process has to it.
    """
    make_private_folder(os.path.dirname(path))
    try:
        if not os.path.exists(path):
            make_private_file(path)
        if os.path.isdir(path) or not os.access(path, os.R_OK | os.W_OK):
            os.close(os.open(path, os.O_RDWR))  # says why not
    except OSError as error:
        said = "cannot open the journal {}: {}{}".format(path, reason(error), advice_for(path))
        raise NoPlaceError(said) from error


def _prepare(db: Any, path: str) -> None:
    import sqlite3

    db.row_factory = sqlite3.Row
    db.text_factory = _text  # a damaged text must not make its whole table unreadable
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("PRAGMA wal_autocheckpoint = {}".format(CHECKPOINT_PAGES))
    version = _version(db)
    if version > SCHEMA_VERSION:
        raise StateError(
            "the journal {} was written by a newer coaia: upgrade this one "
            "(pip install -U coaiapy)".format(path)
        )
    if version == 0:
        _check_empty(db, path)
        _create(db, path)
    elif version < SCHEMA_VERSION:
        _upgrade(db, path)


def _check_empty(db: Any, path: str) -> None:
    """Raise ``StateError`` for a database with other tables, which this version cannot use.

    If another process makes the tables just now, they come together with a version.
    """
    tables = "SELECT 1 FROM sqlite_master WHERE type = 'table' LIMIT 1"
    if db.execute(tables).fetchone() and _version(db) == 0:
        raise StateError(
            "{0} has the layout of another program or of an early coaia and was left as it is: "
            "move it away to begin a new journal; sqlite3 {0} .dump shows what it contains".format(
                path
            )
        )


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _version(db: Any) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _create(db: Any, path: str) -> None:
    if path == _MEMORY:
        return _make_tables(db)
    with locked(path):
        if not _version(db):
            db.execute("PRAGMA journal_mode = WAL")
            _make_tables(db)


def _upgrade(db: Any, path: str) -> None:
    """Bring the tables of an earlier version to this one; what is in them stays."""
    with locked(path):
        for version in range(_version(db), SCHEMA_VERSION):
            db.executescript(_SCRIPT.format(UPGRADES[version], version + 1))


def _make_tables(db: Any) -> None:
    db.executescript(_SCRIPT.format(SCHEMA, SCHEMA_VERSION))
