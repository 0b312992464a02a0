"""Open records: they are sent when they are closed, and closed for whoever died."""

import json
import os
import signal
import subprocess
import sys

import pytest

from coaiapy.langfuse.journal import outbox
from coaiapy.langfuse.journal.db import Journal, journal_path
from coaiapy.langfuse.journal.observers import Observer
from coaiapy.langfuse.journal.open_records import INTERRUPTED, running
from coaiapy.langfuse.journal.schema import LOCAL
from coaiapy.langfuse.records.records import observation_from, trace_from

START, END = "2026-01-31T12:00:00.000Z", "2026-01-31T12:00:05.000Z"
OBSERVED = """
import sys
from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.journal.observers import Observer
from coaiapy.langfuse.records.records import observation_from, trace_from
with Observer() as observer:
    with Journal() as journal:
        number = journal.destination("https://langfuse.test", "pk")
        journal.begin(number, [trace_from({"id": "t"}), observation_from(
            {"id": "o", "name": "step", "start_time": "2026-01-31T12:00:00Z"}, "t")], observer.token)
    print("open", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def observed(home):
    """A process that has a trace and an observation open, until it is killed."""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", OBSERVED], stdin=pipe, stdout=pipe) as process:
        assert process.stdout.readline() == b"open\n"
        yield process
        process.kill()


def records():
    with Journal() as journal:
        rows = journal.rows("SELECT kind, body FROM records ORDER BY seq")
        return {row["kind"]: json.loads(row["body"]) for row in rows}


def test_what_is_going_on_is_known_until_it_has_ended(home):
    with Observer() as observer, Journal() as journal:
        ended = observation_from({"id": "e" * 16, "start_time": START}, "b" * 32)
        journal.append(LOCAL, [trace_from({"id": "b" * 32}), ended])
        begun = observation_from({"id": "a" * 16, "start_time": START}, "b" * 32)
        (row,) = journal.begin(LOCAL, [begun], observer.token).rows
        assert running(journal.db, LOCAL) == {("b" * 32, ""), ("b" * 32, "a" * 16)}
        assert running(journal.db, LOCAL + 1) == set()
        journal.close_records({row: {"endTime": END}})
        assert running(journal.db, LOCAL) == set()


def waiting():
    with Journal() as journal:
        return [entry.kind for entry in outbox.entries(journal)]


def test_what_is_open_waits_for_its_end_and_is_then_sent(home):
    with Observer() as observer, Journal() as journal:
        number = journal.destination("https://langfuse.test", "pk")
        step = observation_from({"id": "o", "start_time": START}, "t")
        written = journal.begin(number, [trace_from({"id": "t"}), step], observer.token)
        assert waiting() == []
        trace, observation = written.rows
        journal.close_records({trace: {"output": "all"}, observation: {"endTime": END}})
    assert waiting() == ["trace", "observation"]
    assert records()["observation"]["endTime"] == END
    assert records()["trace"]["output"] == "all"
    assert not os.listdir(os.path.join(os.path.dirname(journal_path()), "running"))


def test_what_is_open_in_local_mode_is_never_sent(home):
    with Observer() as observer, Journal() as journal:
        written = journal.begin(LOCAL, [trace_from({"id": "t"})], observer.token)
        journal.close_records({written.rows[0]: {}})
    assert waiting() == []


def test_what_was_deleted_meanwhile_stays_deleted(home):
    with Observer() as observer, Journal() as journal:
        (row,) = journal.begin(LOCAL, [trace_from({"id": "t"})], observer.token).rows
        journal.db.execute("DELETE FROM records")
        assert journal.close_records({row: {"output": "late"}}).changed == 0
    assert records() == {}


def test_nobody_closes_what_a_living_process_observes(observed):
    assert "endTime" not in records()["observation"]
    assert waiting() == []


def test_the_next_command_closes_what_a_killed_process_has_left_open(observed):
    observed.send_signal(signal.SIGKILL)
    observed.wait()
    folder = os.path.join(os.path.dirname(journal_path()), "running")
    (name,) = os.listdir(folder)
    os.utime(os.path.join(folder, name), (1769860807, 1769860807))
    found = records()["observation"]
    assert (found["level"], found["statusMessage"]) == ("ERROR", INTERRUPTED)
    assert found["endTime"] == "2026-01-31T12:00:07.000Z"
    assert waiting() == ["trace", "observation"]
    assert os.listdir(folder) == []


def test_an_interrupted_record_never_ends_before_it_starts(observed):
    observed.send_signal(signal.SIGKILL)
    observed.wait()
    folder = os.path.join(os.path.dirname(journal_path()), "running")
    os.unlink(os.path.join(folder, os.listdir(folder)[0]))
    assert records()["observation"]["endTime"] == START


def test_a_process_without_locks_lives_as_long_as_its_id(observed, monkeypatch):
    monkeypatch.setitem(sys.modules, "fcntl", None)  # as on a system without it
    assert "endTime" not in records()["observation"]
    observed.send_signal(signal.SIGKILL)
    observed.wait()
    assert records()["observation"]["level"] == "ERROR"
