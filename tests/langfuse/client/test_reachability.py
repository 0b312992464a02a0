"""A server that was away gets only a moment, until it answers or a longer time has passed."""

import time

import pytest

from coaiapy import patience
from coaiapy.config.settings import Settings
from coaiapy.langfuse.client import reachability
from coaiapy.langfuse.client.errors import UnavailableError
from coaiapy.langfuse.client.reachability import brief_seconds
from coaiapy.util import deadlines

HOUR = 3600.0


@pytest.fixture
def server():
    """The settings for a server that refuses connections."""
    return Settings(base_url="http://127.0.0.1:9", public_key="pk", secret_key="sk")


@pytest.fixture
def later(monkeypatch):
    """Return a function that lets time pass."""
    shift = [0.0]
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + shift[0])

    def wait(seconds):
        shift[0] += seconds
        reachability._FAILED_AT.clear()  # as in a new process

    return wait


def test_a_server_that_never_failed_has_all_its_time(server):
    assert brief_seconds(server) is None


def test_a_failure_is_remembered_for_an_hour(server, later):
    reachability.note_failure(server)
    assert brief_seconds(server) == patience.BRIEF
    later(HOUR - 60)
    assert brief_seconds(server) == patience.BRIEF
    later(120)
    assert brief_seconds(server) is None


def test_brief_failures_do_not_prolong_the_time(server, later):
    reachability.note_failure(server)
    later(HOUR - 60)
    reachability.note_failure(server)
    later(120)
    assert brief_seconds(server) is None


def test_the_longer_a_server_was_away_the_rarer_it_gets_a_full_try(server, later):
    reachability.note_failure(server)
    later(5 * HOUR)
    reachability.note_failure(server)
    later(4 * HOUR)
    assert brief_seconds(server) == patience.BRIEF
    later(2 * HOUR)
    assert brief_seconds(server) is None


def test_a_success_ends_it(server, later):
    reachability.note_failure(server)
    later(5 * HOUR)
    reachability.note_failure(server)
    reachability.note_success(server)
    assert brief_seconds(server) is None


def test_what_the_user_has_said_counts_more(server):
    reachability.note_failure(server)
    with deadlines.limit(60):
        assert brief_seconds(server) is None


def test_a_client_that_gets_no_answer_remembers_that(server):
    with pytest.raises(UnavailableError):
        with reachability.client(server, hasty=True) as http:
            http.request("GET", "/api/public/health")
    assert brief_seconds(server) is not None


def test_other_servers_are_not_meant(server):
    reachability.note_failure(server)
    assert brief_seconds(server._replace(base_url="http://127.0.0.1:10")) is None
