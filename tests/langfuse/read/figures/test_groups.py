"""The definitions of the figures are those of Langfuse's servers."""

import pytest

from coaiapy.errors import UsageError
from coaiapy.langfuse.read.figures.groups import check_key, percentiles
from coaiapy.langfuse.records.figures import figures_of


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


def test_tokens_count_by_the_names_of_their_types():
    usage = {
        "input": 1,
        "input_cached_tokens": 2,
        "cache_read_input_tokens": 4,
        "cache_creation_input_tokens": 8,
        "output": 16,
        "OUTPUT_reasoning": 32,
        "total": 1000,
        "seconds": 64,
    }
    found = figures_of({"usageDetails": usage})
    assert found.input_tokens == 1 + 2 + 4 + 8
    assert found.output_tokens == 16 + 32
    assert found.cached_tokens == 2 + 4


def test_a_cost_is_its_total_or_the_sum_of_its_parts():
    assert figures_of({"costDetails": {"input": 1, "output": 2}}).cost == 3
    assert figures_of({"costDetails": {"input": 1, "total": 5}}).cost == 5


@pytest.mark.parametrize("odd", [[], "x", {"input": "many"}, {"input": 1e300}, {"input": None}])
def test_what_is_no_number_is_not_counted(odd):
    found = figures_of({"usageDetails": odd, "costDetails": odd, "name": odd, "endTime": odd})
    assert found[5:] == (None, 0.0, 0.0, 0.0, 0.0)


@pytest.mark.parametrize("by", ["size", "metadata.", "Name", ""])
def test_an_unknown_group_is_named(by):
    with pytest.raises(UsageError, match="choose one of name, model"):
        check_key(by)
