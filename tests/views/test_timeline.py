"""Bars and gaps on the time axis of a trace."""

import pytest
from observed_times import moment, step

from coaiapy.views.timeline import timeline


def bars(*observations, **options):
    """Start and end of each bar in seconds, with a plus where no end is known."""
    line = timeline(list(observations), **options)
    return {
        node.observation["id"]: bar
        and (bar.start / 1000, bar.end / 1000, "+" if bar.is_open else "")
        for node, bar in zip(line.nodes, line.bars)
    }


def test_bars_begin_with_the_first_observation():
    assert bars(step("a", 5, 9), step("b", 6, 7.5, "a")) == {"a": (0, 4, ""), "b": (1, 2.5, "")}


def test_what_has_no_end_lasts_as_long_as_what_is_below_it():
    found = bars(step("a", 0), step("b", 1, None, "a"), step("c", 2, 3, "b"), step("d", 1))
    assert found == {"a": (0, 3, "+"), "b": (1, 3, "+"), "c": (2, 3, ""), "d": (1, 1, "+")}


def test_what_is_open_grows_while_it_is_watched():
    now = int(timeline([step("x", 8)]).begin)
    found = bars(step("a", 0), step("e", 1, None, "a", type="EVENT"), now=now)
    assert found == {"a": (0, 8, "+"), "e": (1, 1, "")}


def test_an_end_before_the_start_is_a_moment():
    assert bars(step("a", 5, 2), step("b", 0, 6)) == {"b": (0, 6, ""), "a": (5, 5, "")}


@pytest.mark.parametrize("time", [None, "", "soon", 5, {}, "0001-01-01T00:00:00+10:00"])
def test_a_time_that_is_none_has_no_bar(time):
    assert bars(step("a", 0, 1), dict(step("b", 0, 1), startTime=time))["b"] is None
    assert bars(dict(step("b", 0, 1), startTime=time)) == {"b": None}


def test_siblings_stand_in_the_order_of_time():
    line = timeline([step("late", 5, 6), step("early", 1, 2)])
    assert [node.observation["id"] for node in line.nodes] == ["early", "late"]


def gaps(*observations):
    return [
        (gap.start / 1000, gap.end / 1000, gap.after, gap.before)
        for gap in timeline(list(observations)).gaps
    ]


def test_gaps_are_times_in_which_no_step_worked_whatever_waited_around_them():
    assert gaps(
        step("root", 0, 20),
        step("a", 1, 5, "root"),
        step("b", 4, 8, "root"),
        step("c", 12, 19, "root"),
    ) == [(0, 1, "", "a"), (8, 12, "b", "c"), (19, 20, "c", "")]


def test_moments_do_not_end_a_gap_and_short_gaps_are_not_told():
    event = step("e", 5, None, type="EVENT")
    assert gaps(step("a", 0, 2), event, step("b", 8, 100), step("c", 100.5, 200)) == [
        (2, 8, "a", "b")
    ]
    assert gaps(step("only", 0, 5)) == [] and gaps(event) == [] and gaps() == []


def test_only_the_longest_gaps_are_told_in_the_order_of_time():
    found = gaps(*[step(str(one), 10 * one + one / 10, 10 * one + 5) for one in range(20)])
    assert len(found) == 5 and found == sorted(found)


def test_a_day_of_the_year_one_is_no_reason_to_fail():
    old = dict(step("a", 0, 1), startTime="0001-01-01T00:00:00.000Z")
    assert timeline([old, step("b", 0, 1)]).length > 0
    assert moment(0) == "2026-01-31T12:00:00.000Z"
