"""The journal: every write is here before it leaves the machine, and local mode reads from it.

One SQLite file, ``coaia.db`` in the state folder. A record (trace, observation, score) is one row
of ``records`` with its latest state; ``revision`` counts its changes and ``sent_revision`` is the
last one that a server has acknowledged. What is owed to a server has a row in ``deliveries`` (see
``outbox.py``). Records are written for a *destination*: one project on one server, or ``LOCAL``.
"""

import os
from contextlib import contextmanager
from typing import Any, Callable, Iterable, Iterator, NamedTuple, Optional, Sequence

from coaiapy.errors import StateError
from coaiapy.files import PRIVATE_FILE, locked, make_private_folder, reason, state_folder
from coaiapy.journal_errors import journal_error
from coaiapy.journal_merge import merge_into
from coaiapy.journal_schema import LOCAL, SCHEMA, SCHEMA_VERSION
from coaiapy.journal_staging import move, stage
from coaiapy.record_fields import Body

BUSY_SECONDS = 15.0
_SYNCHRONOUS = "PRAGMA synchronous = {}"


class Written(NamedTuple):
    """What one ``append`` did: the rows it touched and how many of them changed."""

    rows: Sequence[int]
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
    def transaction(self, durable: bool = True) -> Iterator[Any]:
        """Run the block as one change: all of it happens, or nothing does.

        One that is not ``durable`` does not wait for the disk. It outlives the process, but a power
        failure may undo it: use it for what the next command would find out again.
        """
        with self.reporting_errors():
            try:
                self.db.execute(_SYNCHRONOUS.format("FULL" if durable else "NORMAL"))
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
        self,
        destination: int,
        records: Iterable[Any],
        on_staged: Callable[[], None] = lambda: None,
    ) -> Written:
        """Write all the records or, if ``records`` raises, none; queue them unless they are local.

        A record that is known already is merged into what is there: given fields replace,
        metadata is merged, its first time stays. One that changes nothing is not queued again.
        ``on_staged`` is called when the last record has come: while SQLite writes them to the
        disk, another thread can run.
        """
        with self.reporting_errors():
            count = stage(self.db, records)
        on_staged()
        with self.transaction() as db:
            last = db.execute("SELECT coalesce(max(seq), 0) FROM records").fetchone()[0]
            rows, changed = move(db, destination, count)
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
    try:
        _prepare(db, path)
    except BaseException:
        db.close()
        raise
    return db


def _prepare(db: Any, path: str) -> None:
    import sqlite3

    db.row_factory = sqlite3.Row
    db.execute("PRAGMA foreign_keys = ON")
    version = _version(db)
    if version == 0:
        _create(db, path)
    elif version > SCHEMA_VERSION:
        raise StateError(
            "the journal {} was written by a newer coaia: upgrade this one "
            "(pip install -U coaiapy)".format(path)
        )


def _version(db: Any) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _create(db: Any, path: str) -> None:
    with locked(path):
        if _version(db):
            return
        db.execute("PRAGMA journal_mode = WAL")
        script = "BEGIN IMMEDIATE; {} PRAGMA user_version = {}; COMMIT;"
        db.executescript(script.format(SCHEMA, SCHEMA_VERSION))
