"""Staging: records come in slowly and go into the journal at once, merged with what is there."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from local_records import start, write

from coaiapy.langfuse.journal import reads as journal_reads
from coaiapy.langfuse.journal import staging
from coaiapy.langfuse.journal.schema import LOCAL
from coaiapy.langfuse.journal.staging import merge_bodies
from coaiapy.langfuse.records.records import observation_from, trace_from


def test_the_same_again_changes_nothing_and_more_is_added(journal):
    first = trace_from({"id": "t", "timestamp": start(0), "metadata": {"a": 1}, "input": 0})
    assert write(journal, first).changed == 1
    assert write(journal, first).changed == 0
    again = trace_from({"id": "t", "timestamp": start(5), "metadata": {"b": 2}, "output": ""})
    assert write(journal, again).changed == 1
    assert journal_reads.trace(journal, LOCAL, "t") == {
        "id": "t",
        "timestamp": "2026-01-31T12:00:00.000Z",
        "metadata": {"a": 1, "b": 2},
        "input": 0,
        "output": "",
    }


def test_closing_an_observation_leaves_its_type_level_and_start(journal):
    opened = {"id": "o", "type": "SPAN", "level": "WARNING", "start_time": start(0)}
    write(journal, observation_from(opened, "t"))
    write(journal, observation_from({"id": "o", "end_time": start(3)}, "t"))
    (body,) = journal_reads.observations(journal, LOCAL, "t")
    assert (body["type"], body["level"]) == ("SPAN", "WARNING")
    assert body["startTime"] == "2026-01-31T12:00:00.000Z"
    assert body["endTime"] == "2026-01-31T12:00:03.000Z"


def test_an_append_that_fails_midway_writes_nothing(journal):
    def records():
        yield trace_from({"id": "t"})
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        journal.append(LOCAL, records())
    assert not journal_reads.knows_trace(journal, LOCAL, "t")
    assert write(journal, trace_from({"id": "t"})).changed == 1


@given(
    st.dictionaries(st.sampled_from("abc"), st.integers(), max_size=3),
    st.dictionaries(st.sampled_from("abc"), st.integers(), max_size=3),
)
def test_metadata_is_merged_and_what_is_not_given_stays(old, new):
    merged = merge_bodies({"id": "t", "metadata": old, "name": "n"}, {"id": "x", "metadata": new})
    assert merged == {"id": "t", "metadata": dict(old, **new), "name": "n"}


def test_true_and_one_are_two_values(journal):
    """Python calls them equal."""
    write(journal, trace_from({"id": "t", "metadata": {"a": 1}}))
    assert write(journal, trace_from({"id": "t", "metadata": {"a": True}})).changed == 1
    assert journal_reads.trace(journal, LOCAL, "t")["metadata"]["a"] is True


def test_records_that_are_there_are_merged_step_by_step_and_each_once(journal, monkeypatch):
    monkeypatch.setattr(staging, "_STEP", 3)
    names = [str(number) for number in range(10)]
    first = write(journal, *[trace_from({"id": name, "timestamp": start(0)}) for name in names])
    again = [trace_from({"id": name, "timestamp": start(0), "output": 1}) for name in names]
    second = write(journal, *again)
    assert (list(second.rows), second.changed) == (list(first.rows), 10)


def test_a_damaged_record_is_written_again_with_what_its_row_still_knows(journal):
    write(journal, trace_from({"id": "t", "timestamp": start(1), "name": "lost"}))
    journal.db.execute("UPDATE records SET body = '{'")
    write(journal, trace_from({"id": "t", "timestamp": start(5), "output": 1}))
    (row,) = journal.rows("SELECT body FROM records")
    assert json.loads(row["body"]) == {
        "id": "t",
        "timestamp": "2026-01-31T12:00:01.000Z",
        "output": 1,
    }
