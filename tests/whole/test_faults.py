"""The fault suite: 1,000 records, written by eight processes at once, under every fault.

In the end each record is on the server exactly once, or in the queue (waiting or, where the server
refused it, rejected). Counted on the server and in the journal; ``pytest -s`` shows the counts.
"""

import os
import random
import threading
import time
from collections import Counter

import pytest
from delivering import ROWS_KINDS, acquaint, in_outbox, records_of, settings_for, writes
from forked import Forked
from writing_process import write

from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.records import ids
from coaiapy.langfuse.send import delivery

PROCESSES = 8
WRITES = 5
SIZE = 25
TOTAL = PROCESSES * WRITES * SIZE
KINDS = ["v3", "v4-events_only"]
# Where a server does not answer, it is given up soon; elsewhere a busy machine is given its time.
SOON = {"seconds": 2.5, "timeout": 0.4}
KILLS = 2

# What a server does to some of the writes; each but the last four may do its work first.
FAULTS = {
    "none": [],
    "reset": [("reset", {"times": 8})],
    "hang": [("hang", {"times": 6})],
    "drip": [("drip", {"times": 6, "delay": 0.02})],
    "429": [("429", {"times": 8, "retry_after": 0.2})],
    "429 old": [("429", {"times": 8, "retry_after": 0.2, "shape": "text"})],
    "408": [("408", {"times": 8})],
    "500": [("500", {"times": 8})],
    "502 html": [("502 html", {"times": 8})],
    "503": [("503", {"times": 8})],
    "200 html": [("200 html", {"times": 8})],
    "truncated json": [("truncated json", {"times": 8})],
    "answer lost": [("answer lost", {"times": 8})],
    "half refused 500": [("half refused", {"times": 4, "status": 500})],
    "404 html": [("404 html", {"times": 4})],
    "401": [("401", {"times": 6})],
    "403": [("403", {"times": 6})],
    "413": [("413", {"times": 3})],
    "half refused 400": [("half refused", {"times": 4, "status": 400})],
}
# Faults after which a server may have done what it did not acknowledge.
UNCERTAIN = {"reset", "hang", "drip", "truncated json", "answer lost", "refuse", "killed"}
# Faults after which a record may be refused for good.
REFUSING = {"half refused 400", "413"}


def begin(writer, server, index, **changes):
    """Have a process write its share."""
    task = {"url": server.url, "first": index * WRITES, "writes": WRITES, "size": SIZE}
    task.update(home=os.environ["COAIA_HOME"], seconds=60, timeout=20)
    writer.connection.send(dict(task, **changes))


def begun(writer, count):
    """Wait until so many writes of the share have begun."""
    assert [writer.connection.recv() for _ in range(count)] == ["begun"] * count


def finish(writer):
    begun(writer, WRITES)
    assert writer.connection.recv() == "done"


class Writers:
    """Eight processes that write what they are told, at the same time."""

    def __init__(self):
        self.children = [Forked(write) for _ in range(PROCESSES)]

    def write(self, server, **changes):
        """Have all of them write their share, and wait for it."""
        for index, child in enumerate(self.children):
            begin(child, server, index, **changes)
        for child in self.children:
            finish(child)

    def stop(self):
        for child in self.children:
            child.kill()


@pytest.fixture(scope="module")
def writers():
    running = Writers()
    yield running
    running.stop()


@pytest.fixture(params=KINDS)
def server(request, langfuse):
    return acquaint(langfuse(request.param))


def all_records():
    return [record for trace in range(PROCESSES * WRITES) for record in records_of(SIZE, trace)]


def flush(server):
    return delivery.flush(settings_for(server, timeout=20), 60.0)


def stored_id(record, has_rows):
    """Where there are rows, a trace is its root span."""
    return ids.root_span_id(record.id) if has_rows and record.kind == "trace" else record.id


def repeated_events(server):
    """How often an ingestion event was acknowledged that had been before."""
    sent = [request.body for request in writes(server) if request.path.endswith("ingestion")]
    events = {event["id"] for body in sent for event in body["batch"]}
    return sum(max(server.event_count(event) - 1, 0) for event in events)


class Count:
    """Where 1,000 records are, by id."""

    def __init__(self, server):
        records = all_records()
        has_rows = server.kind.name in ROWS_KINDS
        stored = set(server.observations()) | (set() if has_rows else set(server.traces()))
        kept = in_outbox()
        self.rows = Counter((row["traceId"], row["id"]) for row in server.rows())
        self.on_server = {one.id for one in records if stored_id(one, has_rows) in stored}
        self.waiting = {one for one, state in kept.items() if state == "waiting"}
        self.rejected = {one for one, state in kept.items() if state == "rejected"}
        self.lost = {one.id for one in records} - self.on_server - self.waiting - self.rejected
        self.twice = [
            one.id for one in records if not has_rows and server.accepted_count(one.id) > 1
        ]
        self.again = sum(self.rows.values()) - len(self.rows) + repeated_events(server)

    def show(self, server, name, seconds):
        line = "{:<16} {:<14} on server {:>4}  waiting {:>3}  rejected {:>3}  lost {}  doubled {}"
        print(
            (line + "  sent again {:>3}  requests {:>3}  {:.1f} s").format(
                name,
                server.kind.name,
                len(self.on_server),
                len(self.waiting),
                len(self.rejected),
                len(self.lost),
                len(self.twice),
                self.again,
                len(writes(server)),
                seconds,
            )
        )


def check(server, name, start):
    """Count, show, and hold the counts to what is promised."""
    count = Count(server)
    count.show(server, name, time.monotonic() - start)
    assert not count.lost
    assert not count.twice
    assert not count.waiting
    assert not count.rejected & count.on_server
    assert len(count.on_server) + len(count.rejected) == TOTAL
    assert bool(count.rejected) == (name in REFUSING and refuses(server, name))
    if name not in UNCERTAIN:
        assert count.again == 0
    check_repeats(server)


def refuses(server, name):
    """Spans are never refused one by one, and a whole request is halved until it passes."""
    return name == "half refused 400" and server.kind.name == "v3"


def check_repeats(server):
    """A row that was sent again is the same row: the merge leaves one of each."""
    server.merge()
    rows = Counter((row["traceId"], row["id"]) for row in server.rows())
    assert set(rows.values()) <= {1}


def check_journal():
    """Nobody holds a claim any more, and the file is sound."""
    with Journal() as journal:
        assert [tuple(row) for row in journal.rows("PRAGMA integrity_check")] == [("ok",)]
        held = "SELECT seq FROM deliveries WHERE claimed_by IS NOT NULL"
        assert not list(journal.rows(held))


@pytest.mark.parametrize("name", list(FAULTS))
def test_under_a_fault(server, writers, name):
    for fault, options in FAULTS[name]:
        server.fail(fault, method="POST", **options)
    start = time.monotonic()
    writers.write(server, **(SOON if name in ("hang", "drip") else {}))
    server.heal()
    flush(server)
    check(server, name, start)
    check_journal()


def test_while_the_server_is_down(server, writers):
    start = time.monotonic()
    server.fail("refuse", seconds=1.0)
    writers.write(server, seconds=0.5)
    server.heal()
    flush(server)
    check(server, "refuse", start)
    check_journal()


def write_and_be_killed(server, index, kills, rng):
    """Write one share; be killed amid it, begin it again, and so on, until it is done."""
    for _ in range(kills):
        writer = Forked(write)
        begin(writer, server, index)
        begun(writer, rng.randint(1, WRITES))
        time.sleep(rng.uniform(0, 0.04))
        writer.kill()
    writer = Forked(write)
    begin(writer, server, index)
    finish(writer)
    writer.kill()


def test_killed_at_random_moments(server):
    server.fail("500", method="POST", times=8, after=10)
    start = time.monotonic()
    threads = [
        threading.Thread(
            target=write_and_be_killed,
            args=(server, index, KILLS, random.Random(index)),
        )
        for index in range(PROCESSES)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    server.heal()
    flush(server)
    check(server, "killed", start)
    check_journal()
