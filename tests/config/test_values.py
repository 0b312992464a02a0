"""A setting's value: the strongest place that gives one, in the type it should have."""

import json
import os

import pytest

from coaiapy.config import values as config_values
from coaiapy.config.values import ConfigValues, Layer
from coaiapy.errors import ConfigError


def test_the_stronger_place_wins(home, project, monkeypatch):
    (home / "coaia.json").write_text('{"github": {"api_token": "home", "base_url": "h"}}')
    values = config_values.load()
    assert values.get("github.api_token") == "home"
    (project / "coaia.json").write_text('{"github": {"api_token": "project"}}')
    assert config_values.load().get("github.api_token") == "project"
    assert config_values.load().get("github.base_url") == "h"
    (project / ".env").write_text("GITHUB_TOKEN=dotenv\n")
    assert config_values.load().get("github.api_token") == "dotenv"
    monkeypatch.setenv("GITHUB_TOKEN", "os")
    found = config_values.load().found("github.api_token")
    assert (found.value, found.source) == ("os", "GITHUB_TOKEN in OS environment")
    monkeypatch.setenv("GITHUB_TOKEN", "")
    assert config_values.load().get("github.api_token") == "dotenv"


def test_a_variable_counts_in_lower_case_and_in_coaia_json_too(project):
    (project / "coaia.json").write_text('{"OPENAI_API_KEY": "a", "gh_token": "b"}')
    assert config_values.load().get("openai_api_key") == "a"
    assert config_values.load().get("github.api_token") == "b"


def test_another_env_file(project):
    (project / "other").write_text("OPENAI_API_KEY=x\n")
    found = config_values.load("other").found("openai_api_key")
    assert found.source == "OPENAI_API_KEY in other"


def test_a_pipe_in_place_of_the_env_file_is_told_once(run, project):
    os.mkfifo(str(project / ".env"))
    told = "coaia: .env is not read, because it is a pipe or a device\n"
    result = run("config", "show")
    assert result.code == 0 and result.err.count(told) == 1
    named = run("--env", ".env", "config", "show")
    assert (named.code, named.err) == (6, "coaia: cannot read .env: it is a pipe and not a file\n")
    (project / ".env").unlink()
    (project / ".env").mkdir()
    assert "not read" not in run("config", "show").err


@pytest.mark.parametrize(
    "content, said",
    [
        (b"# caf\xe9\nNAME='\xe9'\nOPENAI_API_KEY=x # \xe9\n", ""),
        (b"OPENAI_API_KEY=\xe9\n", "coaia: .env line 1 is not UTF-8 text: correct it\n"),
        (b'{"A": "\xe9"}', "coaia: .env is not UTF-8 text (line 1, byte 7): save it as UTF-8\n"),
        (
            "A=1".encode("utf-16"),
            "coaia: .env is not UTF-8 text (line 1, byte 0): save it as UTF-8\n",
        ),
    ],
)
def test_other_programs_may_write_what_is_not_utf8(run, project, content, said):
    (project / ".env").write_bytes(content)
    assert run("fuse", "traces", "--quiet").err == said
    if not said:
        assert config_values.load().get("openai_api_key") == "x"
        assert config_values.skipped() == [2]


def test_a_fallback_counts_where_no_place_gives_the_setting(home, monkeypatch):
    monkeypatch.setenv("GITHUB_SHA", "commit")
    found = config_values.load().found("langfuse_release")
    assert found.source == "GITHUB_SHA in OS environment"
    (home / "coaia.json").write_text('{"langfuse_release": "v1"}')
    assert config_values.load().get("langfuse_release") == "v1"


@pytest.mark.parametrize("name", ["LANGFUSE_TIMEOUT", "REDIS_TIMEOUT", "OPENAI_TIMEOUT"])
@pytest.mark.parametrize("seconds, is_good", [("0", False), ("0.001", True), ("86400", False)])
def test_a_time_to_wait_is_above_0_and_below_a_day(run, monkeypatch, name, seconds, is_good):
    monkeypatch.setenv(name, seconds)
    result = run("config", "check", "--json")
    said = "{} '{}' is not a number of seconds".format(name, seconds)
    assert result.code == (0 if is_good else 3)
    assert (said in result.out) is not is_good


@pytest.mark.parametrize(
    "name, value",
    [
        ("jtaleconf.port", "x"),
        ("jtaleconf.port", 1.5),
        ("jtaleconf.port", True),
        ("jtaleconf.port", -1),
        ("jtaleconf.port", [1]),
        ("jtaleconf.ssl", "maybe"),
        ("jtaleconf.ssl", 2),
        ("jtaleconf.timeout", "nan"),
        ("jtaleconf.timeout", "inf"),
        ("jtaleconf.timeout", {}),
        ("model", 4),
        ("model", ["gpt"]),
    ],
)
def test_a_wrong_type_names_its_place(project, name, value):
    (project / "coaia.json").write_text(json.dumps(nested(name, value)))
    with pytest.raises(ConfigError) as caught:
        config_values.load().get(name)
    assert name in str(caught.value)
    assert "coaia.json" in str(caught.value)


def nested(name, value):
    for step in reversed(name.split(".")):
        value = {step: value}
    return value


def test_a_wrong_secret_is_not_shown(project):
    (project / "coaia.json").write_text('{"openai_api_key": ["sk-secret"]}')
    with pytest.raises(ConfigError) as caught:
        config_values.load().get("openai_api_key")
    assert "sk-secret" not in str(caught.value)


@pytest.mark.parametrize(
    "text, meaning", [("true", True), ("YES", True), ("0", False), ("off", False)]
)
def test_switches(monkeypatch, text, meaning):
    monkeypatch.setenv("REDIS_SSL", text)
    assert config_values.load().get("jtaleconf.ssl") is meaning


def test_nothing_at_all():
    assert ConfigValues([]).found("model") is None
    layers = [Layer("x", {"jtaleconf": "no object"}, True)]
    assert ConfigValues(layers).found("jtaleconf.host") is None
