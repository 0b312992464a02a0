"""Lone traces are always known, and an older journal gets the tables that it lacks."""

import sqlite3

import old_journals
import pytest
from hypothesis import given, settings
from journal_steps import STEPS, TIME, perform

from coaiapy.errors import StateError
from coaiapy.langfuse.journal import db as db_module
from coaiapy.langfuse.journal import reads
from coaiapy.langfuse.journal.db import Journal, journal_path
from coaiapy.langfuse.journal.schema import LOCAL, UPGRADES

LONE = """
SELECT destination, trace_key, min(time) FROM records AS one
WHERE kind = 'observation' AND NOT EXISTS (SELECT 1 FROM records WHERE kind = 'trace'
    AND trace_key = one.trace_key AND destination = one.destination)
GROUP BY destination, trace_key ORDER BY 1, 2
"""
OLD = [
    ("trace", {"id": "t", "timestamp": TIME.format(1), "name": "kept"}),
    (
        "observation",
        {
            "id": "o",
            "traceId": "t",
            "startTime": TIME.format(1),
        },
    ),
    ("observation", {"id": "p", "traceId": "lone", "startTime": TIME.format(4)}),
    ("observation", {"id": "d", "traceId": "t", "startTime": TIME.format(5), "damaged": "{"}),
]


def lone_traces(journal):
    sql = "SELECT destination, trace_key, time FROM lone_traces ORDER BY 1, 2"
    return [tuple(row) for row in journal.rows(sql)]


@settings(max_examples=40)
@given(STEPS)
def test_lone_traces_follow_whatever_becomes_of_records(steps):
    with Journal(":memory:") as journal:
        for what, number, second in steps:
            perform(journal, what, number, second)
        assert lone_traces(journal) == [tuple(row) for row in journal.rows(LONE)]


@pytest.mark.parametrize("version", [1, 2, 5])
def test_a_journal_of_an_earlier_version_gets_what_is_missing_and_loses_nothing(home, version):
    (home / ".coaia").mkdir()
    old_journals.make(journal_path(), version, OLD)
    before = records()
    with Journal() as journal:
        assert [row[1:] for row in lone_traces(journal)] == [("lone", TIME.format(4))]
        listed = [trace["id"] for trace in reads.traces(journal, LOCAL)]
        layout = sorted(tuple(row) for row in journal.rows("SELECT name, sql FROM sqlite_master"))
    assert records() == before and listed == ["lone", "t"]
    with Journal(":memory:") as new:
        assert layout == sorted(
            tuple(row) for row in new.rows("SELECT name, sql FROM sqlite_master")
        )


def records():
    db = sqlite3.connect(journal_path())
    found = db.execute("SELECT * FROM records ORDER BY seq").fetchall()
    db.close()
    return found


def test_an_upgrade_that_fails_on_its_way_changes_nothing_and_the_next_command_makes_it(
    home, monkeypatch
):
    (home / ".coaia").mkdir()
    old_journals.make(journal_path(), 2, OLD)
    before = records()
    broken = dict(UPGRADES)
    broken[2] += "INSERT INTO stale (seq) SELECT no_such_column FROM records;"
    with monkeypatch.context() as patched, pytest.raises(StateError):
        patched.setattr(db_module, "UPGRADES", broken)
        Journal()
    db = sqlite3.connect(journal_path())
    assert db.execute("PRAGMA user_version").fetchone() == (2,)
    assert not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'figures'").fetchall()
    db.close()
    assert records() == before
    with Journal() as journal:
        assert [row[1] for row in lone_traces(journal)] == ["lone"]


@pytest.mark.parametrize("newest_first", [True, False])
def test_the_first_page_of_traces_is_read_in_the_order_of_an_index(newest_first):
    """Sorted in a table of its own, it would need the body of every trace."""
    asked = []
    with Journal(":memory:") as journal:
        journal.db.set_trace_callback(lambda sql: asked.append(sql))
        list(reads.traces(journal, LOCAL, newest_first))
        list(reads.traces(journal, LOCAL, newest_first))
        (sql,) = {one for one in asked if "UNION ALL" in one}
        plan = " ".join(row["detail"] for row in journal.rows("EXPLAIN QUERY PLAN " + sql))
    assert "records_by_time" in plan and "lone_traces_by_time" in plan
    assert "TEMP B-TREE" not in plan


def test_what_belongs_to_a_trace_is_found_by_an_index():
    with Journal(":memory:") as journal:
        asked = []
        journal.db.set_trace_callback(lambda sql: asked.append(sql))
        reads.knows_trace(journal, LOCAL, "t")
        reads.was_sent(journal, LOCAL, "t")
        reads.observations(journal, LOCAL, "t")
        reads.forget_trace(journal, LOCAL, "t")
        questions = [one for one in asked if one.startswith(("SELECT", "DELETE"))]
        assert len(questions) == 4
        for sql in questions:
            plan = [row["detail"] for row in journal.rows("EXPLAIN QUERY PLAN " + sql)]
            assert any("records_of_trace (trace_key=?" in line for line in plan), plan
            assert not any("TEMP B-TREE" in line for line in plan), plan
