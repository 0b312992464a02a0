"""Round steps on the time axis, their labels, and bars in characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coaiapy.views.axis import ASCII_PENS, LINE_PENS, Scale, bar_text, clock_time, labels, step_of
from coaiapy.views.critical_path import Window
from coaiapy.views.timeline import Bar


@pytest.mark.parametrize(
    "length, most, step",
    [
        (0, 5, 1),
        (7, 5, 2),
        (12000, 3, 5000),
        (59000, 6, 10000),
        (100000, 4, 30000),
        (3600000, 4, 900000),
        (86400000 * 3, 4, 86400000),
        (86400000 * 400, 4, 86400000 * 128),
    ],
)
def test_steps_are_round(length, most, step):
    assert step_of(length, most) == step


def test_labels_have_room_and_say_the_time_since_the_start_or_of_the_day():
    scale = Scale(1769860800000, 12000, 40)
    assert labels(scale, False, False) == [(0, "0"), (16, "5 s"), (33, "10 s")]
    assert labels(scale, True, False) == [(0, "12:00:00"), (16, "12:00:05")]
    assert labels(Scale(0, 0, 20), False, False) == [(0, "0")]
    assert clock_time(1769860800123, False) == "12:00:00.123"
    assert clock_time(1769860800123, False, 86400000) == "2026-01-31"


bounds = st.tuples(st.integers(0, 1000), st.integers(0, 1000)).map(sorted)


@given(bounds, bounds, st.integers(1, 60), st.booleans(), st.sampled_from([LINE_PENS, ASCII_PENS]))
def test_a_bar_is_as_wide_as_the_chart_and_never_nothing(bar, path, columns, is_open, pens):
    start, end = bar
    on_path = Window(max(start, path[0]), min(end, path[1]))
    found = bar_text(
        Bar(start, end, is_open),
        on_path if on_path.start < on_path.end else None,
        Scale(0, 1000, columns),
        pens,
    )
    assert len(found) == columns and found.strip()


def test_a_bar_begins_and_ends_in_half_columns():
    scale = Scale(0, 100, 10)
    assert bar_text(Bar(0, 100), None, scale, LINE_PENS) == "─" * 10
    assert bar_text(Bar(25, 55), None, scale, LINE_PENS) == "  ╶──╴    "
    assert bar_text(Bar(25, 55), Window(35, 55), scale, LINE_PENS) == "  ╶╼━╸    "
    assert bar_text(Bar(0, 20, True), None, scale, LINE_PENS) == "┄┄        "
    assert bar_text(Bar(100, 100), None, scale, LINE_PENS) == "         ◇"
