"""The definitions of the figures are those of Langfuse's servers."""

import pytest

from coaiapy.errors import UsageError
from coaiapy.langfuse.read.figures.groups import check_key, percentiles


@pytest.mark.parametrize(
    "durations, p95",
    [
        ([(0, 7), (1, 1)], 0.6499999999999995),  # as a 4.16.0 server has answered
        ([(0, 7), (9, 1)], 5.849999999999995),
        ([(1000, 2)], 1000),
    ],
)
def test_percentiles_are_interpolated_as_the_server_does(durations, p95):
    count = sum(times for _, times in durations)
    assert percentiles(count, durations)[1] == p95


def test_percentiles_of_one_value_and_of_none():
    assert percentiles(1, [(7, 1)]) == [7, 7, 7]
    assert percentiles(0, []) == [None, None, None]
    assert percentiles(4, [(1, 1), (2, 1), (3, 1), (4, 1)])[0] == 2.5


@pytest.mark.parametrize("by", ["size", "metadata.", "Name", ""])
def test_an_unknown_group_is_named(by):
    with pytest.raises(UsageError, match="choose one of name, model"):
        check_key(by)
