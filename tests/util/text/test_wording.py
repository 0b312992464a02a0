"""Words for people: hints for misspelled names, control characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coaiapy.util.text.wording import did_you_mean, one_line, visible

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


@pytest.mark.parametrize("sign", list("\0\x08\x1b\x1f\x7f\x9b\u200e\u2028\u202e\u2066\u2069"))
def test_each_sign_that_steers_a_terminal_is_an_escape(sign):
    escaped = "a{}b".format(sign.encode("unicode_escape").decode("ascii"))
    assert one_line("a" + sign + "b") == visible("a" + sign + "b") == escaped


@given(st.text())
def test_nothing_is_lost_and_nothing_steers(text):
    assert "\x1b" not in visible(text) and "\n" not in one_line(text)
    assert visible(text).count("\n") == text.count("\n")
    kept = "".join(letter for letter in text if letter.isalnum())
    assert (
        "".join(letter for letter in text if one_line(letter) == letter and letter.isalnum())
        == kept
    )
