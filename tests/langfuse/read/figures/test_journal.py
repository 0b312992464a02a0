"""The journal's figures are those of its bodies at any time, and are summed up without reading them."""

import json

from hypothesis import given, settings
from journal_steps import STEPS, perform

from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.journal.schema import LOCAL
from coaiapy.langfuse.read.figures import journal as journal_figures
from coaiapy.langfuse.read.figures.groups import Wanted
from coaiapy.langfuse.records.figures import figures_of
from coaiapy.langfuse.records.records import observation_from, trace_from

KEPT = (
    "SELECT seq, destination, trace_key, time, name, type, level, environment, model, duration,"
    " input_tokens, output_tokens, cached_tokens, cost FROM figures ORDER BY seq"
)


def figures_of_bodies(journal):
    sql = "SELECT * FROM records WHERE kind = 'observation' ORDER BY seq"
    return [
        (row["seq"], row["destination"], row["trace_key"], row["time"])
        + figures_of(json.loads(row["body"]))
        for row in journal.rows(sql)
    ]


@settings(max_examples=40)
@given(STEPS, STEPS)
def test_figures_follow_whatever_becomes_of_records(first, later):
    with Journal(":memory:") as journal:
        for steps in (first, later):
            for what, number, second in steps:
                perform(journal, what, number, second)
            journal_figures.bring_up_to_date(journal)
            assert [tuple(row) for row in journal.rows(KEPT)] == figures_of_bodies(journal)


def questions(journal, ask):
    """The queries that ``ask`` makes."""
    asked = []
    journal.db.set_trace_callback(lambda sql: asked.append(sql))
    ask()
    journal.db.set_trace_callback(None)
    return [sql for sql in asked if sql.lstrip().startswith("SELECT")]


def write_some(journal, start=0):
    made = [trace_from({"id": "t"})]
    made += [
        observation_from({"id": str(n), "model": "m", "name": "n"}, "t")
        for n in range(start, start + 9)
    ]
    journal.append(LOCAL, made)


def test_figures_by_model_are_read_off_an_index_and_no_body_is():
    with Journal(":memory:") as journal:
        write_some(journal)
        journal_figures.bring_up_to_date(journal)

        def ask():
            assert journal_figures.figures(journal, LOCAL, Wanted("model"))["m"]["count"] == 9

        found = questions(journal, ask)
        assert len(found) == 2 and not any("body" in sql for sql in found)
        for sql in found[1:]:
            plan = " ".join(row["detail"] for row in journal.rows("EXPLAIN QUERY PLAN " + sql))
            assert "COVERING INDEX figures_by_model" in plan and "TEMP B-TREE" not in plan


def test_the_body_of_each_observation_is_read_once(monkeypatch):
    read = []
    figured = journal_figures.figures_of
    monkeypatch.setattr(
        journal_figures, "figures_of", lambda body: read.append(body["id"]) or figured(body)
    )
    with Journal(":memory:") as journal:
        for start in (0, 9):
            write_some(journal, start)
            for by in (None, "model", "name", "day", "user"):
                journal_figures.figures(journal, LOCAL, Wanted(by))
    assert sorted(map(int, read)) == list(range(18))
