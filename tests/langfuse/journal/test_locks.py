"""The lock of the journal is waited for as long as the command may take, and a signal ends the wait."""

import os
import sqlite3
import threading
import time

import cold
import pytest

from coaiapy import patience
from coaiapy.errors import StateError
from coaiapy.langfuse.journal.db import Journal, journal_path
from coaiapy.langfuse.journal.locks import connected
from coaiapy.util import deadlines


@pytest.fixture
def other(project):
    """A connection of another process, which has the lock."""
    Journal().db.close()
    db = sqlite3.connect(journal_path(), isolation_level=None, check_same_thread=False)
    db.execute("BEGIN IMMEDIATE")
    yield db
    db.close()


@pytest.mark.parametrize("limit", [0, 1.5])
def test_the_limit_of_the_command_ends_the_wait(other, limit, monkeypatch):
    monkeypatch.setattr(patience, "JOURNAL_LOCK", 100.0)
    begun = time.monotonic()
    with deadlines.limit(limit), Journal() as journal:
        with pytest.raises(StateError, match="locked by another process for 1"):
            with journal.transaction():
                pass
    assert limit <= time.monotonic() - begun < 50


def test_a_write_of_a_moment_is_waited_for_even_without_time(other, monkeypatch):
    monkeypatch.setattr(patience, "LEAST_LOCK", 15.0)  # as short as a moment is on a busy machine
    threading.Timer(0.3, lambda: other.execute("COMMIT")).start()
    with deadlines.limit(0), Journal() as journal, journal.transaction() as db:
        assert db.in_transaction


def test_another_error_is_not_waited_for(other):
    with Journal() as journal, pytest.raises(sqlite3.OperationalError, match="no such table"):
        journal.db.execute("SELECT * FROM nowhere")


def test_whoever_opens_a_journal_that_is_just_being_made_waits_at_every_step(project):
    """Until it has its tables, a slow disk lets the maker lock out readers for a while."""
    maker = sqlite3.connect("new.db", isolation_level=None, check_same_thread=False)
    maker.execute("CREATE TABLE t (a)")
    db = connected("new.db")
    for sql in ("SELECT 1 FROM sqlite_master", "PRAGMA user_version", "BEGIN IMMEDIATE; COMMIT;"):
        maker.execute("BEGIN EXCLUSIVE")
        threading.Timer(4 * patience.JOURNAL_LOCK_STEP, lambda: maker.execute("COMMIT")).start()
        (db.executescript if ";" in sql else db.execute)(sql)
    db.close()
    maker.close()


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="there is no /proc")
def test_a_signal_ends_the_wait(other):
    """SQLite's own wait would hold it up for 15 s."""
    words = ["fuse", "traces", "create", "t", "--debug"]
    process = cold.started(words)
    while journal_path() not in files_of(process.pid):
        assert process.poll() is None
        time.sleep(0.02)
    process.terminate()
    end = cold.ended(process, words)
    assert (end.code, end.err.splitlines()[-1]) == (143, "coaia: ended by SIGTERM")
    assert end.seconds < patience.JOURNAL_LOCK - 3


def files_of(process):
    """Return the paths of the files that a process has opened."""
    opened = set()
    for one in os.listdir("/proc/{}/fd".format(process)):
        try:
            opened.add(os.readlink("/proc/{}/fd/{}".format(process, one)))
        except OSError:
            pass  # it has closed it since
    return opened
