"""``coaia env check``, ``docs`` and ``init --from-schema`` as a person and CI use them."""

import io
import json
import os

import pytest
from terminal import Terminal

from coaiapy.cli.parser import Context
from coaiapy.coaiacli import main

SCHEMA = {
    "required": ["PORT", "NAME"],
    "properties": {
        "PORT": {"type": "integer", "default": 8000, "description": "of the server"},
        "NAME": {"pattern": "^[a-z]+$"},
        "API_KEY": {"secret": True},
    },
}


@pytest.mark.parametrize("name", [".coaia-env.schema.json", ".env.example"])
def test_a_pipe_or_device_as_schema_of_a_project_is_refused_at_once(run, project, name):
    os.mkfifo(name)
    for kind in ("a pipe", "a device"):
        found = run("env", "check")
        assert found.code == 6 and kind in found.err
        os.unlink(name)
        os.symlink("/dev/zero", name)


@pytest.fixture
def schema(project):
    (project / ".coaia-env.schema.json").write_text(json.dumps(SCHEMA, indent=2))


def test_problems_end_with_2_in_every_form(run, project, schema):
    (project / ".coaia-env").write_text("PORT=x\nNAME=n\n")
    found = run("env", "check")
    assert found.code == 2 and found.out.startswith(
        ".coaia-env:1:1: PORT: 'x' is not a whole number"
    )
    assert json.loads(run("env", "check", "--json").out)[0]["rule"] == "wrong-type"
    assert run("env", "check", "--format", "github").out.startswith(
        "::error file=.coaia-env,line=1"
    )
    assert json.loads(run("env", "check", "--format", "sarif").out)["runs"][0]["results"]
    (project / ".coaia-env").write_text("PORT=1\nNAME=n\n")
    found = run("env", "check")
    assert (found.code, found.out) == (0, "") and "nothing breaks" in found.err


def test_the_environment_is_that_of_the_name_or_the_variable(run, project, schema, monkeypatch):
    (project / ".coaia-env.dev").write_text("PORT=1\nNAME=n\n")
    assert run("env", "check").code == 2
    assert run("env", "check", "--name", "dev").code == 0
    monkeypatch.setenv("COAIA_ENV", "dev")
    assert run("env", "check").code == 0


def test_an_example_speaks_of_dotenv_files(run, project):
    (project / ".env.example").write_text("# @type=port\nPORT=\n")
    assert run("env", "check").code == 2
    (project / ".env").write_text("PORT=80\n")
    assert run("env", "check").code == 0
    assert "PORT" in run("env", "docs").out


def test_without_a_schema_the_names_of_the_files_are_said(run):
    for word in ("check", "docs"):
        found = run("env", word)
        assert found.code == 1 and ".coaia-env.schema.json or .env.example" in found.err
    assert run("env", "init", "--from-schema").code == 1
    assert run("env", "init", "--schema", "x").code == 2


def test_a_wrong_schema_is_2(run, project, schema):
    (project / ".coaia-env.schema.json").write_text('{"properties": {"A": {"oneOf": []}}}')
    assert run("env", "check").code == 2
    for words in (("docs",), ("init", "--from-schema")):
        found = run("env", *words)
        assert found.code == 2 and "A.oneOf no such field" in found.err


def test_a_schema_is_no_environment(run, project, schema):
    run("env", "init")
    assert run("env", "list").code == 0 and "schema" not in run("env", "list").out
    assert run("trust", "--yes").code == 0
    assert run("env", "set", "A", "1", "--name", "schema.json").code == 2


def test_docs_go_to_a_file(run, project, schema):
    assert run("env", "docs", "-o", "V.md").code == 0
    assert (project / "V.md").read_text().splitlines()[2].startswith("| ` PORT ` | a whole number")


def test_init_fills_in_the_defaults_where_nobody_can_answer(run, project, schema):
    found = run("env", "init", "--from-schema", "--name", "dev")
    assert found.code == 0 and "to be filled in: NAME" in found.err
    assert json.loads(run("env", "list", "--name", "dev", "--json").out) == {
        "PORT": "8000",
        "NAME": "",
    }
    run("env", "set", "PORT", "1", "--name", "dev")
    assert run("env", "init", "--from-schema", "--name", "dev").code == 0
    assert run("env", "get", "PORT", "--name", "dev").out == "1\n"


def test_init_asks_on_a_terminal_until_the_answer_is_right(project, schema, monkeypatch):
    monkeypatch.setattr("getpass.getpass", lambda prompt: "canary")
    typed = Terminal("none\n9\n\nN1\nname\n")
    err = io.StringIO()
    words = ["env", "init", "--from-schema", "--format", "env"]
    assert main(words, Context(typed, io.StringIO(), err)) == 0
    text = (project / ".coaia-env").read_text()
    assert 'PORT="9"' in text and "API_KEY" in text
    said = err.getvalue()
    assert "of the server" in said and "PORT [8000]: " in said and "canary" not in said
    assert "this is not a whole number" in said


@pytest.mark.parametrize(
    "words",
    [
        "list",
        "list --json",
        "list --csv",
        "list --name b",
        "list --explain LICENCE",
        "diff default b",
        "source",
        "source --name b --json",
    ],
)
def test_what_the_schema_calls_secret_is_masked_wherever_values_are_shown(run, project, words):
    (project / ".coaia-env.schema.json").write_text(
        json.dumps({"properties": {"LICENCE": {"secret": True}, "CITY": {}}})
    )
    (project / ".coaia-env").write_text("LICENCE=of-this-test\nCITY=Paris\n")
    (project / ".coaia-env.b").write_text("LICENCE=of-this-test-too\nCITY=Rome\n")
    found = run("env", *words.split())
    assert "****" in found.out and "of-this-test" not in found.out + found.err
    assert "CITY" not in found.out or "Paris" in found.out or "Rome" in found.out
    assert "of-this-test" in run("env", *words.split(), "--reveal").out


def test_an_example_says_what_is_masked_and_a_broken_schema_is_no_obstacle(run, project):
    (project / ".env.example").write_text("# @sensitive\nLICENCE=\n")
    (project / ".coaia-env").write_text("LICENCE=of-this-test\nCITY=Paris\n")
    found = run("env", "list")
    assert "of-this-test" not in found.out and "Paris" in found.out
    (project / ".coaia-env.schema.json").write_text("{")
    found = run("env", "list")
    assert found.code == 0 and "Paris" in found.out
