"""The critical path: what determined when a trace ended."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from observed_times import step

from coaiapy.views.critical_path import Window, critical_path
from coaiapy.views.timeline import timeline


def on_path(*observations):
    """The names on the path, with their seconds on it."""
    line = timeline(list(observations))
    return {
        line.nodes[index].observation["id"]: (window.start / 1000, window.end / 1000)
        for index, window in line.path.items()
    }


def test_it_goes_back_from_what_ended_last():
    assert on_path(
        step("root", 0, 10),
        step("fast", 0, 4, "root"),
        step("slow", 0, 6, "root"),
        step("last", 7, 10, "root"),
        step("inner", 8, 10, "last"),
    ) == {"root": (0, 10), "slow": (0, 6), "last": (7, 10), "inner": (8, 10)}


def test_steps_that_overlap_a_little_follow_each_other():
    assert on_path(step("a", 0, 5.1), step("b", 5, 9)) == {"a": (0, 5), "b": (5, 9)}


def test_work_that_goes_on_behind_its_parent_counts():
    path = on_path(step("root", 0, 2), step("later", 3, 9, "root"))
    assert path == {"root": (0, 2), "later": (3, 9)}
    path = on_path(step("root", 0, 9), step("sender", 1, 2, "root"), step("later", 5, 9, "sender"))
    assert path == {"root": (0, 9), "sender": (1, 2), "later": (5, 9)}
    path = on_path(step("early", 4, 6), step("outside", 0, 3, "early"))
    assert path == {"early": (4, 6), "outside": (0, 3)}


def test_a_moment_determines_nothing():
    assert on_path(step("root", 0, 2), step("event", 2, None, "root", type="EVENT")) == {
        "root": (0, 2)
    }
    assert on_path(step("only", 0, 0)) == {}
    assert on_path() == {}


spans = st.tuples(st.integers(0, 20), st.integers(0, 20)).map(sorted)


@given(st.lists(spans, min_size=1, max_size=12))
def test_at_every_moment_it_is_where_it_is_said_to_be(found):
    """The definition, moment by moment."""
    windows = [Window(*span) for span in found]
    path = critical_path(windows, [[] for _ in windows], list(range(len(windows))))
    start, moment = min(one.start for one in windows), max(one.end for one in windows)
    expected = {}
    while moment > start:
        begun = [index for index, one in enumerate(windows) if one.start < min(one.end, moment)]
        index = max(begun, key=lambda one: windows[one].end, default=None)
        if index is None or windows[index].end <= start:
            break
        expected[index] = Window(windows[index].start, min(moment, windows[index].end))
        moment = windows[index].start
    assert sorted(path.values()) == sorted(expected.values())


@pytest.mark.parametrize("shape", ["deep", "flat"])
def test_many_observations_take_no_time(shape):
    """Each is looked at once: with more than that this would take hours."""
    most = 50000
    windows = [Window(0, 2 * most)] + [Window(index, most + index) for index in range(1, most)]
    if shape == "deep":
        children = [[index + 1] for index in range(most - 1)] + [[]]
    else:
        children = [list(range(1, most))] + [[] for _ in range(most - 1)]
    assert 0 in critical_path(windows, children, [0])
