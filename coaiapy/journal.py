"""The journal: every record is saved here before it is sent, and local mode reads from it.

It is one SQLite file, ``coaia.db`` in the state folder. A record (trace, observation, score) is one
row of ``records`` with its latest state; ``revision`` counts its changes, and ``sent_revision`` is
the last one that a server has accepted. A record that has to be sent has a row in ``deliveries``
(see ``outbox.py``). Each record belongs to a *destination*: a project on a server, or ``LOCAL``.
"""

import os
from contextlib import contextmanager
from typing import (
    Any,
    Collection,
    Iterable,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Sequence,
)

from coaiapy.errors import NoPlaceError, StateError
from coaiapy.journal_errors import journal_error
from coaiapy.journal_merge import mark_unread, merge_into
from coaiapy.journal_schema import LOCAL, SCHEMA, SCHEMA_VERSION
from coaiapy.journal_staging import move, stage
from coaiapy.langfuse.records.fields import Body
from coaiapy.util.files import locked, make_private_file, reason
from coaiapy.util.paths import advice_for, make_private_folder, state_folder

BUSY_SECONDS = 15.0
# SQLite's defaults are 2 MB and 4 MB. The pages of a large batch do not fit into that: they were
# read and written several times, which took a tenth of the time of a batch.
CACHE_KIB = 20000
CHECKPOINT_PAGES = 10000
_MEMORY = ":memory:"
# By whether a transaction waits for the disk.
_SYNCHRONOUS = {True: "PRAGMA synchronous = FULL", False: "PRAGMA synchronous = NORMAL"}


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
            raise journal_error(self.path, str(error), BUSY_SECONDS, is_temporary) from error

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
        to them (see ``known_elsewhere``).
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
    memory, unless ``is_local`` says that there is no server.
    """
    try:
        return Journal()
    except NoPlaceError:
        if is_local:
            raise
        return Journal(_MEMORY)


def _open(path: str) -> Any:
    import sqlite3

    if path != _MEMORY:
        _make_file(path)
    db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        _prepare(db, path)
    except BaseException:
        db.close()
        raise
    return db


def _make_file(path: str) -> None:
    """Create the journal's file with its folder, unless it is there, and check that it is ours."""
    make_private_folder(os.path.dirname(path))
    try:
        if not os.path.exists(path):
            make_private_file(path)
        os.close(os.open(path, os.O_RDWR))
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


def _check_empty(db: Any, path: str) -> None:
    """Raise ``StateError`` for a database with other tables, which this version cannot use."""
    if db.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' LIMIT 1").fetchone():
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


def _make_tables(db: Any) -> None:
    script = "BEGIN IMMEDIATE; {} PRAGMA user_version = {}; COMMIT;"
    db.executescript(script.format(SCHEMA, SCHEMA_VERSION))
