"""The lock of the journal is waited for as long as the command may take, and a signal ends the wait."""

import sqlite3
import threading
import time

import cold
import pytest

from coaiapy import patience
from coaiapy.errors import StateError
from coaiapy.langfuse.journal.db import Journal, journal_path
from coaiapy.langfuse.journal.locks import patiently
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
def test_the_limit_of_the_command_ends_the_wait(other, limit):
    begun = time.monotonic()
    with deadlines.limit(limit), Journal() as journal:
        with pytest.raises(StateError, match="locked by another process for 1"):
            with journal.transaction():
                pass
    assert limit <= time.monotonic() - begun < patience.JOURNAL_LOCK - 5


def test_a_write_of_a_moment_is_waited_for_even_without_time(other):
    threading.Timer(0.3, lambda: other.execute("COMMIT")).start()
    with deadlines.limit(0), Journal() as journal, journal.transaction() as db:
        assert db.in_transaction


def test_another_error_is_not_waited_for(other):
    with Journal() as journal, pytest.raises(sqlite3.OperationalError, match="no such table"):
        patiently(journal.db.execute, journal.path, "SELECT * FROM nowhere")


def test_a_signal_ends_the_wait(other):
    """SQLite's own wait would hold it up for 15 s."""
    words = ["fuse", "traces", "create", "t", "--debug"]
    process = cold.started(words)
    threading.Timer(2, process.terminate).start()
    end = cold.ended(process, words)
    assert (end.code, end.err.splitlines()[-1]) == (143, "coaia: ended by SIGTERM")
    assert end.seconds < 8
