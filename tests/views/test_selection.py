"""Chosen observations keep those that they stand below."""

import pytest
from observed_times import step

from coaiapy.views.selection import Selection, chosen, narrowed
from coaiapy.views.timeline import timeline


@pytest.mark.parametrize(
    "wanted, names",
    [
        (Selection(depth=1), ["a", "d"]),
        (Selection(depth=2), ["a", "b", "d"]),
        (Selection(shortest=2000), ["a", "b", "c"]),
        (Selection(shortest=2000, depth=2), ["a", "b"]),
        (Selection(errors=True), ["d"]),
        (Selection(errors=True, shortest=2000), []),
    ],
)
def test_a_choice_keeps_what_it_stands_below(wanted, names):
    found = [
        step("a", 0, 1),
        step("b", 0, 3, "a"),
        step("c", 0, 2, "b"),
        step("d", 4, 5, level="ERROR"),
    ]
    assert [one["id"] for one in chosen(found, wanted)] == names
    shown = narrowed(timeline(found), wanted).nodes
    assert [node.observation["id"] for node in shown] == names
    assert [node.is_last for node in shown if node.level == 1][-1:] == [True] * bool(names)
