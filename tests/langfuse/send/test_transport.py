"""Requests are on their way side by side, and their threads end."""

import threading

import pytest
from delivering import (
    BOTH,
    acquaint,
    records_of,
    submit,
    writes,
)

from coaiapy.langfuse.send.transport import WORKER

# For what hangs until it is let go.
PATIENT = {"timeout": 60.0}


@pytest.fixture(params=BOTH)
def server(request, langfuse):
    return acquaint(langfuse(request.param))


def test_four_requests_are_on_their_way_at_once(server, monkeypatch):
    monkeypatch.setattr("coaiapy.langfuse.send.chunk_sender.CHUNK", 5)
    server.fail("hang", times=None, method="POST", after=1)
    sent = []
    going = threading.Thread(
        target=lambda: sent.append(submit(server, records_of(200), **PATIENT).sent)
    )
    going.start()
    server.wait_until(lambda: len(writes(server)) == 5)
    server.heal()
    going.join()
    assert sent == [200]
    assert len(writes(server)) == 40


def workers():
    return [one for one in threading.enumerate() if one.name == WORKER]


def test_no_worker_outlives_its_command(server):
    server.wait_until(lambda: not workers())  # those of the tests before
    assert submit(server, records_of(20)).sent == 20
    server.wait_until(lambda: not workers())
