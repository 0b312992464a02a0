"""Sending what waits with others at it: claims of processes, threads of one."""

import os
import subprocess
import sys
import threading
import time

import pytest
from delivering import (
    BOTH,
    accepted,
    acquaint,
    claimed,
    in_outbox,
    records_of,
    settings_for,
    submit,
    writes,
)
from places import HELPERS

from coaiapy.langfuse.client.http import LangfuseHttp
from coaiapy.langfuse.journal import claims
from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.journal.destinations import destination_of
from coaiapy.langfuse.send.chunk_sender import ChunkSender
from coaiapy.util.deadlines import Renewing

# For what hangs until it is let go.
PATIENT = {"timeout": 60.0}


@pytest.fixture(params=BOTH)
def server(request, langfuse):
    return acquaint(langfuse(request.param))


def test_what_another_is_sending_is_waited_for_and_not_sent_twice(server):
    server.fail("hang", method="POST")
    records = records_of(3)
    sending = threading.Thread(target=submit, args=(server, records, 60.0), kwargs=PATIENT)
    sending.start()
    server.wait_until(lambda: writes(server))
    second = threading.Thread(target=submit, args=(server, records, 60.0), kwargs=PATIENT)
    second.start()
    second.join(0.3)
    assert second.is_alive()
    assert len(writes(server)) == 1
    in_a_hurry = submit(server, records, 2.0, **PATIENT)
    assert "another process has not finished" in str(in_a_hurry.problem)
    server.release()
    sending.join()
    second.join()
    assert len(writes(server)) == 1
    assert set(accepted(server, records).values()) == {1}


KILLED_WHILE_SENDING = """
import sys
from delivering import *
class Server: public_key, secret_key, url = "pk-test", "sk-test", sys.argv[1]
submit(Server, records_of(3), seconds=60, timeout=60.0)
"""


def test_what_a_killed_process_was_sending_is_sent_by_the_next_at_once(server):
    server.fail("hang", method="POST")
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED_WHILE_SENDING, server.url],
        env=dict(os.environ, PYTHONPATH=HELPERS),
    )
    server.wait_until(lambda: writes(server))
    assert claimed() == 3
    child.kill()
    child.wait()
    begun = time.monotonic()
    assert submit(server, records_of(3), 60.0).sent == 3
    assert time.monotonic() - begun < 50, "no lease is waited for"
    server.release()


def claimed_until():
    with Journal() as journal:
        (row,) = journal.rows("SELECT min(claimed_until) AS until FROM deliveries")
        return row["until"]


def test_leases_are_renewed_while_a_request_takes_long(server, monkeypatch):
    monkeypatch.setattr("coaiapy.patience.LEASE", 16.0)  # renewed when half of that is over
    server.fail("hang", method="POST")
    sending = threading.Thread(target=submit, args=(server, records_of(3), 60.0), kwargs=PATIENT)
    sending.start()
    server.wait_until(lambda: writes(server))
    first = claimed_until()
    server.wait_until(lambda: claimed_until() > first + 1)
    with Journal() as journal, claims.claimant(journal) as name:
        here = destination_of(journal, settings_for(server))
        assert claims.claim(journal, name, [here], 1.0, 10, 10**6) == []
    server.release()
    sending.join()
    assert len(writes(server)) == 1


def test_an_interrupted_go_lets_go_and_takes_out_what_was_accepted(server):
    def interrupt(count):
        raise KeyboardInterrupt

    settings = settings_for(server)
    with Journal() as journal:
        here = destination_of(journal, settings)
        journal.append(here, records_of(3))
        sender = ChunkSender(journal, LangfuseHttp(settings), Renewing(100.0), interrupt)
        with pytest.raises(KeyboardInterrupt):
            sender.run([here])
    assert in_outbox() == {}
    assert claimed() == 0
