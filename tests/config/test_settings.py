"""Settings: which of their places wins, and what is said about a mistake."""

import json

import pytest

from coaiapy.config.schema import KEY_OF
from coaiapy.config.settings import LOCAL, load
from coaiapy.errors import ConfigError, StateError

DEFAULT_BASE_URL = "https://cloud.langfuse.com"
BUILD_SERVICES = KEY_OF["langfuse_release"].fallbacks


def write_json(folder, **values):
    (folder / "coaia.json").write_text(json.dumps(values))


def write_keys(path, name):
    path.write_text("LANGFUSE_PUBLIC_KEY=pk-{0}\nLANGFUSE_SECRET_KEY=sk-{0}\n".format(name))


def test_without_anything_it_is_local():
    known = load()
    assert known.is_local
    assert (known.public_key, known.base_url, known.timeout) == ("", DEFAULT_BASE_URL, 5.0)
    assert known.keep_days == 30.0


def test_each_place_beats_the_next(home, project, monkeypatch):
    write_json(home, langfuse_public_key="pk-home", langfuse_secret_key="sk-home")
    assert load().public_key == "pk-home"
    write_json(project, langfuse_public_key="pk-json", langfuse_secret_key="sk-json")
    assert load().public_key == "pk-json"
    write_keys(project / ".env", "dotenv")
    assert load().public_key == "pk-dotenv"
    monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", "pk-os")
    monkeypatch.setenv("LANGFUSE_SECRET_KEY", "sk-os")
    assert (load().public_key, load().secret_key) == ("pk-os", "sk-os")


@pytest.mark.parametrize("half, value", [("PUBLIC", "pk-os"), ("SECRET", "sk-os")])
def test_half_a_pair_does_not_replace_that_of_another(home, monkeypatch, half, value):
    write_json(home, langfuse_public_key="pk-home", langfuse_secret_key="sk-home")
    monkeypatch.setenv("LANGFUSE_{}_KEY".format(half), value)
    with pytest.raises(ConfigError, match="LANGFUSE_{}_KEY in OS environment".format(half)):
        load()


def test_a_pair_may_stand_in_two_places(home, monkeypatch):
    write_json(home, langfuse_public_key="pk-home")
    monkeypatch.setenv("LANGFUSE_SECRET_KEY", "sk-os")
    assert (load().public_key, load().secret_key) == ("pk-home", "sk-os")
    write_json(home, langfuse_public_key="pk-home", langfuse_secret_key="sk-os")
    assert (load().public_key, load().secret_key) == ("pk-home", "sk-os")


def test_a_named_file_stands_for_dot_env(project, monkeypatch):
    for name in (".env", "named", "option"):
        write_keys(project / name, name)
    monkeypatch.setenv("COAIAPY_ENV_PATH", "named")
    assert load().public_key == "pk-named"
    assert load("option").public_key == "pk-option"


@pytest.mark.parametrize("blank", ["", "   "])
def test_an_empty_variable_counts_as_unset(project, monkeypatch, blank):
    write_keys(project / ".env", "dotenv")
    monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", blank)
    monkeypatch.setenv("LANGFUSE_BASE_URL", blank)
    assert load().public_key == "pk-dotenv"
    assert load().base_url == DEFAULT_BASE_URL


def test_a_stronger_place_wins_whatever_the_name_of_its_setting(home, project, monkeypatch):
    write_json(home, LANGFUSE_BASE_URL="https://home")
    assert load().base_url == "https://home"
    (project / ".env").write_text("LANGFUSE_BASE_URL=https://dotenv/\n")
    assert load().base_url == "https://dotenv"
    monkeypatch.setenv("LANGFUSE_HOST", "https://os-host")
    assert load().base_url == "https://os-host"
    monkeypatch.setenv("LANGFUSE_BASE_URL", "https://os-url")
    assert load().base_url == "https://os-url"


def test_the_settings_file_may_be_json_and_may_belong_to_others_too(project):
    (project / "keys").write_text('{"LANGFUSE_PUBLIC_KEY": "pk", "LANGFUSE_SECRET_KEY": "sk"}')
    assert load("keys").public_key == "pk"
    (project / ".env").write_text("my-app.port=80\nexport LANGFUSE_HOST='https://h' # ours\n")
    assert load().base_url == "https://h"


@pytest.mark.parametrize(
    "there, missing",
    [
        ("LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY"),
        ("LANGFUSE_SECRET_KEY", "LANGFUSE_PUBLIC_KEY"),
    ],
)
def test_one_key_alone_is_a_mistake(run, monkeypatch, there, missing):
    monkeypatch.setenv(there, "secret-value")
    for words in (["list"], ["create", "x"], ["tv", "x"], ["add-observations", "x"]):
        result = run("fuse", "traces", *words)
        assert result.code == 3, words
        assert "{} is set but {} is not".format(there, missing) in result.err
        assert "secret-value" not in result.err and result.err.count("\n") == 1


def test_local_on_purpose_needs_no_keys_and_heeds_none(monkeypatch):
    monkeypatch.setenv("LANGFUSE_BASE_URL", "Local")
    assert load().base_url == LOCAL and load().is_local
    monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", "pk")
    assert load().is_local
    monkeypatch.setenv("LANGFUSE_SECRET_KEY", "sk")
    assert load().is_local


@pytest.mark.parametrize(
    "name, value, reason",
    [
        ("LANGFUSE_BASE_URL", "cloud.langfuse.com", "is not an http"),
        ("LANGFUSE_BASE_URL", "https://", "is not an http"),
        ("LANGFUSE_TIMEOUT", "soon", "is not a number of seconds"),
        ("LANGFUSE_TIMEOUT", "nan", "is not a number of seconds"),
        ("LANGFUSE_TIMEOUT", "-1", "is not a number of seconds"),
        ("LANGFUSE_TIMEOUT", "0", "is not a number of seconds above 0"),
        ("LANGFUSE_TRACING_ENVIRONMENT", "Prod uction", "is not a name that Langfuse accepts"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(run, monkeypatch, name, value, reason):
    monkeypatch.setenv(name, value)
    result = run("fuse", "traces")
    assert result.code == 3 and reason in result.err


def test_a_settings_file_that_is_named_and_missing_is_an_error(run, monkeypatch):
    result = run("--env", "nowhere", "fuse", "traces")
    assert result.code == 6 and "nowhere does not exist" in result.err
    monkeypatch.setenv("COAIAPY_ENV_PATH", "nowhere/.env")
    result = run("fuse", "traces")
    assert result.code == 6 and "nowhere/.env does not exist" in result.err


def test_a_password_in_an_address_is_not_repeated(monkeypatch):
    monkeypatch.setenv("LANGFUSE_BASE_URL", "ftp://user:hunter2@host")
    with pytest.raises(ConfigError) as caught:
        load()
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("text", ["{", "[1]", '{"a": NaN}', "[" * 100000, ""])
def test_a_broken_coaia_json_is_named(project, text):
    (project / "coaia.json").write_text(text)
    with pytest.raises(ConfigError, match="coaia.json"):
        load()


def test_a_broken_dot_env_is_named_with_its_line(project):
    (project / ".env").write_text("A=1\nLANGFUSE_SECRET_KEY='open\n")
    with pytest.raises(StateError, match=".env line 2"):
        load()


@pytest.fixture
def no_build_service(monkeypatch):
    for name in BUILD_SERVICES:
        monkeypatch.delenv(name, raising=False)


def test_the_release_is_the_given_one_or_else_the_commit_of_a_build_service(
    no_build_service, project, monkeypatch
):
    assert load().release is None
    monkeypatch.setenv("GITHUB_SHA", "abc")
    assert load().release == "abc"
    write_json(project, langfuse_release="v1")
    assert load().release == "v1"
    (project / ".env").write_text("LANGFUSE_RELEASE=v2\n")
    assert load().release == "v2"
    monkeypatch.setenv("LANGFUSE_RELEASE", "v3")
    assert load().release == "v3"


def test_config_show_and_doctor_tell_what_counts(run, no_build_service, project, monkeypatch):
    monkeypatch.setenv("GITHUB_SHA", "abc")
    monkeypatch.setenv("LANGFUSE_TIMEOUT", "2.5")
    (project / ".env").write_text("LANGFUSE_HOST=https://dotenv\n")
    write_json(project, langfuse_base_url="https://json", langfuse_tracing_environment="prod")
    known = load()
    rows = {row["key"]: row for row in json.loads(run("config", "show", "--json").out)}
    facts = json.loads(run("fuse", "doctor", "--json").out)["verdicts"][0]["facts"]
    for name, source, value in [
        ("langfuse_release", "GITHUB_SHA in OS environment", known.release),
        ("langfuse_base_url", "LANGFUSE_HOST in .env", known.base_url),
        ("langfuse_timeout", "LANGFUSE_TIMEOUT in OS environment", str(known.timeout)),
        (
            "langfuse_tracing_environment",
            "langfuse_tracing_environment in coaia.json",
            known.environment,
        ),
    ]:
        variable, place = source.split(" in ")
        assert (rows[name]["value"], rows[name]["source"]) == (value, source)
        assert facts[variable.upper()] == {"value": value, "from": place}


@pytest.mark.parametrize("days", ["a month", -1, True, "nan", [30]])
def test_a_time_to_keep_records_that_makes_no_sense_is_said_before_any_is_written(
    run, project, days
):
    write_json(project, journal_keep_days=days)
    result = run("fuse", "traces", "create", "a-trace")
    assert (result.code, result.err.count("\n")) == (3, 1)
    assert "journal_keep_days" in result.err and "coaia.json" in result.err
    write_json(project)
    assert "a-trace" not in run("fuse", "traces", "list").out


@pytest.mark.parametrize("days", [0, 7, 365.5])
def test_the_time_to_keep_records_is_a_setting(run, project, days):
    write_json(project, journal_keep_days=days)
    assert load().keep_days == days
    assert run("config", "check").code == 0
    assert "journal_keep_days" not in run("config", "check").out


FOREIGN = [
    "DEBUG",
    "export PATH",
    "HOST: db",
    "; a comment of another tool",
    "[section]",
    "A='open",
    "LANGFUSE_SECRET_KEY",
    "if [ -f x ]; then",
    "= value",
]


@pytest.mark.parametrize("line", FOREIGN)
def test_a_line_of_another_tool_in_dot_env_is_skipped_and_told_by_the_check(project, run, line):
    (project / ".env").write_text("LANGFUSE_TIMEOUT=3\n{}\n{}\nA=1\n".format(line, line))
    assert load().timeout == 3
    checked = run("config", "check")
    assert checked.code == 0 and "line 2 and 1 more" in checked.out + checked.err
    assert "skipped" not in run("tash", "k", "v").err


@pytest.mark.parametrize(
    "line",
    [
        "LANGFUSE_PUBLIC_KEY: pk",
        "export LANGFUSE_SECRET_KEY='sk",
        'langfuse_host="http://h',
        "GH_TOKEN x",
    ],
)
def test_a_line_that_seems_to_set_a_setting_is_not_skipped(project, line):
    (project / ".env").write_text("A=1\n{}\n".format(line))
    with pytest.raises(StateError, match="[.]env line 2 is not KEY=VALUE"):
        load()


@pytest.mark.parametrize("value", ["${LF_SK}", "sk-${LF_SK}", "${LF_SK:-sk-1}", "${LF_SK?missing}"])
def test_a_setting_that_refers_to_a_variable_is_named(project, run, value):
    text = "LF_SK=sk-test\nLANGFUSE_SECRET_KEY={}\nLANGFUSE_PUBLIC_KEY=pk-test\n".format(value)
    (project / ".env").write_text(text)
    for words in (("config", "check"), ("fuse", "traces")):
        result = run(*words)
        said = result.out + result.err
        assert result.code == 3 and "LANGFUSE_SECRET_KEY refers to the variable LF_SK" in said


def test_what_only_looks_like_a_reference_is_a_value(project):
    (project / ".env").write_text("LANGFUSE_RELEASE='v1$X ${Y'\n")
    assert load().release == "v1$X ${Y"


@pytest.mark.parametrize("value", ["false", "0", "0.0", "off"])
def test_with_tracing_turned_off_nothing_is_sent_and_that_is_said(use, run, monkeypatch, value):
    server = use("v3")
    monkeypatch.setenv("LANGFUSE_TRACING_ENABLED", value)
    written = run("fuse", "traces", "create", "off-1", "-n", "off")
    assert written.code == 0 and "LANGFUSE_TRACING_ENABLED is false" in written.err
    assert run("fuse", "scores", "apply", "--trace-id", "off-1", "-n", "q").code == 0
    assert "off-1" in run("fuse", "traces").out
    assert run("fuse", "prompts", "list").code == 0
    assert run("fuse", "traces", "create", "x", "--require-delivery").code == 3
    monkeypatch.delenv("LANGFUSE_TRACING_ENABLED")
    assert run("fuse", "traces", "create", "on-1").code == 0
    assert set(server.traces()) == {"on-1"}
    assert run("fuse", "outbox", "flush", "--adopt").code == 0
    assert "off-1" in run("fuse", "traces", "--json").out


def test_a_sample_rate_is_told_to_be_unused(run, monkeypatch):
    monkeypatch.setenv("LANGFUSE_SAMPLE_RATE", "0.1")
    checked = run("config", "check")
    assert checked.code == 0 and "LANGFUSE_SAMPLE_RATE is not used" in checked.out + checked.err
