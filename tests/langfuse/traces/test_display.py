"""Traces and observations as rows of a table."""

import pytest

from coaiapy.langfuse.records.display import fitted_listing, listing, with_note
from coaiapy.langfuse.traces.display import TRACE_COLUMNS, price


def test_nothing_is_cut_and_null_is_shown_as_nothing():
    trace = {"id": "t" * 60, "timestamp": "0999-01-31T12:00:00.000Z", "tags": ["a", "b"]}
    shown = listing([trace], TRACE_COLUMNS)
    assert "t" * 60 in shown and "a, b" in shown and "0999-01-31 12:00:00Z" in shown
    assert "None" not in shown


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


@pytest.mark.parametrize(
    "dollars, shown",
    [(0, ""), (1, "$1.00"), (0.0012, "$0.0012"), (12.345678, "$12.345678"), (4e-9, "$4.0e-09")],
)
def test_prices_are_as_fine_as_they_are_low(dollars, shown):
    assert price(dollars) == shown
