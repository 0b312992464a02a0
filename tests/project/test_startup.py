"""Importing costs nothing: a command loads what it needs and no third-party package besides."""

import json
import os
import subprocess
import sys

import pytest
from loaded_modules import loaded
from processes import COAIA, ROOT, environment

import coaiapy

# What even the standard library asks too much for, where an answer is expected at once.
SLOW = {"sqlite3", "ssl", "http", "urllib.request", "subprocess", "logging", "tempfile", "random"}
SLOW |= {"asyncio", "email", "uuid", "inspect", "dataclasses", "unittest", "pathlib", "csv"}
VERY_SLOW = SLOW | {"json", "datetime", "hashlib", "decimal"}

JINJA = {"jinja2", "markupsafe"}


@pytest.mark.parametrize("words", [("--version",), ("--help",), ("help", "exit-codes"), ("fuse",)])
def test_answers_about_the_program_load_next_to_nothing(tmp_path, words):
    modules, foreign = loaded(tmp_path, *words)
    assert foreign == set()
    assert modules & VERY_SLOW == set()
    assert "coaiapy.coaiacli" in modules


def test_getting_a_variable_loads_no_package(tmp_path, project):
    (project / ".coaia-env").write_text(json.dumps({"KEY": "value"}))
    modules, foreign = loaded(tmp_path, "env", "get", "KEY")
    assert foreign == set()
    assert modules & (SLOW | {"datetime"}) == set()


@pytest.mark.parametrize(
    "words",
    [
        ("env", "set", "KEY", "value"),
        ("env", "list"),
        ("pipeline", "list"),
        ("pipeline", "show", "data-pipeline"),
        ("pipeline", "create", "--help"),
        ("p", "--show", "summarizer"),
        ("summarize", "a text", "--dry-run"),
        ("transcribe", "--help"),
        ("synthesize", "--help"),
        ("tag", "--help"),
        ("fuse", "traces", "create", "a-trace", "--user", "john"),
        ("fuse", "traces", "list"),
        ("tash", "key", "value"),
        ("stash", "list"),
        ("init",),
        ("config", "show", "--json"),
        ("config", "check", "--online"),
    ],
)
def test_commands_that_need_no_package_load_none(tmp_path, words):
    _, foreign = loaded(tmp_path, *words)
    assert foreign == set()


def test_running_a_command_loads_what_starts_and_records_it_and_nothing_that_sends(tmp_path):
    modules, foreign = loaded(tmp_path, "run", "--", "true")
    assert foreign == set()
    assert modules & SLOW == {"sqlite3"}
    unneeded = {"hashlib", "shutil", "random", "ipaddress", "urllib.parse", "base64", "tty"}
    assert modules & unneeded == set()
    own = {name for name in modules if name.startswith("coaiapy.")}
    assert not {name for name in own if name.startswith(("coaiapy.llm", "coaiapy.util.http"))}
    assert not {name for name in own if "send" in name} - {
        "coaiapy.langfuse.send",
        "coaiapy.langfuse.send.outcome",
    }
    assert len(modules) < 150  # 3.6 loads some more than newer ones


def test_reading_the_journal_loads_nothing_that_writes_sends_or_asks_a_server(tmp_path):
    modules, foreign = loaded(tmp_path, "fuse", "traces", "search", "a text")
    own = {name for name in modules if name.startswith("coaiapy.")}
    unneeded = ("util.http", "langfuse.client", "langfuse.send", "langfuse.traces.traces")
    assert foreign == set()
    assert not {
        name for name in own if name.startswith(tuple("coaiapy." + one for one in unneeded))
    }
    commands = {name for name in own if name.startswith("coaiapy.cli.commands.fuse.traces.")}
    assert {name.rpartition(".")[2] for name in commands} == {
        "traces",
        "search",
        "filters",
        "pages",
    }


def test_a_pipeline_loads_the_template_language_alone(tmp_path):
    modules, foreign = loaded(tmp_path, "pipeline", "create", "data-pipeline")
    assert foreign == JINJA
    assert "sqlite3" in modules


def test_the_list_of_modules_sees_a_package(tmp_path, project):
    """A YAML file needs PyYAML: were it not seen here, the tests above would prove nothing."""
    (project / "batch.yaml").write_text("- name: one\n")
    words = ("fuse", "traces", "add-observations", "a-trace", "-f", "batch.yaml", "--dry-run")
    _, foreign = loaded(tmp_path, *words)
    assert "yaml" in foreign


@pytest.mark.parametrize("module", ["coaiapy", "coaiapy.coaiacli"])
def test_both_modules_are_the_command(module):
    output = subprocess.check_output([sys.executable, "-m", module, "--version"])
    assert output.decode("utf-8") == "coaia {}\n".format(coaiapy.__version__).replace(
        "\n", os.linesep
    )


def test_a_package_that_is_missing_when_something_is_sent_costs_a_sentence(tmp_path):
    (tmp_path / "requests.py").write_text("raise ImportError('no requests here')")
    more = {"LANGFUSE_PUBLIC_KEY": "pk", "LANGFUSE_SECRET_KEY": "sk"}
    variables = dict(environment(**more), PYTHONPATH=os.pathsep.join([str(tmp_path), ROOT]))
    ended = subprocess.run(
        COAIA + ["fuse", "traces", "create", "run"], env=variables, stderr=subprocess.PIPE
    )
    said = ended.stderr.decode("utf-8")
    assert ended.returncode == 3 and said.count("\n") == 1
    assert "needs the Python package requests" in said
    waiting = subprocess.check_output(COAIA + ["fuse", "outbox", "list", "--jsonl"], env=variables)
    assert waiting.count(b"\n") == 1
