"""Texts for people: hints, control characters, front matter, numbers and yes or no."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coaiapy.config import values as config_values
from coaiapy.config.keys import checked
from coaiapy.config.schema import KEY_OF
from coaiapy.errors import ConfigError
from coaiapy.langfuse.prompts.files import parse
from coaiapy.langfuse.scores import values as score_values
from coaiapy.llm.tags import need
from coaiapy.templating.document import convert
from coaiapy.util import text as texts
from coaiapy.util.text import did_you_mean, front_matter, one_line, visible

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


@pytest.mark.parametrize(
    "text, heading, content",
    [
        ("---\na: 1\n---\nSay.\n", "a: 1\n", "Say.\n"),
        ("--- \na: 1\n---\t\nSay.", "a: 1\n", "Say."),
        ("---\n---\nSay.\n---\nTwice.\n", "", "Say.\n---\nTwice.\n"),
        ("---\na: 1\n---", "a: 1\n", ""),
        ("---\na: 1\n----\n b\n---\n", "a: 1\n----\n b\n", ""),
    ],
)
def test_front_matter_is_what_stands_between_the_first_two_fences(text, heading, content):
    front = front_matter(text)
    assert (front.heading, front.content) == (heading, content)


@pytest.mark.parametrize(
    "text", ["", "Say.", "---", "---\n", "---\na: 1\n", "\n---\n---\n", "----\n---\n"]
)
def test_a_text_without_two_fences_has_none(text):
    assert front_matter(text) is None


@given(st.text("-\n a:", max_size=40))
def test_the_parts_are_the_whole_text(text):
    front = front_matter(text)
    assert front is None or "".join(front) == text


TEXT = "--- \n{}---\nSay it.\n---\nTwice.\n"


def test_a_tag_and_a_prompt_are_divided_alike(project):
    tags = project / ".coaia" / "tags"
    tags.mkdir(parents=True)
    for heading in ("", "# nothing more\n"):
        text = TEXT.format(heading)
        (tags / "tone.md").write_text(text, encoding="utf-8")
        assert need("tone", {}).instruction == "Say it.\n---\nTwice."
        assert parse(text, "tone.md").content == "Say it.\n---\nTwice."


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
    assert isinstance(texts.number(text), type(number))


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
    assert texts.number(10**400) is None
    with pytest.raises(ValueError, match="must be a number"):
        convert(10**400, "number")


@given(st.booleans() | st.none() | st.lists(st.integers()) | st.binary())
def test_other_values_spell_no_number(value):
    assert texts.number(value) is None
    assert texts.truth(value) is (value if isinstance(value, bool) else None)


@given(st.integers(min_value=0, max_value=10**18 - 1))
def test_plain_digits_are_a_number(number):
    assert texts.whole_number(str(number)) == number
    assert texts.whole_number("0" + str(number)[:17]) == int(str(number)[:17])


@given(st.text())
def test_no_text_is_too_strange(text):
    number = texts.whole_number(text)
    assert number is None or str(number) == text.lstrip("0") or number == 0


@pytest.mark.parametrize("text", ["", "²", "٣", "-1", "+1", "1.0", "1 ", "1\n", "1_0", "9" * 19])
def test_anything_else_is_none(text):
    assert texts.whole_number(text) is None


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


def test_a_strange_width_of_the_terminal_is_ignored(run, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    usual = run("env", "--help")
    for columns in ("²", "-5", "0", "wide", "9" * 5000):
        monkeypatch.setenv("COLUMNS", columns)
        assert run("env", "--help") == usual
