"""Compact JSON: the same text as json writes, with or without an encoder in C."""

import json
from datetime import date
from json import encoder

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coaiapy.util.formats.json_values import compact, quoted

VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
)


def text_of(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


@given(VALUES)
def test_it_is_what_json_writes(value):
    assert compact(allow_nan=True)(value) == text_of(value)


@given(st.text())
def test_a_text_is_quoted_as_json_does(text):
    assert quoted(text) == text_of(text)


@pytest.mark.parametrize("found", [None, lambda other_arguments: None])
def test_it_does_not_need_the_encoder_in_c(monkeypatch, found):
    with monkeypatch.context() as patched:
        patched.setattr(encoder, "c_make_encoder", found)
        encode = compact(allow_nan=True)
    value = {"a": [1, 2.5, None, "é\u2028\n"], "b": {"c": date(2026, 1, 31)}}
    assert encode(value) == text_of(value)


def test_types_that_json_lacks_become_text():
    assert compact(allow_nan=False)({"on": date(2026, 1, 31)}) == '{"on":"2026-01-31"}'


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_json_lacks_are_refused_if_asked_for(number):
    with pytest.raises(ValueError):
        compact(allow_nan=False)([number])
    assert compact(allow_nan=True)([number]) == text_of([number])
