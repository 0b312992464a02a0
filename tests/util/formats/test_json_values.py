"""JSON that every server reads."""

import datetime
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coaiapy.util.formats import json_values

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(blacklist_categories=("Cs",))),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text("abc"), inner)),
    max_leaves=10,
)


@given(VALUES)
def test_what_json_knows_stays_as_it_is(value):
    assert json_values.plain(value) == value
    assert json_values.parse(json.dumps(value)) == value


def test_a_copy_is_kept_not_the_callers_own_object():
    given_value = {"list": [1]}
    kept = json_values.plain(given_value)
    given_value["list"].append(2)
    assert kept == {"list": [1]}


def test_what_json_lacks_becomes_what_it_has():
    assert json_values.plain({1: (2, 3)}) == {"1": [2, 3]}
    assert json_values.plain([datetime.date(2026, 1, 31)]) == ["2026-01-31"]


@pytest.mark.parametrize(
    "value, reason",
    [
        (float("nan"), "NaN is not a number"),
        ({"a": [float("-inf")]}, "-Infinity is not a number"),
        ("\ud800", "an incomplete character"),
        ({"key \udfff": 1}, "an incomplete character"),
        ({(1, 2): 3}, "cannot be JSON"),
        (int("9" * 400), "more than 300 digits"),
    ],
)
def test_what_no_server_reads_is_refused(value, reason):
    with pytest.raises(ValueError, match=reason):
        json_values.plain(value)


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", "1e999", "9" * 400, "[" * 100000, "{", ""])
def test_what_is_no_json_is_refused(text):
    with pytest.raises(ValueError):
        json_values.parse(text)


@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"a": inner}])
@pytest.mark.parametrize("depth", [201, 900, 100000])
def test_endless_nesting_is_refused(wrap, depth):
    value = 1
    for _ in range(depth):
        value = wrap(value)
    with pytest.raises(ValueError, match="nested"):
        json_values.plain(value)


def test_deep_but_bounded_nesting_and_much_side_by_side_are_fine():
    value = 1
    for _ in range(json_values.MAX_DEPTH):
        value = [value]
    assert json_values.plain(value) == value
    assert json_values.plain([[]] * 5000) == [[]] * 5000
    assert json.dumps(value, indent=2)


def test_a_value_within_itself_is_refused():
    ring = []
    ring.append(ring)
    with pytest.raises(ValueError):
        json_values.plain(ring)
