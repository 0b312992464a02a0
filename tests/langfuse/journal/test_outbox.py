"""What is owed to a server: queued, claimed, acknowledged, set aside, adopted, forgotten."""

import json
import time

import pytest
from delivering import claim, keys, observation_of, records_of, trace_of

from coaiapy.langfuse.journal import claims, destinations, outbox
from coaiapy.langfuse.journal.schema import LOCAL
from coaiapy.langfuse.records.records import score_from


@pytest.fixture
def here(journal):
    """A destination."""
    return journal.destination("http://one", "pk")


def states(journal):
    return {entry.row: entry.state for entry in outbox.entries(journal)}


def patch(journal, row, **changes):
    return journal.patch(row, changes)


def test_what_is_written_for_a_server_is_owed_to_it_and_what_is_local_is_not(journal, here):
    journal.append(here, [trace_of(1)])
    journal.append(LOCAL, [trace_of(2)])
    assert [entry.id for entry in outbox.entries(journal)] == [trace_of(1).id]


def test_writing_what_is_known_already_owes_nothing(journal, here):
    journal.append(here, [trace_of(1)])
    with claims.claimant(journal) as name:
        outbox.acknowledge(journal, claim(journal, name, here))
    assert journal.append(here, [trace_of(1)]).changed == 0
    assert states(journal) == {}


def test_only_the_watched_rows_are_counted(journal, here):
    rows = list(journal.append(here, records_of(6)).rows)
    outbox.watch(journal, [rows[0], rows[2], rows[3], rows[3], rows[-1] + 9])
    assert outbox.watched(journal) == {"waiting": 3}
    outbox.acknowledge(journal, claim(journal, "me", here, rows=rows[1:3]))
    assert outbox.watched(journal) == {"waiting": 2}


@pytest.mark.parametrize("one, other", [(1, True), (0, False), (1, 1.0), ("1", 1)])
def test_a_value_that_only_python_takes_for_the_same_is_a_change(journal, here, one, other):
    journal.append(here, [trace_of(1, input={"value": one})])
    assert journal.append(here, [trace_of(1, input={"value": other})]).changed == 1


def test_a_retry_has_the_same_event_id_and_a_change_a_new_one(journal, here):
    rows = journal.append(here, [trace_of(1)]).rows
    seen = []
    for change in (None, None, "new"):
        if change:
            patch(journal, rows[0], name=change)
        with claims.claimant(journal) as name:
            seen.extend(item.event_id for item in claim(journal, name, here))
    assert seen[0] == seen[1] != seen[2]


def test_only_the_acknowledged_revision_leaves_the_queue(journal, here):
    rows = journal.append(here, [trace_of(1)]).rows
    with claims.claimant(journal) as name:
        taken = claim(journal, name, here)
        patch(journal, rows[0], name="changed in flight")
        outbox.acknowledge(journal, taken)
        assert states(journal) == {rows[0]: "waiting"}
        (again,) = claim(journal, name, here)
        assert again.body["name"] == "changed in flight"
        outbox.acknowledge(journal, [again])
    assert states(journal) == {}


def test_a_refusal_of_an_old_revision_does_not_set_the_new_one_aside(journal, here):
    rows = journal.append(here, [trace_of(1)]).rows
    with claims.claimant(journal) as name:
        taken = claim(journal, name, here)
        patch(journal, rows[0], name="corrected")
        outbox.reject(journal, [(taken[0], "bad name")])
        assert keys(claim(journal, name, here)) == [trace_of(1).id]


def test_writing_a_rejected_record_again_makes_it_wait_again(journal, here):
    rows = journal.append(here, [trace_of(1)]).rows
    with claims.claimant(journal) as name:
        outbox.reject(journal, [(item, "no") for item in claim(journal, name, here)])
    assert states(journal) == {rows[0]: "rejected"}
    assert journal.append(here, [trace_of(1)]).changed == 0
    assert states(journal) == {rows[0]: "waiting"}


def test_what_pauses_is_passed_over_until_then(journal, here):
    journal.append(here, records_of(2))
    with claims.claimant(journal) as name:
        first = claim(journal, name, here, most=1)
        outbox.postpone(journal, first, "busy", 30.0)
        assert keys(claim(journal, name, here)) == [records_of(2)[1].id]


def test_a_pause_from_before_the_clock_was_put_right_does_not_count(journal, here):
    journal.append(here, records_of(1))
    with claims.claimant(journal) as name:
        taken = claim(journal, name, here)
        outbox.postpone(journal, taken, "busy", 86400.0 * 365)
        assert len(claim(journal, name, here)) == 1


def test_an_observation_goes_out_with_what_its_trace_says(journal, here):
    journal.append(here, [trace_of(1, user_id="ann")])
    journal.append(here, [observation_of(7, 1), observation_of(8, 2)])
    with claims.claimant(journal) as name:
        _, known, unknown = claim(journal, name, here)
    assert known.context["userId"] == "ann"
    assert unknown.context == {}


def test_only_rejected_records_are_retried_all_or_some(journal, here):
    rows = journal.append(here, records_of(4)).rows
    with claims.claimant(journal) as name:
        taken = claim(journal, name, here)
        outbox.reject(journal, [(item, "no") for item in taken[:3]])
    assert outbox.retry(journal, rows[:1]) == 1
    assert outbox.retry(journal, rows[3:]) == 0
    assert outbox.retry(journal) == 2
    assert set(states(journal).values()) == {"waiting"}


def test_what_is_dropped_is_forgotten_unless_the_server_has_an_earlier_revision(journal, here):
    known, unknown = journal.append(here, records_of(2)).rows
    with claims.claimant(journal) as name:
        outbox.acknowledge(journal, claim(journal, name, here, most=1))
    patch(journal, known, name="newer")
    assert outbox.drop(journal, [known, unknown, 99]) == 2
    assert states(journal) == {}
    assert [row["seq"] for row in journal.rows("SELECT seq FROM records")] == [known]


def test_a_dropped_change_is_owed_when_it_is_made_again(journal, here):
    rows = journal.append(here, [trace_of(1)]).rows
    with claims.claimant(journal) as name:
        outbox.acknowledge(journal, claim(journal, name, here))
    patch(journal, rows[0], name="newer")
    outbox.drop(journal, rows)
    patch(journal, rows[0], name="newer")
    assert states(journal) == {rows[0]: "waiting"}


# Adoption


def body_of(journal, destination):
    rows = journal.rows("SELECT body FROM records WHERE destination = ?", destination)
    return [json.loads(row["body"]) for row in rows]


def test_local_records_are_adopted_with_their_order(journal, here):
    journal.append(LOCAL, records_of(3))
    assert states(journal) == {}
    assert destinations.adopt(journal, here) == 3
    with claims.claimant(journal) as name:
        assert keys(claim(journal, name, here)) == [record.id for record in records_of(3)]
    assert destinations.adopt(journal, here) == 0


def test_a_record_that_is_known_there_is_merged_and_the_later_writing_counts(journal, here):
    journal.append(here, [trace_of(1, name="server", user_id="ann", metadata={"a": 1})])
    journal.append(LOCAL, [trace_of(1, name="local", session_id="s", metadata={"b": 2})])
    assert destinations.adopt(journal, here) == 1
    (body,) = body_of(journal, here)
    assert (body["name"], body["userId"], body["sessionId"]) == ("local", "ann", "s")
    assert body["metadata"] == {"a": 1, "b": 2}
    assert body_of(journal, LOCAL) == []


def test_an_older_local_record_only_adds_and_moves_no_time_that_a_server_knows(journal, here):
    earlier = "2026-01-01T00:00:00.000Z"
    journal.append(LOCAL, [trace_of(1, name="local", session_id="s", timestamp=earlier)])
    journal.append(here, [trace_of(1, name="server")])
    with claims.claimant(journal) as name:
        outbox.acknowledge(journal, claim(journal, name, here))
    destinations.adopt(journal, here)
    (body,) = body_of(journal, here)
    assert (body["name"], body["sessionId"]) == ("server", "s")
    assert body["timestamp"] == trace_of(1).timestamp
    assert list(states(journal).values()) == ["waiting"]


def test_adopting_what_the_server_has_already_owes_nothing(journal, here):
    journal.append(here, [trace_of(1)])
    with claims.claimant(journal) as name:
        outbox.acknowledge(journal, claim(journal, name, here))
    journal.append(LOCAL, [trace_of(1)])
    destinations.adopt(journal, here)
    assert states(journal) == {}
    assert body_of(journal, LOCAL) == []


def test_adopting_brings_no_dropped_change_back(journal, here):
    rows = journal.append(here, [trace_of(1)]).rows
    with claims.claimant(journal) as name:
        outbox.acknowledge(journal, claim(journal, name, here))
    patch(journal, rows[0], name="dropped")
    outbox.drop(journal, rows)
    journal.append(LOCAL, [trace_of(2)])
    destinations.adopt(journal, here)
    assert [entry.id for entry in outbox.entries(journal)] == [trace_of(2).id]


# Forgetting


def age_all(journal, days):
    journal.db.execute("UPDATE records SET sent_at = sent_at - ?", (days * 86400,))


def test_what_was_sent_long_ago_is_forgotten_and_what_is_owed_never(journal, here):
    rows = journal.append(here, [trace_of(1), trace_of(2), trace_of(3), trace_of(4)]).rows
    journal.append(LOCAL, [trace_of(5)])
    with claims.claimant(journal) as name:
        sent = claim(journal, name, here)
        outbox.acknowledge(journal, sent)
    patch(journal, rows[0], name="waits")
    patch(journal, rows[1], name="is rejected")
    with claims.claimant(journal) as name:
        (_, second) = claim(journal, name, here)
        outbox.reject(journal, [(second, "no")])
    age_all(journal, 31)
    journal.db.execute("UPDATE records SET sent_at = ? WHERE seq = ?", (time.time(), rows[2]))
    assert outbox.prune(journal, 30) == 1
    left = [row["id"] for row in journal.rows("SELECT id FROM records ORDER BY seq")]
    assert left == [trace_of(number).id for number in (1, 2, 3, 5)]


def test_a_trace_is_remembered_as_long_as_something_of_it_is_there(journal, here):
    journal.append(here, [trace_of(1, user_id="ann"), observation_of(1, 1), observation_of(2, 1)])
    with claims.claimant(journal) as name:
        taken = claim(journal, name, here)
        outbox.acknowledge(journal, taken)
    age_all(journal, 31)
    journal.db.execute("UPDATE records SET sent_at = ? WHERE seq = ?", (time.time(), taken[2].row))
    assert outbox.prune(journal, 30) == 1
    journal.append(here, [observation_of(3, 1)])
    with claims.claimant(journal) as name:
        (late,) = claim(journal, name, here)
    assert late.context["userId"] == "ann"


def test_a_score_of_a_forgotten_observation_keeps_the_trace_too(journal, here):
    score = score_from({"id": "s", "name": "good", "value": 1, "trace_id": trace_of(1).id})
    journal.append(here, [trace_of(1)])
    with claims.claimant(journal) as name:
        outbox.acknowledge(journal, claim(journal, name, here))
    journal.append(here, [score])
    age_all(journal, 31)
    assert outbox.prune(journal, 30) == 0


def test_tallies_count_by_destination(journal, here):
    there = journal.destination("http://two", "pk")
    journal.append(here, records_of(3))
    journal.append(there, records_of(1, trace=5))
    journal.append(LOCAL, records_of(2, trace=6))
    with claims.claimant(journal) as name:
        taken = claim(journal, name, here, most=1)
        outbox.reject(journal, [(taken[0], "no")])
    found = {tally.destination: tally for tally in outbox.tallies(journal)}
    assert (found["http://one"].waiting, found["http://one"].rejected) == (2, 1)
    assert found["http://two"].waiting == 1
    assert (found["local"].local, found["local"].waiting) == (2, 0)
