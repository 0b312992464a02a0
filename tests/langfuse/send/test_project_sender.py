"""How long a command tries to send: briefly, while the server was away just now."""

import pytest
from delivering import BOTH, acquaint, in_outbox, records_of, submit, trace_of

from coaiapy import patience
from coaiapy.errors import NetworkError
from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.journal.marks import mark_age
from coaiapy.langfuse.send import project_sender

# Seconds that nothing takes unless it waits for what it should not wait for.
LONG = 60.0


@pytest.fixture(params=BOTH)
def server(request, langfuse):
    return acquaint(langfuse(request.param))


def unreachable(server):
    return "unreachable " + server.url


def age_of_mark(server):
    with Journal() as journal:
        return mark_age(journal, unreachable(server))


def make_mark_older(server, seconds):
    with Journal() as journal:
        journal.db.execute("UPDATE marks SET at = at - ?", (seconds,))


DEADLINE, BRIEF, TOLD = 40.0, 20.0, 100.0


@pytest.fixture
def given(monkeypatch):
    """The seconds that each command has been given to send what it wrote.

    They are not used up: a second try would begin after their end.
    """
    found = []
    send = project_sender.ProjectSender.send

    def noted(self, seconds, *rest, **options):
        found.append(seconds)
        send(self, seconds, *rest, **options)

    for name in ("FIRST_PAUSE", "LONGEST_PAUSE"):
        monkeypatch.setattr(patience, name, 1000.0)
    monkeypatch.setattr(patience, "DELIVERY", DEADLINE)
    monkeypatch.setattr(patience, "BRIEF", BRIEF)
    monkeypatch.setattr(patience, "BRIEF_REST", BRIEF)
    monkeypatch.setattr(project_sender.ProjectSender, "send", noted)
    return found


def test_after_a_network_failure_the_next_command_tries_briefly(server, given):
    server.fail("refuse")
    for number, seconds in enumerate([None, None, TOLD]):
        submit(server, [trace_of(number)], seconds)
    assert given[:2] == [DEADLINE, BRIEF]
    assert BRIEF < given[2] <= TOLD, "briefly, unless it is told how long"
    make_mark_older(server, 3601)
    submit(server, [trace_of(3)], None)
    assert given[3:] == [DEADLINE], "and no longer than an hour"
    assert len(in_outbox()) == 4


def test_the_default_deadline_is_fifteen_seconds_and_a_brief_try_less_than_two():
    assert (patience.DELIVERY, patience.BRIEF, patience.BACKLOG) == (15, 1.5, 2)


def test_a_brief_try_that_fails_does_not_prolong_the_hour(server, given):
    server.fail("refuse")
    submit(server, [trace_of(1)], None)
    make_mark_older(server, 30)
    submit(server, [trace_of(2)], None)
    assert given == [DEADLINE, BRIEF]
    assert age_of_mark(server) > 29


def test_a_success_ends_the_brief_tries(server, given, monkeypatch):
    server.fail("refuse")
    submit(server, [trace_of(1)], None)
    server.heal()
    monkeypatch.setattr(patience, "BRIEF", LONG)
    monkeypatch.setattr(patience, "BRIEF_REST", LONG)
    submit(server, [trace_of(2)], None)
    assert age_of_mark(server) is None
    assert in_outbox() == {}


def test_a_deadline_amid_success_is_no_network_failure(server, monkeypatch):
    monkeypatch.setattr("coaiapy.langfuse.send.chunk_sender.CHUNK", 10)
    server.fail("hang", times=None, method="POST", after=2)
    outcome = submit(server, records_of(60), seconds=8, timeout=LONG)
    assert 0 < outcome.sent < 60
    assert isinstance(outcome.problem, NetworkError)
    assert age_of_mark(server) is None
