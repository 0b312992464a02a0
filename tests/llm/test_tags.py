"""Process tags: where they are found, what their files may say."""

import pytest

from coaiapy.errors import ConfigError, NotFoundError, UsageError
from coaiapy.llm import tags as process_tags

SETTINGS = {"tone_instruction": "from the settings", "tone_temperature": "0.6"}


def write(folder, name, text):
    tags = folder / ".coaia" / "tags"
    tags.mkdir(parents=True, exist_ok=True)
    (tags / name).write_text(text, encoding="utf-8")


def test_the_project_comes_before_the_settings_and_these_before_the_user(home, project):
    write(home, "tone.md", "from the user")
    assert process_tags.need("tone", {}).instruction == "from the user"
    assert process_tags.need("tone", SETTINGS).instruction == "from the settings"
    write(project, "tone.md", "from the project")
    assert process_tags.need("tone", SETTINGS).instruction == "from the project"


def test_a_file_may_say_more(project):
    write(project, "tone.md", '---\nmodel: "big"\ntemperature: 0\ndescription: d: e\n---\n\nSay.\n')
    tag = process_tags.need("tone", SETTINGS)
    assert tag[:2] == ("tone", "Say.")
    assert (tag.model, tag.temperature, tag.description) == ("big", 0, "d: e")


def test_a_file_without_a_temperature_has_that_of_the_settings(project):
    write(project, "tone.txt", "Say --- it.\n---\nTwice.")
    tag = process_tags.need("tone", SETTINGS)
    assert tag.instruction == "Say --- it.\n---\nTwice."
    assert tag.temperature == 0.6


@pytest.mark.parametrize(
    "text, words",
    [
        ("", "no instruction"),
        ("---\ntemperature: 1\n---\n", "no instruction"),
        ("---\ntemperature: warm\n---\nSay.", "'warm' is not a number from 0 to 2"),
        ("---\ntemprature: 1\n---\nSay.", "'temprature: 1' is not one of"),
    ],
)
def test_a_broken_file_is_not_passed_over(project, text, words):
    write(project, "tone.md", text)
    with pytest.raises(ConfigError, match=words):
        process_tags.need("tone", SETTINGS)


@pytest.mark.parametrize(
    "config", [{"tone_instruction": ["list"]}, dict(SETTINGS, tone_temperature=True)]
)
def test_broken_settings_are_named(config):
    with pytest.raises(ConfigError, match="tone_.*coaia.json"):
        process_tags.need("tone", config)


@pytest.mark.parametrize("name", ["", "../x", "/etc/passwd", "a/b", ".hidden", "a" * 200, "x\n"])
def test_a_name_cannot_leave_the_folder(name):
    with pytest.raises(UsageError):
        process_tags.find(name, {})


def test_what_is_missing_is_said_with_a_suggestion():
    with pytest.raises(NotFoundError, match="tone"):
        process_tags.need("tune", SETTINGS)
