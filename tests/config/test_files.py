"""coaia.json: found where it was always looked for, and laid over each other without surprises."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coaiapy.config import files as config_files
from coaiapy.config import settings
from coaiapy.errors import ConfigError


def put(path, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(values), encoding="utf-8")


def test_the_project_is_laid_over_the_home_key_by_key(home, project):
    put(home / "coaia.json", {"jtaleconf": {"host": "a", "port": 1}, "model": "home"})
    put(project / "coaia.json", {"jtaleconf": {"host": "b"}})
    assert config_files.merged() == {"jtaleconf": {"host": "b", "port": 1}, "model": "home"}


def test_what_is_left_empty_hides_nothing(home, project):
    put(home / "coaia.json", {"langfuse_public_key": "pk", "langfuse_secret_key": "sk"})
    put(project / "coaia.json", {"langfuse_public_key": "", "langfuse_secret_key": None})
    assert settings.load().public_key == "pk"


def test_one_file_in_home_and_project_at_once_is_read_once(home, monkeypatch):
    monkeypatch.chdir(str(home))
    put(home / "coaia.json", {"model": "a"})
    assert config_files.found() == [config_files.home_path()]


@pytest.mark.parametrize("place", [".config/jgwill", "Documents"])
def test_older_places_count_only_where_there_is_nothing_else(home, project, place):
    put(home / place / "coaia.json", {"model": "older"})
    assert config_files.merged() == {"model": "older"}
    put(home / "coaia.json", {"a": 1})
    assert config_files.merged() == {"a": 1}


@pytest.mark.parametrize(
    "place", ["../../etc", "../shared/etc", "../etc", "..", "../config", "etc"]
)
def test_folders_around_the_project_are_not_looked_into(home, project, monkeypatch, place):
    inner = project / "a" / "b"
    inner.mkdir(parents=True)
    monkeypatch.chdir(str(inner))
    put(inner / place / "coaia.json", {"model": "around"})
    assert config_files.find_existing() is None
    assert config_files.merged() == {}


def test_nothing_anywhere_is_no_error(home):
    assert config_files.find_existing() is None
    assert config_files.merged() == {}


@pytest.mark.parametrize("text", ["{", "[]", "NaN", '{"a": 1,}'])
def test_a_broken_file_is_named(project, text):
    (project / "coaia.json").write_text(text)
    with pytest.raises(ConfigError, match="coaia.json"):
        config_files.merged()


@pytest.mark.parametrize("text", ['{"a": 1, "a": 2}', '{"jtaleconf": {"host": "x", "host": "y"}}'])
def test_a_key_that_occurs_twice_is_an_error(project, text):
    (project / "coaia.json").write_text(text)
    with pytest.raises(ConfigError, match="coaia.json: the key .* occurs twice: keep one"):
        config_files.merged()


OBJECTS = st.recursive(
    st.integers() | st.text(),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
).filter(lambda value: isinstance(value, dict))


@given(OBJECTS, OBJECTS)
def test_merging_keeps_every_key_and_the_stronger_value(base, override):
    merged = config_files.merge(base, override)
    assert set(merged) == set(base) | set(override)
    for key, value in override.items():
        if not (isinstance(value, dict) and isinstance(base.get(key), dict)):
            assert merged[key] == value
    assert config_files.merge(base, {}) == base
    assert config_files.merge(merged, override) == merged
