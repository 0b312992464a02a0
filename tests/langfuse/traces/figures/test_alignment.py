"""Sequences are aligned completely and in order, and no sequence takes long."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coaiapy.langfuse.traces.figures import alignment
from coaiapy.langfuse.traces.figures.alignment import aligned

ITEMS = st.lists(st.sampled_from("abc"), max_size=12)


@pytest.mark.parametrize("most", [0, alignment._MOST_PAIRS], ids=["rough", "best"])
@given(first=ITEMS, second=ITEMS)
def test_every_place_is_there_once_and_only_equal_items_meet(most, first, second):
    before, alignment._MOST_PAIRS = alignment._MOST_PAIRS, most
    try:
        pairs = aligned(first, second)
    finally:
        alignment._MOST_PAIRS = before
    assert [one for one, _ in pairs if one is not None] == list(range(len(first)))
    assert [other for _, other in pairs if other is not None] == list(range(len(second)))
    assert all(first[i] == second[j] for i, j in pairs if i is not None and j is not None)
    if first == second:
        assert all(i == j for i, j in pairs)


def test_what_is_inserted_stands_alone():
    assert aligned("abcd", "abXcd") == [(0, 0), (1, 1), (None, 2), (2, 3), (3, 4)]
    assert aligned("abcd", "acd") == [(0, 0), (1, None), (2, 1), (3, 2)]


@pytest.mark.parametrize("text", ["ab", "a", "abcdefgh"])
def test_long_repetitive_sequences_take_no_time(text):
    first = text * 5000
    second = first[:5000] + "X" + first[5007:] + "Y"
    start = time.process_time()
    pairs = aligned(first, second)
    assert time.process_time() - start < 20
    assert sum(1 for one, other in pairs if one is not None and other is not None) > 4900
