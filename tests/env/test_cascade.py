"""The files of a project that are read together, and which of their values counts."""

import json
import os

import pytest

from coaiapy import environment
from coaiapy.env import context
from coaiapy.env.cascade import find_all
from coaiapy.env.places import cascade_of
from coaiapy.errors import ConfigError, StateError, UsageError

OF_STAGING = [".coaia-env.staging.local", ".coaia-env.staging", ".coaia-env"]
DOTENV_OF_STAGING = [".env.staging.local", ".env.local", ".env.staging", ".env"]


@pytest.fixture
def write(project):
    def write(name, text="", **variables):
        (project / name).write_text(text or json.dumps(variables))

    return write


@pytest.mark.parametrize(
    "name, dotenv, paths",
    [
        (None, None, [".coaia-env"]),
        (None, True, [".coaia-env", ".env.local", ".env"]),
        ("staging", False, OF_STAGING),
        ("staging", True, OF_STAGING + DOTENV_OF_STAGING),
        ("staging.local", False, [".coaia-env.staging.local", ".coaia-env"]),
        (
            "test",
            True,
            [".coaia-env.test.local", ".coaia-env.test", ".coaia-env"]
            + [".env.test.local", ".env.test", ".env"],
        ),
        ("local", True, [".coaia-env.local", ".coaia-env", ".env.local", ".env"]),
    ],
)
def test_the_order_is_that_of_dotenv_tools(project, name, dotenv, paths):
    assert cascade_of(name, dotenv) == paths


def test_every_file_hides_those_behind_it(write, monkeypatch):
    monkeypatch.setenv("COAIA_ENV", "staging")
    monkeypatch.setenv("COAIA_DOTENV", "1")
    paths = OF_STAGING + DOTENV_OF_STAGING
    for place, path in enumerate(reversed(paths)):
        write(path, A=path, **{"ONLY_{}".format(place): "x"})
        assert find_all(["A"])["A"] == (path, path)
    assert len(environment.resolve_all(["ONLY_{}".format(i) for i in range(len(paths))])) == 7
    monkeypatch.setenv("A", "os")
    assert environment.find("A") == "os"


def test_the_variable_chooses_among_the_files_of_the_user_too(run, write, home, monkeypatch):
    for name, value in ((None, "1"), ("staging", "2")):
        words = ["--name", name] if name else []
        run("env", "set", "A", value, "--location", "global", *words)
        run("env", "set", "ONLY_" + value, value, "--location", "global", *words)
    assert environment.find("A") == "1"
    monkeypatch.setenv("COAIA_ENV", "staging")
    assert (environment.find("A"), environment.find("ONLY_1")) == ("2", "1")
    assert run("env", "run", "--name", "staging", "--", "sh", "-c", "exit $A").code == 2
    rows = json.loads(run("env", "list", "--explain", "A", "--json").out)
    assert [row["place"][-18:] for row in rows[-2:]] == ["global.env.staging", "/.coaia/global.env"]
    write(".coaia-env", B="3")
    found = json.loads(run("env", "diff", "default", "staging", "--json").out)
    assert [row["variable"] for row in found] == ["A", "ONLY_2"]
    write(".coaia-env", A="3")
    assert environment.find("A") == "3"


def test_without_the_variable_named_files_are_not_read(write):
    write(".coaia-env.staging", "{ broken")
    write(".env", "A=1")
    write(".coaia-env", B="2")
    assert environment.resolve("A") is None and environment.resolve("B") == "2"


def test_the_setting_may_be_in_a_settings_file_and_is_not_asked_for_without_need(write):
    write("coaia.json", "{ broken")
    write(".coaia-env", A="1")
    assert environment.resolve("A") == "1" and environment.resolve("B") is None
    write("coaia.json", json.dumps({"env": {"dotenv": True}}))
    write(".env", "B=2")
    assert environment.resolve("B") == "2"


@pytest.mark.parametrize("name", ["../x", "a/b", "x.lock", " "])
def test_a_name_that_is_none_is_said_with_the_variable(monkeypatch, name):
    monkeypatch.setenv("COAIA_ENV", name)
    with pytest.raises(ConfigError, match="COAIA_ENV '"):
        environment.resolve("A")
    with pytest.raises(UsageError):
        cascade_of(name)


def test_a_write_goes_where_it_always_goes(run, project, monkeypatch):
    monkeypatch.setenv("COAIA_ENV", "staging")
    run("env", "set", "A", "1")
    run("env", "init")
    environment.remember({"COAIA_TRACE_ID": "t"})
    assert [name for name in os.listdir(str(project)) if "env" in name] == [".coaia-env"]
    run("env", "set", "A", "2", "--name", "staging")
    assert run("env", "get", "A").out == "2\n"
    run("env", "unset", "A")
    assert json.loads((project / ".coaia-env.staging").read_text()) == {"A": "2"}


def test_a_name_that_is_given_is_that_file_alone(run, write, monkeypatch):
    write(".coaia-env", BASE="1")
    write(".coaia-env.staging", A="1")
    write(".coaia-env.staging.local", A="2")
    for variable in ("", "staging"):
        monkeypatch.setenv("COAIA_ENV", variable)
        assert run("env", "get", "A", "--name", "staging").out == "1\n"
        assert run("env", "get", "BASE", "--name", "staging").code == 1
        assert json.loads(run("env", "list", "--name", "staging", "--json").out) == {"A": "1"}
        assert run("env", "source", "--name", "staging", "--export").out == "export A='1';\n"
        assert run("env", "source", "--location", "project", "--export").out.count("\n") == 1
    assert run("env", "source", "--export").out == "export BASE='1';\nexport A='2';\n"


def test_ids_of_two_traces_are_not_mixed(write, monkeypatch):
    write(".coaia-env", COAIA_TRACE_ID="t1", COAIA_LAST_OBSERVATION_ID="o1", COAIA_USER_ID="ann")
    write(".coaia-env.monday", COAIA_TRACE_ID="t2")
    monkeypatch.setenv("COAIA_ENV", "monday")
    assert context.current_context() == {"COAIA_TRACE_ID": "t2", "COAIA_USER_ID": "ann"}


def test_what_other_programs_write_into_dotenv_files_does_not_disturb(write, monkeypatch):
    monkeypatch.setenv("COAIA_DOTENV", "1")
    text = "\ufeffexport A='1 2'\r\n# note\r\nBARE\r\nmy.name=x\r\nexport B\r\n=\r\nC=\"a\\nb\" # c\r\n"
    write(".env", text)
    assert environment.resolve_all(["A", "B", "C", "BARE"]) == {"A": "1 2", "C": "a\nb"}
    write(".env.local", "A=1\nB='open\n")
    assert environment.resolve("A") == "1"
    write(".coaia-env", "A=1\nBARE\n")
    with pytest.raises(StateError, match=".coaia-env line 2"):
        environment.resolve("A")
