"""Prompts whose variables and placeholders are replaced by values."""

import pytest

from coaiapy.errors import UsageError
from coaiapy.langfuse.prompts.compiled import compiled, missing, variables_of

CHAT = [
    {"role": "system", "content": "Answer in {{ language }}."},
    {"type": "placeholder", "name": "history"},
    {"role": "user", "content": "{{question}} in {{language}}"},
]


def test_the_names_in_a_prompt():
    assert variables_of('{{a}} {{ b_c.d }} {{a}} {{"json": 1}} {{}} { {e} }') == ["a", "b_c.d"]
    assert variables_of(CHAT) == ["language", "history", "question"]
    assert missing(CHAT, {"language": "", "history": None}) == ["history", "question"]


def test_values_are_put_in_once():
    values = {"a": "{{b}}", "b": {"n": 1}, "c": 2}
    assert compiled("{{a}} {{b}} {{ c }} {{\\d}}", values) == '{{b}} {"n": 1} 2 {{\\d}}'


def test_a_chat_becomes_messages():
    said = [{"role": "user", "content": "{{x}}"}, {"role": "assistant", "content": "y"}]
    values = {"language": "French", "history": said, "question": "Why"}
    assert compiled(CHAT, values) == [
        {"role": "system", "content": "Answer in French."},
        *said,
        {"role": "user", "content": "Why in French"},
    ]


@pytest.mark.parametrize("history", ["text", [1], [{"content": "no role"}]])
def test_a_placeholder_takes_messages_only(history):
    with pytest.raises(UsageError, match="placeholder 'history' needs a list of messages"):
        compiled(CHAT, {"language": "x", "history": history, "question": "y"})


def test_what_is_missing_is_named():
    with pytest.raises(UsageError, match="needs a value for history, question"):
        compiled(CHAT, {"language": "French"})
