"""Numbers and yes or no: the same words mean the same in settings, template variables and scores."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coaiapy import config_values, score_values, spelled_values
from coaiapy.config_schema import KEY_OF, checked
from coaiapy.errors import ConfigError
from coaiapy.template_values import convert


@pytest.mark.parametrize(
    "text, meaning",
    [(word, True) for word in ("true", "YES", " on ", "1")]
    + [(word, False) for word in ("False", "no", "OFF", "0")],
)
def test_a_word_for_yes_or_no_means_the_same_everywhere(monkeypatch, text, meaning):
    monkeypatch.setenv("REDIS_SSL", text)
    assert config_values.load().get("jtaleconf.ssl") is meaning
    assert convert(text, "boolean") is meaning
    assert score_values.accepted({"dataType": "BOOLEAN"}, text).plain is meaning


@pytest.mark.parametrize("text", ["y", "maybe", "", "2", "1.0", "wahr"])
def test_any_other_word_is_refused_everywhere(monkeypatch, text):
    monkeypatch.setenv("REDIS_SSL", text or "-")
    with pytest.raises(ConfigError, match="is not true or false"):
        config_values.load().get("jtaleconf.ssl")
    with pytest.raises(ValueError, match="must be true or false"):
        convert(text, "boolean")
    assert not score_values.validate_score_value({"dataType": "BOOLEAN"}, text)[0]


@pytest.mark.parametrize(
    "text, number",
    [
        ("3", 3),
        (" 3 ", 3),
        ("+3", 3),
        ("007", 7),
        ("0.5", 0.5),
        (".5", 0.5),
        ("1.", 1.0),
        ("1E3", 1e3),
    ],
)
def test_a_number_is_read_the_same_everywhere(text, number):
    assert checked(KEY_OF["default_temperature"], text) == number
    assert convert(text, "number") == number
    assert score_values.accepted({"dataType": "NUMERIC"}, text).plain == number
    assert isinstance(spelled_values.number(text), type(number))


@pytest.mark.parametrize(
    "text", ["", "x", "1_000", "nan", "inf", "1e999", "0x10", "1,5", "٣", "9" * 401, "9" * 400]
)
def test_what_is_no_number_is_refused_everywhere(text):
    with pytest.raises(ValueError, match="is not a number"):
        checked(KEY_OF["default_temperature"], text)
    with pytest.raises(ValueError, match="must be a number"):
        convert(text, "number")
    assert not score_values.validate_score_value({"dataType": "NUMERIC"}, text)[0]


def test_a_number_too_large_for_a_float_is_refused_too():
    assert spelled_values.number(10**400) is None
    with pytest.raises(ValueError, match="must be a number"):
        convert(10**400, "number")


@given(st.booleans() | st.none() | st.lists(st.integers()) | st.binary())
def test_other_values_spell_no_number(value):
    assert spelled_values.number(value) is None
    assert spelled_values.truth(value) is (value if isinstance(value, bool) else None)
