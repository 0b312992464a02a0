"""What a command does about sending: its own first, what waited, and whose it is."""

import time

import pytest
from delivering import (
    BOTH,
    acquaint,
    claimed,
    hex_id,
    in_outbox,
    observation_of,
    records_of,
    settings_for,
    spans_of,
    submit,
    trace_of,
    writes,
)
from langfuse_server import faults

from coaiapy import patience
from coaiapy.config.settings import Settings
from coaiapy.errors import ConfigError, NetworkError
from coaiapy.langfuse.journal import schema
from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.journal.destinations import destination_of
from coaiapy.langfuse.send import delivery
from coaiapy.langfuse.traces import traces

LOCAL = Settings(base_url="local")
# Seconds that nothing takes unless it waits for what it should not wait for.
LONG = 60.0
pytestmark = pytest.mark.usefixtures("unhurried")


@pytest.fixture(params=BOTH)
def server(request, langfuse):
    return acquaint(langfuse(request.param))


def leave_behind(server, *record_lists, **changes):
    """Have records wait, as if the server had been unreachable when they were written."""
    with Journal() as journal:
        destination = destination_of(journal, settings_for(server, **changes))
        for records in record_lists:
            journal.append(destination, records)


def sent_ids(request):
    if request.path.endswith("ingestion"):
        return [event["body"]["id"] for event in request.body["batch"]]
    return [span["spanId"] for span in spans_of(request)]


def on_server(server):
    return set(server.observations()) | set(server.traces())


def flush(server, seconds=100.0, adopted=(), **changes):
    return delivery.flush(settings_for(server, **changes), seconds, adopted)


# Own records and the backlog


def test_local_records_go_nowhere(langfuse):
    assert traces.submit(LOCAL, records_of(2)).is_local
    assert in_outbox() == {}


def test_the_backlog_follows_the_commands_own_records_oldest_first(server):
    leave_behind(server, [observation_of(n) for n in (5, 3)], [observation_of(4)])
    outcome = submit(server, [observation_of(9)])
    assert (outcome.sent, outcome.backlog) == (1, 3)
    own, backlog = [sent_ids(request) for request in writes(server)]
    assert own == [hex_id(9)]
    assert backlog == [hex_id(5), hex_id(3), hex_id(4)]
    assert in_outbox() == {}


def test_a_backlog_that_cannot_be_sent_costs_two_seconds_and_no_words(server, monkeypatch):
    monkeypatch.setattr(patience, "BACKLOG", 2.0)
    leave_behind(server, records_of(5))
    server.fail("hang", times=None, method="POST", after=1)
    begun = time.monotonic()
    outcome = submit(server, [observation_of(9)], seconds=LONG, timeout=LONG)
    assert time.monotonic() - begun < LONG
    assert (outcome.sent, outcome.waiting, outcome.problem) == (1, 0, None)
    assert len(in_outbox()) == 5
    assert claimed() == 0


def test_a_backlog_too_big_for_two_seconds_is_sent_in_part_and_nothing_of_it_twice(
    server, monkeypatch
):
    def slow(exchange, options):
        time.sleep(0.5)
        exchange.send(exchange.answer())

    monkeypatch.setitem(faults.PLAYS, "slow", slow)
    monkeypatch.setattr("coaiapy.langfuse.send.chunk_sender.CHUNK", 5)
    monkeypatch.setattr(patience, "BACKLOG", 6.0)
    leave_behind(server, records_of(300))
    server.fail("slow", times=None, method="POST")
    before = len(server.rows())
    begun = time.monotonic()
    outcome = submit(server, [observation_of(999)], seconds=LONG, timeout=LONG)
    assert time.monotonic() - begun < LONG
    assert 0 < outcome.backlog < 300
    assert len(in_outbox()) == 300 - outcome.backlog
    if server.kind.name != "v3":
        assert len(server.rows()) - before == 1 + outcome.backlog


def test_naming_the_project_is_part_of_these_two_seconds(langfuse, monkeypatch):
    monkeypatch.setattr(patience, "BACKLOG", 2.0)
    server = langfuse("v3")
    leave_behind(server, records_of(5))
    server.fail("hang", times=None, path="/projects", after=1)  # the first is the detection's
    begun = time.monotonic()
    assert submit(server, [observation_of(9)], seconds=LONG, timeout=LONG).sent == 1
    assert time.monotonic() - begun < LONG


def test_after_a_refusal_of_its_own_records_a_command_does_not_try_the_backlog(langfuse):
    server = langfuse("v3")
    leave_behind(server, records_of(5))
    outcome = submit(server, [trace_of(7, name="x" * 1001)])
    assert len(outcome.rejected) == 1
    assert len(writes(server)) == 1


def test_a_rejected_record_that_is_written_again_is_refused_again_and_said_so(langfuse):
    server = langfuse("v3")
    for _ in range(2):
        outcome = submit(server, [trace_of(7, name="x" * 1001)])
        assert [one.id for one in outcome.rejected] == [hex_id(7, 32)]


def test_many_records_may_take_longer_than_the_deadline_if_they_get_on(server, monkeypatch):
    monkeypatch.setattr(delivery, "MANY", 20)
    monkeypatch.setattr("coaiapy.langfuse.send.chunk_sender.CHUNK", 10)
    monkeypatch.setattr("coaiapy.langfuse.send.chunk_sender.WORKERS", 1)
    for number in range(6):
        server.fail("429", method="POST", retry_after=1.6, after=number)
    monkeypatch.setattr(patience, "DELIVERY", 8)
    begun = time.monotonic()
    assert submit(server, records_of(60), seconds=None).sent == 60
    assert time.monotonic() - begun > 8


def test_many_records_take_no_longer_than_the_user_has_said(server, monkeypatch):
    monkeypatch.setattr(delivery, "MANY", 20)
    monkeypatch.setattr("coaiapy.langfuse.send.chunk_sender.CHUNK", 10)
    monkeypatch.setattr("coaiapy.langfuse.send.chunk_sender.WORKERS", 1)
    for number in range(6):
        server.fail("429", method="POST", retry_after=0.8, after=number)
    outcome = submit(server, records_of(60), seconds=2)
    assert outcome.sent < 60 and outcome.sent + outcome.waiting == 60


# Whose record it is


def test_records_stay_with_the_server_that_they_were_written_for(langfuse):
    one, other = langfuse("v3"), langfuse("v3")
    one.fail("refuse")
    submit(one, records_of(3), 0.3)
    outcome = submit(other, records_of(2, trace=1))
    assert (outcome.sent, outcome.backlog) == (2, 0)
    outcome = flush(other)
    assert (outcome.sent, outcome.elsewhere) == (0, 3)
    assert len(on_server(other)) == 2
    one.heal()
    assert flush(one).sent == 3
    assert len(on_server(one)) == 3


def test_records_stay_with_the_project_that_they_were_written_for(langfuse):
    server = langfuse("v3")
    submit(server, records_of(1, trace=9))
    leave_behind(server, records_of(3))
    server.public_key, server.project_id = "pk-other", "other-project"
    assert submit(server, records_of(1, trace=8)).backlog == 0
    assert flush(server).sent == 0
    assert len(in_outbox()) == 3


def test_new_keys_of_the_same_project_send_what_was_written_with_the_old(langfuse):
    server = langfuse("v3")
    submit(server, records_of(1, trace=9))
    leave_behind(server, records_of(3))
    server.public_key = "pk-new"
    seen = []
    outcome = delivery.flush(
        settings_for(server), 60.0, on_accepted=lambda done, total: seen.append((done, total))
    )
    assert (outcome.sent, outcome.elsewhere) == (3, 0)
    assert seen == [(3, 3)]
    assert in_outbox() == {}


def test_a_write_with_new_keys_takes_along_what_waited_under_the_old(langfuse):
    server = langfuse("v3")
    submit(server, records_of(1, trace=9))
    leave_behind(server, records_of(3))
    server.public_key = "pk-new"
    assert submit(server, records_of(1, trace=8)).backlog == 3


def test_keys_that_were_never_taken_are_of_no_project(langfuse):
    server = langfuse("v3")
    leave_behind(server, records_of(3), public_key="pk-typo")
    assert flush(server).elsewhere == 3
    assert len(on_server(server)) == 0


# Adoption


def test_local_records_are_sent_only_when_they_are_adopted(server):
    traces.submit(LOCAL, records_of(3))
    assert flush(server).sent == 0
    outcome = flush(server, adopted=[schema.LOCAL])
    assert (outcome.sent, outcome.waiting) == (3, 0)
    assert {hex_id(0), hex_id(1)} <= on_server(server)
    assert flush(server, adopted=[schema.LOCAL]).sent == 0


@pytest.mark.parametrize(
    "fault, error, seconds", [("401", ConfigError, 100), ("refuse", NetworkError, 0.3)]
)
def test_what_cannot_be_known_to_be_a_project_adopts_nothing(langfuse, fault, error, seconds):
    server = langfuse("v3")
    traces.submit(LOCAL, records_of(3))
    server.fail(fault, times=None)
    with pytest.raises(error):
        flush(server, seconds=seconds, adopted=[schema.LOCAL])
    assert in_outbox() == {}
    server.heal()
    assert flush(server, adopted=[schema.LOCAL]).sent == 3


def test_what_waits_under_a_wrong_key_is_sent_once_it_is_adopted(langfuse):
    server = langfuse("v3")
    submit(server, [trace_of(1, name="first", user_id="ann")])
    leave_behind(server, records_of(3) + [trace_of(1, name="second")], public_key="pk-typo")
    with Journal() as journal:
        typo = destination_of(journal, settings_for(server, public_key="pk-typo"))
    assert flush(server).sent == 0
    outcome = flush(server, adopted=[typo])
    assert (outcome.sent, outcome.waiting, outcome.elsewhere) == (4, 0, 0)
    (trace,) = [one for one in server.traces().values() if one["name"] == "second"]
    assert trace["userId"] == "ann"


def test_what_a_server_has_accepted_is_not_adopted_by_another(langfuse):
    old, new = langfuse("v3"), langfuse("v3")
    submit(old, records_of(2))
    leave_behind(old, [observation_of(7), observation_of(0, name="changed")])
    with Journal() as journal:
        source = destination_of(journal, settings_for(old))
    assert flush(new, adopted=[source]).sent == 1
    assert set(new.observations()) == {hex_id(7)}
    assert flush(old).sent == 1


def test_a_local_record_that_the_project_knows_already_is_merged_and_sent(server):
    submit(server, [trace_of(1, name="first", user_id="ann")])
    traces.submit(LOCAL, [trace_of(1, name="second")])
    assert flush(server, adopted=[schema.LOCAL]).sent == 1
    server.merge()
    assert server.traces()[hex_id(1, 32)]["name"] == "second"
    assert server.traces()[hex_id(1, 32)]["userId"] == "ann"


def test_without_keys_there_is_nothing_to_flush_to():
    with pytest.raises(ConfigError, match="LANGFUSE_PUBLIC_KEY"):
        delivery.flush(LOCAL)


# Forgetting


def records_left():
    with Journal() as journal:
        return sum(1 for _ in journal.rows("SELECT seq FROM records"))


def age_everything(days):
    with Journal() as journal:
        journal.db.execute("UPDATE records SET sent_at = sent_at - ?", (days * 86400,))
        journal.db.execute("UPDATE marks SET at = at - ?", (days * 86400,))


@pytest.mark.parametrize("changes, left", [({}, 1), ({"keep_days": 60.0}, 4)])
def test_what_was_sent_is_forgotten_after_thirty_days_or_as_set(server, changes, left):
    submit(server, records_of(2))
    age_everything(31)
    submit(server, records_of(1, trace=1), **changes)
    assert records_left() == left


def test_forgetting_happens_once_a_day(server):
    submit(server, records_of(1))
    with Journal() as journal:
        journal.db.execute("UPDATE records SET sent_at = 0")
    submit(server, records_of(1, trace=1))
    assert records_left() == 3
