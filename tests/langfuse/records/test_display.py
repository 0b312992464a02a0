"""Listings: what a cell shows of a value, in columns that are as wide as what is in them."""

import pytest

from coaiapy.langfuse.records.display import fitted_listing, listing, with_note
from coaiapy.langfuse.traces.display import TRACE_COLUMNS


def test_nothing_is_cut_and_null_is_shown_as_nothing():
    trace = {"id": "t" * 60, "timestamp": "0999-01-31T12:00:00.000Z", "tags": ["a", "b"]}
    shown = listing([trace], TRACE_COLUMNS)
    assert "t" * 60 in shown and "a, b" in shown and "0999-01-31 12:00:00Z" in shown
    assert "None" not in shown


@pytest.mark.parametrize(
    "value, shown",
    [
        (0, "0"),
        (False, "no"),
        (["a", 1], "a, 1"),
        ([{"a": None}], '[{"a": null}]'),
        ({}, "{}"),
        ("two\nlines", "two lines"),
        ("\x1b[31m", "\\x1b[31m"),
    ],
)
def test_a_cell_is_one_line_of_text(value, shown):
    assert listing([{"value": value}], {"value": "V"}).splitlines()[2] == shown


@pytest.mark.parametrize("name", ["createdAt", "timestamp", "startTime"])
def test_times_are_shown_to_the_second_and_other_texts_as_they_are(name):
    rows = [{name: "2026-01-31T13:00:00.123+01:00"}, {name: "yesterday"}]
    assert listing(rows, {name: "T"}).splitlines()[2:] == ["2026-01-31 12:00:00Z", "yesterday"]


def test_a_note_is_only_where_there_is_something_to_say():
    late = {"id": "a", "unconfirmed": "waiting"}
    assert with_note(TRACE_COLUMNS, [{"id": "b"}]) == TRACE_COLUMNS
    lines = listing([late, {"id": "b"}], with_note({"id": "Trace"}, [late])).splitlines()
    assert lines[2:] == ["a      (not sent yet)", "b"]


def test_on_a_narrow_terminal_ids_become_beginnings_and_times_stay_whole():
    trace = dict(id="t" * 32, timestamp="2026-01-31T12:00:00Z", name="a name of many words " * 9)
    shown, hidden = fitted_listing([trace], TRACE_COLUMNS, 80)
    assert shown.splitlines()[0].split() == ["Trace", "Name", "Started"]
    assert hidden == ["User", "Session", "Tags"]
    assert "t" * 8 + "…" in shown and "2026-01-31 12:00:00Z" in shown
    assert {len(line) for line in shown.splitlines()} <= set(range(81))
    both = dict(trace, name="Run", sessionId="s" * 36, userId="john", tags=["nightly"])
    shown, hidden = fitted_listing([both], TRACE_COLUMNS, 80)
    assert hidden == [] and shown.splitlines()[0].split() == list(TRACE_COLUMNS.values())
    assert {len(line) for line in shown.splitlines()} <= set(range(81))
