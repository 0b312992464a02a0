"""Front matter is read the same way in tags and prompts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coaiapy.langfuse.prompts.files import parse
from coaiapy.llm.tags import need
from coaiapy.util.text.front_matter import front_matter


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
