"""Reads of a server that is not there, or does not answer: they end soon, with a sentence."""

import time

import pytest
from reading import forget_what_was_written

from coaiapy import patience
from coaiapy.errors import ExitCode
from coaiapy.langfuse.client import http
from coaiapy.util.http.retry import at_most

# Seconds that a read takes only if it waits for what it should not wait for.
LONG = 100.0

READS = (
    "traces --limit 1",
    "traces list",
    "traces trace-view t",
    "traces session-view s",
    "traces get-observation o",
    "traces list-observations",
    "traces delete t --yes",
    "projects",
    "sessions list",
    "sessions get s",
)


@pytest.fixture
def server(run, use):
    """A server that is known, and has what another machine wrote."""
    found = use("v3")
    assert run("fuse", "traces", "create", "t", "-s", "s").code == 0
    assert run("fuse", "traces", "add-observation", "o", "t").code == 0
    forget_what_was_written()
    assert run("fuse", "traces").code == 0
    return found


@pytest.mark.parametrize("words", READS)
def test_nothing_that_listens_is_not_waited_for(run, server, monkeypatch, words):
    monkeypatch.setattr(patience, "LANGFUSE", LONG)
    server.fail("refuse")
    begin = time.monotonic()
    result = run("fuse", *words.split())
    assert time.monotonic() - begin < LONG / 2
    assert (result.code, result.out, result.err.count("\n")) == (ExitCode.NETWORK, "", 1)
    assert "connection refused" in result.err


@pytest.mark.parametrize("words", READS)
def test_a_read_takes_no_longer_than_it_may(run, server, monkeypatch, words):
    monkeypatch.setenv("LANGFUSE_TIMEOUT", str(LONG))
    server.fail("hang", times=None)
    begin = time.monotonic()
    result = run("fuse", *words.split() + ["--timeout", "0.3"])
    assert time.monotonic() - begin < LONG
    server.heal()
    assert (result.code, result.out, result.err.count("\n")) == (ExitCode.NETWORK, "", 1)
    assert "in time" in result.err or "no time left" in result.err


def test_a_server_that_is_back_at_once_is_read(run, server, monkeypatch):
    server.fail("refuse")
    back = at_most(2, 100.0, lambda seconds: server.heal())  # in the pause between two tries
    monkeypatch.setattr(http, "until", lambda deadline, sleep: back)
    assert run("fuse", "traces").code == 0


def test_what_a_listing_may_take_is_said_behind_its_command(run):
    result = run("fuse", "traces", "--timeout", "3", "trace-view", "t")
    assert result.code == ExitCode.USAGE and "--timeout is an option of the listing" in result.err
