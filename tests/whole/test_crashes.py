"""A journal that is locked, full or damaged, and processes that are killed: nothing is lost."""

import json
import os
import sqlite3
import subprocess
import sys

import killed_at_each_line
import pytest
from delivering import (
    BOTH,
    acquaint,
    in_outbox,
    records_of,
    settings_for,
    spans_of,
    submit,
    trace_of,
    writes,
)
from killed_at_each_line import SIZE
from langfuse_server import faults
from places import HELPERS

from coaiapy.errors import StateError
from coaiapy.langfuse.journal.db import Journal, journal_path
from coaiapy.langfuse.journal.destinations import destination_of
from coaiapy.langfuse.send import delivery


@pytest.fixture(params=BOTH)
def server(request, langfuse):
    return acquaint(langfuse(request.param))


def flush(server):
    return delivery.flush(settings_for(server), 20.0)


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr("coaiapy.patience.JOURNAL_LOCK", 0.2)


def lock_journal():
    other = sqlite3.connect(journal_path(), isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    return other


def test_a_locked_journal_takes_nothing_and_nothing_is_sent(server, impatient):
    other = lock_journal()
    with pytest.raises(StateError, match="locked by another process.*try again"):
        submit(server, records_of(2))
    other.close()
    assert writes(server) == []
    assert in_outbox() == {}
    assert submit(server, records_of(2)).sent == 2


def test_an_acknowledgement_that_cannot_be_noted_loses_and_doubles_nothing(
    server, impatient, monkeypatch
):
    locks = []

    def lock_then_answer(exchange, options):
        locks.append(lock_journal())
        exchange.send(exchange.answer())

    monkeypatch.setitem(faults.PLAYS, "lock", lock_then_answer)
    server.fail("lock", method="POST")
    outcome = submit(server, records_of(3))
    locks[0].close()
    assert isinstance(outcome.problem, StateError)
    assert outcome.waiting == 3
    assert set(in_outbox().values()) == {"waiting"}
    assert flush(server).sent == 3
    first, second = writes(server)
    assert first.raw == second.raw


def test_a_full_disk_takes_nothing_and_says_so(server):
    with Journal() as journal:
        here = destination_of(journal, settings_for(server))
        journal.append(here, records_of(2))
        (pages,) = journal.db.execute("PRAGMA page_count").fetchone()
        journal.db.execute("PRAGMA max_page_count = {}".format(pages))
        big = [trace_of(5, input="x" * 50000)]
        with pytest.raises(StateError, match="disk .* is full"):
            journal.append(here, big)
        journal.db.execute("PRAGMA max_page_count = 1000000")
        journal.append(here, big)
    assert flush(server).sent == 3


@pytest.mark.parametrize("damage", ["header", "middle"])
def test_a_damaged_journal_is_left_as_it_is_and_the_way_out_is_said(server, damage):
    submit(server, records_of(50))
    with Journal() as journal:
        journal.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with open(journal_path(), "r+b") as stream:
        if damage == "middle":
            stream.seek(4096)
        stream.write(os.urandom(stream.seek(0, 2) - 4096 if damage == "middle" else 4096))
        if damage == "middle":
            stream.seek(4096)
            stream.write(os.urandom(30000))
    before = open(journal_path(), "rb").read()
    with pytest.raises(StateError, match="damaged .*move it away to begin a new one"):
        submit(server, records_of(3, trace=1))
    assert open(journal_path(), "rb").read() == before
    os.rename(journal_path(), journal_path() + ".damaged")
    assert submit(server, records_of(3, trace=1)).sent == 3


@pytest.mark.timeout(400)
@pytest.mark.parametrize("kind", [pytest.param("v3", marks=pytest.mark.once), "v4-events_only"])
def test_killed_at_any_line_nothing_is_lost_and_nothing_doubled(langfuse, kind):
    server = langfuse(kind)
    submit(server, records_of(1, trace=9999))
    server.forget_requests()
    every = "3" if kind == "v3" else "4"
    output = subprocess.check_output(
        [sys.executable, killed_at_each_line.__file__, server.url, every],
        env=dict(os.environ, PYTHONPATH=HELPERS),
        timeout=350,
    )
    kills = json.loads(output.decode())
    assert sum(not lived for _, _, lived in kills) > 100 / int(every)
    flush(server)
    assert in_outbox() == {}
    before, after = check_kills(server, kills)
    assert before > 4
    assert after > 20
    check_repeats(server)


def check_kills(server, kills):
    """Each write is on the server whole and once, or was never committed and never left."""
    counts = [0, 0]
    with Journal() as journal:
        known = {row["id"] for row in journal.rows("SELECT id FROM records")}
    for line, number, _ in kills:
        trace, *steps = [record.id for record in records_of(SIZE, number)]
        written = [one in known for one in [trace] + steps]
        assert len(set(written)) == 1, "half of a write at " + line
        shown = [trace in server.traces()] + [one in server.observations() for one in steps]
        assert shown == written, line
        counts[written[0]] += 1
        if server.kind.name == "v3":
            assert {server.accepted_count(one) for one in [trace] + steps} == {int(written[0])}
    return counts


def check_repeats(server):
    """What was sent twice was sent unchanged: the server can tell that it is the same."""
    seen = {}
    for request in writes(server):
        is_events = request.path.endswith("ingestion")
        for one in request.body["batch"] if is_events else spans_of(request):
            name = one["id"] if is_events else (one["traceId"], one["spanId"])
            assert seen.setdefault(name, one) == one
    server.merge()
    rows = [(row["traceId"], row["id"]) for row in server.rows()]
    assert len(rows) == len(set(rows))
