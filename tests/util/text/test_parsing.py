"""Numbers and yes or no are read the same way everywhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coaiapy.config import values as config_values
from coaiapy.config.keys import checked
from coaiapy.config.schema import KEY_OF
from coaiapy.errors import ConfigError
from coaiapy.langfuse.scores import values as score_values
from coaiapy.templating.document import convert
from coaiapy.util.text import parsing


@pytest.mark.parametrize(
    "text, meaning",
    [(word, True) for word in ("true", "YES", " on ", "1", "1.0", " 1.")]
    + [(word, False) for word in ("False", "no", "OFF", "0", "0.0", "-0.0")],
)
def test_a_word_for_yes_or_no_means_the_same_everywhere(monkeypatch, text, meaning):
    monkeypatch.setenv("REDIS_SSL", text)
    assert config_values.load().get("jtaleconf.ssl") is meaning
    assert convert(text, "boolean") is meaning
    assert score_values.accepted({"dataType": "BOOLEAN"}, text).plain is meaning


@pytest.mark.parametrize("text", ["y", "maybe", "", "2", "1.5", "wahr"])
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
    assert isinstance(parsing.number(text), type(number))


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
    assert parsing.number(10**400) is None
    with pytest.raises(ValueError, match="must be a number"):
        convert(10**400, "number")


@given(st.booleans() | st.none() | st.lists(st.integers()) | st.binary())
def test_other_values_spell_no_number(value):
    assert parsing.number(value) is None
    assert parsing.truth(value) is (value if isinstance(value, bool) else None)


@given(st.integers(min_value=0, max_value=10**18 - 1))
def test_plain_digits_are_a_number(number):
    assert parsing.whole_number(str(number)) == number
    assert parsing.whole_number("0" + str(number)[:17]) == int(str(number)[:17])


@given(st.text())
def test_no_text_is_too_strange(text):
    number = parsing.whole_number(text)
    assert number is None or str(number) == text.lstrip("0") or number == 0


@pytest.mark.parametrize("text", ["", "²", "٣", "-1", "+1", "1.0", "1 ", "1\n", "1_0", "9" * 19])
def test_anything_else_is_none(text):
    assert parsing.whole_number(text) is None


@pytest.mark.parametrize("digit", ["²", "9" * 5000])
@pytest.mark.parametrize(
    "words, code",
    [
        ("fuse traces list-observations --cursor DIGIT", 2),
        ("tash key value -T DIGIT", 2),
        ("fuse score-configs import configs.json --select DIGIT", 2),
        ("fuse comments list --prompt x@DIGIT", 4),
        ("gh issues get me/mine#DIGIT", 2),
    ],
)
def test_a_digit_that_is_no_number_is_one_sentence(
    run, project, monkeypatch, short_waits, words, code, digit
):
    (project / "configs.json").write_text('[{"name": "good", "dataType": "BOOLEAN"}]')
    if "comments" in words:
        for name in ("PUBLIC_KEY", "SECRET_KEY"):
            monkeypatch.setenv("LANGFUSE_" + name, "key")
        monkeypatch.setenv("LANGFUSE_BASE_URL", "http://127.0.0.1:1")
    result = run(*words.replace("DIGIT", digit).split())
    assert (result.code, result.out) == (code, "")
    assert "unexpected" not in result.err and result.err.count("\n") == 1
