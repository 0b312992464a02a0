"""Tokens and costs of a record."""

import pytest

from coaiapy.langfuse.records.figures import figures_of


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
