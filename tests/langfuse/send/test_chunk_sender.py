"""Sending what waits: retries, refusals, dialects."""

import os
import threading
import time

import pytest
from delivering import (
    BOTH,
    ROWS_KINDS,
    accepted,
    acquaint,
    claimed,
    events_of,
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
from langfuse_server import KINDS, faults

from coaiapy import patience
from coaiapy.errors import ConfigError, NetworkError, RefusedError
from coaiapy.langfuse.client import server as servers
from coaiapy.langfuse.client.server import Server
from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.journal.destinations import destination_of
from coaiapy.langfuse.records.records import score_from
from coaiapy.langfuse.send.chunk_sender import FIRST_REFUSALS

pytestmark = pytest.mark.usefixtures("unhurried")
# For what hangs until it is let go.
PATIENT = {"timeout": 60.0}


@pytest.fixture(params=BOTH)
def server(request, langfuse):
    return acquaint(langfuse(request.param))


def refuse_with(server, text, status=400, monkeypatch=None):
    """Have the server refuse every request in which ``text`` occurs."""

    def poison(exchange, options):
        if text in str(exchange.request.body):
            exchange.send(faults.Answer(status, {"error": "Invalid span"}))
        else:
            exchange.send(exchange.answer())

    monkeypatch.setitem(faults.PLAYS, "poison", poison)
    server.fail("poison", times=None, method="POST")


def on_server(server):
    return set(server.traces()) | set(server.observations())


# One request


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_pipeline_is_one_write_request_on_every_kind_of_server(langfuse, kind):
    server = langfuse(kind)
    outcome = submit(server, records_of(41))
    assert (outcome.sent, outcome.waiting, outcome.rejected) == (41, 0, ())
    assert len(writes(server)) == 1
    assert len(server.observations()) == 40 + (kind in ROWS_KINDS)
    assert in_outbox() == {}


@pytest.mark.parametrize("count", [1000])
def test_so_is_a_long_one(langfuse, count):
    server = langfuse("v4-events_only")
    assert submit(server, records_of(count)).sent == count
    assert len(writes(server)) == 1


def test_scores_take_the_way_of_events_on_every_server(server):
    score = score_from({"id": "s1", "name": "good", "value": 1, "trace_id": hex_id(0, 32)})
    assert submit(server, records_of(3) + [score]).sent == 4
    assert list(server.scores()) == ["s1"]


# Trying again

AGAIN = ["500", "502 html", "503", "408", "reset", "answer lost", "200 html", "truncated json"]


@pytest.mark.parametrize("fault", AGAIN)
def test_what_may_pass_is_sent_again_as_it_was(server, fault):
    server.fail(fault, method="POST")
    records = records_of(4)
    outcome = submit(server, records)
    assert (outcome.sent, outcome.waiting) == (4, 0)
    first, second = writes(server)
    assert first.raw == second.raw, "the same ids, the same times"
    server.merge()
    assert set(accepted(server, records).values()) <= {1, 2}
    if server.kind.name == "v3":
        assert set(accepted(server, records).values()) == {1}


@pytest.mark.parametrize("shape", ["json", "text"])
def test_a_rate_limit_is_waited_for(server, shape):
    server.fail("429", method="POST", retry_after=1, shape=shape)
    begun = time.monotonic()
    assert submit(server, records_of(2)).sent == 2
    assert time.monotonic() - begun >= 1
    assert len(writes(server)) == 2


def test_a_rate_limit_beyond_the_deadline_is_not_waited_for(server):
    server.fail("429", times=None, method="POST", retry_after=300)
    begun = time.monotonic()
    outcome = submit(server, records_of(2), seconds=200)
    assert time.monotonic() - begun < 100
    assert (outcome.waiting, type(outcome.problem).exit_code) == (2, 4)
    assert len(writes(server)) == 1


def test_later_commands_wait_as_long_as_the_server_has_asked(server):
    server.fail("429", method="POST", retry_after=60)
    assert submit(server, records_of(2), seconds=20).waiting == 2
    outcome = submit(server, [observation_of(5)], seconds=20)
    assert (outcome.waiting, len(writes(server))) == (1, 1), "nothing was asked meanwhile"
    assert "asked to wait another" in str(outcome.problem)
    with Journal() as journal:  # as if the time that was asked for were nearly over
        journal.db.execute("UPDATE marks SET at = at - 59")
        journal.db.execute("UPDATE deliveries SET not_before = not_before - 59")
    outcome = submit(server, [observation_of(6)])
    assert (outcome.sent, outcome.backlog, in_outbox()) == (1, 3, {})


def test_many_records_get_through_a_line_too_slow_for_large_requests(server, monkeypatch):
    broken = []

    def slow(exchange, options):
        seconds = len(exchange.request.raw) / options["bytes_per_second"]
        if seconds > 4:
            broken.append(seconds)
            exchange.abort()
        else:
            time.sleep(seconds)
            exchange.send(exchange.answer())

    monkeypatch.setitem(faults.PLAYS, "slow", slow)
    server.fail("slow", times=None, method="POST", bytes_per_second=100000)
    records = [observation_of(n, input=os.urandom(400).hex()) for n in range(1200)]
    outcome = submit(server, records, seconds=100)
    assert (outcome.sent, outcome.waiting, broken) == (1200, 0, [])


def test_pauses_between_tries_grow(server, monkeypatch):
    """From 0.05 to 0.1 s for the first: the fourth try is there in 0.7 s, a ninth not before 6 s."""
    monkeypatch.setattr(patience, "FIRST_PAUSE", 0.1)
    server.fail("500", times=None, method="POST")
    submit(server, records_of(1), seconds=6)
    assert 4 <= len(writes(server)) <= 8


def test_a_server_that_hangs_costs_no_more_than_the_deadline(server):
    server.fail("hang", times=None, method="POST")
    begun = time.monotonic()
    outcome = submit(server, records_of(3), seconds=1, timeout=100.0)
    assert time.monotonic() - begun < 60
    assert outcome.waiting == 3
    assert isinstance(outcome.problem, NetworkError)
    assert claimed() == 0


def test_what_is_in_flight_at_the_deadline_is_not_waited_for_beyond_it(server):
    server.fail("drip", times=None, method="POST", delay=0.5)
    begun = time.monotonic()
    assert submit(server, records_of(3), seconds=1, timeout=100.0).waiting == 3
    assert time.monotonic() - begun < 60


def test_part_of_a_batch_that_failed_is_sent_again_alone(langfuse):
    server = langfuse("v3")
    acquaint(server)
    server.fail("half refused", status=500, method="POST")
    records = records_of(6)
    assert submit(server, records).sent == 6
    first, second = [[event["id"] for event in events_of(one)] for one in writes(server)]
    assert second == first[1::2], "with the same event ids"
    assert set(accepted(server, records).values()) == {1}


def test_a_change_in_flight_is_sent_after_it_with_an_id_of_its_own(server):
    server.fail("hang", method="POST")
    sending = threading.Thread(target=submit, args=(server, [trace_of(1)], 60.0), kwargs=PATIENT)
    sending.start()
    server.wait_until(lambda: writes(server))
    with Journal() as journal:
        journal.append(destination_of(journal, settings_for(server)), [trace_of(1, name="new")])
    server.release()
    sending.join()
    assert len(writes(server)) == 2, "the same command sends what its record has become"
    assert server.traces()[hex_id(1, 32)]["name"] == "new"
    assert in_outbox() == {}
    if server.kind.name == "v3":
        one, other = [events_of(request)[0]["id"] for request in writes(server)]
        assert one != other


# Refused


def test_the_record_that_is_at_fault_is_set_aside_with_the_reason(langfuse):
    server = langfuse("v3")
    acquaint(server)
    bad = trace_of(7, name="x" * 1001)
    outcome = submit(server, [bad] + records_of(3))
    assert (outcome.sent, outcome.waiting) == (3, 0)
    (rejected,) = outcome.rejected
    assert (rejected.kind, rejected.id) == ("trace", bad.id)
    assert "name" in rejected.reason
    assert in_outbox() == {bad.id: "rejected"}
    assert len(writes(server)) == 1


MANY = 399
BAD = [{0}, {77}, {MANY - 1}, set(range(0, 200, 7)), set(range(60)), set(range(300, 340))]


@pytest.mark.parametrize("bad", BAD)
def test_a_refused_request_is_halved_until_only_the_bad_are_left(server, monkeypatch, bad):
    records = [observation_of(n, name="bad" if n in bad else "good") for n in range(MANY)]
    refuse_with(server, "'bad'", monkeypatch=monkeypatch)
    outcome = submit(server, records, seconds=90)
    assert {one.id for one in outcome.rejected} == {hex_id(number) for number in bad}
    assert "Invalid span" in outcome.rejected[0].reason
    assert (outcome.sent, outcome.waiting) == (MANY - len(bad), 0)
    assert set(accepted(server, records).values()) == {0, 1}
    assert len(writes(server)) <= 2 * 9 * len(bad) + 2


def test_a_server_that_refuses_everything_is_soon_left_alone(server, monkeypatch):
    refuse_with(server, "", monkeypatch=monkeypatch)
    outcome = submit(server, records_of(300), seconds=90)
    assert len(writes(server)) <= FIRST_REFUSALS + 3
    assert isinstance(outcome.problem, RefusedError)
    assert "in a row" in str(outcome.problem)
    assert len(outcome.rejected) == 0
    assert outcome.waiting == 300 - len(outcome.rejected)
    assert claimed() == 0


def test_what_is_too_big_in_sum_is_halved_and_what_is_too_big_alone_set_aside(server, monkeypatch):
    def too_big(exchange, options):
        body = exchange.request.raw
        if len(body) > options["limit"]:
            exchange.send(faults.Answer(413, "Body exceeded 1mb limit", None))
        else:
            exchange.send(exchange.answer())

    monkeypatch.setitem(faults.PLAYS, "too big", too_big)
    server.fail("too big", times=None, method="POST", limit=20000)
    records = [observation_of(n, input=os.urandom(1000).hex()) for n in range(60)]
    big = observation_of(99, input=os.urandom(30000).hex())
    outcome = submit(server, records + [big], seconds=90)
    assert outcome.sent == 60
    assert [one.id for one in outcome.rejected] == [big.id]
    assert "413" in outcome.rejected[0].reason


@pytest.mark.parametrize("fault, hint", [("401", "LANGFUSE_PUBLIC_KEY"), ("403", "kept")])
def test_keys_that_are_not_taken_cost_one_request_and_no_data(server, fault, hint):
    server.fail(fault, times=None)
    outcome = submit(server, records_of(50), seconds=60)
    assert isinstance(outcome.problem, ConfigError)
    assert hint in str(outcome.problem)
    assert len(server.requests) == 1
    assert set(in_outbox().values()) == {"waiting"}
    server.heal()
    assert submit(server, records_of(50)).sent == 50


def test_keys_that_are_not_taken_by_an_unknown_server_cost_no_write(langfuse):
    server = langfuse("v3")
    outcome = submit(server, records_of(50), secret_key="wrong")
    assert isinstance(outcome.problem, ConfigError)
    assert writes(server) == []
    assert outcome.waiting == 50


def test_a_broken_record_holds_up_no_other(server):
    settings = settings_for(server)
    with Journal() as journal:
        destination = destination_of(journal, settings)
        journal.append(destination, records_of(9))
        journal.db.execute("UPDATE records SET body = '{\"id\": 5}' WHERE id = ?", (hex_id(3),))
    outcome = submit(server, records_of(9, trace=1))
    assert (outcome.sent, outcome.backlog) == (9, 8)
    assert list(in_outbox().values()) == ["rejected"]


# The right dialect


@pytest.mark.parametrize(
    "believed, real",
    [("v3", "v4-events_only"), ("v4-events_only", "v2"), ("v4-dual", "v2"), ("v2", "v4-dual")],
)
def test_a_server_of_another_generation_than_remembered_is_looked_at_again(
    langfuse,
    believed,
    real,
):
    server = langfuse(real)
    with Journal() as journal:
        servers.remember(journal, server.url, Server("", believed))
    outcome = submit(server, records_of(5))
    assert (outcome.sent, outcome.waiting, outcome.rejected) == (5, 0, ())
    if real != "v4-dual":  # which takes events, too
        # One is refused at the most; none is where the trace is read first, which shows what it is.
        assert len(writes(server)) <= 2
        with Journal() as journal:
            assert servers.recall(journal, server.url).mode == real
    assert submit(server, records_of(5, trace=1)).sent == 5
    assert in_outbox() == {}


def test_a_change_of_generation_amid_many_requests_loses_nothing(langfuse, monkeypatch):
    server = langfuse("v4-events_only")
    with Journal() as journal:
        servers.remember(journal, server.url, Server("3.1", "v3"))
    monkeypatch.setattr("coaiapy.langfuse.send.chunk_sender.CHUNK", 10)
    records = records_of(100)
    assert submit(server, records).sent == 100
    assert set(accepted(server, records).values()) == {1}
    assert [spans_of(one) for one in writes(server)[1:]], "spans from the second request on"


def test_a_page_instead_of_the_api_is_no_fault_of_the_records(server):
    server.fail("404 html", times=None, method="POST")
    outcome = submit(server, records_of(20))
    assert outcome.waiting == 20
    assert outcome.problem.exit_code == 5
    assert len(writes(server)) == 1
    assert set(in_outbox().values()) == {"waiting"}
