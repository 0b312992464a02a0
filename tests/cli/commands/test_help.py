"""coaia help: what it says is what the program does."""

import re

import pytest
from places import PACKAGE

from coaiapy import coaiacli
from coaiapy.cli import options
from coaiapy.config import schema as config_schema
from coaiapy.errors import ExitCode
from coaiapy.util import times

SOURCES = sorted(PACKAGE.rglob("*.py"))
READ_FROM_ENVIRONMENT = re.compile(
    r'"(LANGFUSE_[A-Z_]+|COAIAPY_[A-Z_]+|COAIA_ENV|COAIA_HOME|COAIA_DEBUG|NO_COLOR)"'
)


def test_without_words_it_shows_the_help_of_everything(run):
    assert run("help") == run("--help")
    assert "examples:" in run("help").out


@pytest.mark.parametrize("group", [group.name for group in coaiacli.GROUPS])
def test_the_help_of_a_group_is_that_of_its_parser(run, group):
    result = run("help", group)
    assert result == run(group, "--help")
    assert result.code == 0
    assert result.out.startswith("usage: coaia " + group)
    assert result.err == ""


def test_the_help_of_a_command_below_a_group(run):
    result = run("help", "env", "set")
    assert result == run("env", "set", "--help")
    assert "usage: coaia env set" in result.out


def test_exit_codes_are_all_explained(run):
    result = run("help", "exit-codes")
    assert result.code == 0
    numbers = [int(line.split()[0]) for line in result.out.splitlines()]
    assert numbers == sorted(int(code) for code in ExitCode)


def test_times_are_written_as_the_help_says(run):
    result = run("help", "times")
    forms = [line.split("  ")[0] for line in result.out.splitlines()]
    assert result.code == 0 and len(forms) == 10
    for form in forms[:6]:
        assert times.parse_time(form).startswith("2026-01-3"), form
    for form in forms[6:-1]:
        assert options.time(form) <= times.now(), form


def test_variables_are_those_that_the_code_reads(run):
    result = run("help", "variables")
    assert result.code == 0
    explained = {line.split()[0] for line in result.out.splitlines()} - {"COAIA_<NAME>"}
    settings = {name for key in config_schema.KEYS for name in key.all_variables}
    assert explained == set(names_in_sources()) | settings


def names_in_sources():
    for path in SOURCES:
        if path.name != "help.py":
            yield from READ_FROM_ENVIRONMENT.findall(path.read_text(encoding="utf-8"))


def test_an_unknown_word_is_a_usage_error(run):
    result = run("help", "pipelin")
    assert result.code == 2
    assert result.out == ""
    assert "pipelin" in result.err
    assert result.err.count("\n") == 1
