"""What the user probably meant."""

import pytest

from coaiapy.util.text import did_you_mean

KNOWN = [
    "observation_type",
    "model",
    "model_parameters",
    "llm-chain",
    "user_id",
    "trace_id",
    "--json",
]


@pytest.mark.parametrize(
    "word, meant",
    [
        ("observation_typ", "observation_type"),
        ("type", "observation_type"),
        ("chain", "llm-chain"),
        ("parameters", "model_parameters"),
        ("modl", "model"),
        ("--jsn", "--json"),
        ("jsn", "--json"),
        ("LLM-CHAIN", "llm-chain"),
        ("--help", None),
        ("id", None),
        ("yp", None),
        ("", None),
        ("-", None),
    ],
)
def test_a_word_like_it_or_the_only_one_that_has_it_as_a_part(word, meant):
    said = did_you_mean(word, KNOWN)
    assert said == (" (did you mean {!r}?)".format(meant) if meant else "")


def test_where_nothing_is_known_nothing_is_meant():
    assert did_you_mean("type", []) == ""
