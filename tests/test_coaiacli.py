"""The entry point: how every command line ends, whatever it asked for."""

import argparse
import io
import re
import subprocess
import sys

import pytest
from all_commands import ONLY_GROUPS, REAL_COMMANDS, example_lines, named, subparsers

import coaiapy
from coaiapy import coaiacli
from coaiapy.cli.parser import Context
from coaiapy.errors import (
    CoaiaError,
    ConfigError,
    ExitCode,
    NetworkError,
    NotFoundError,
    RefusedError,
    StateError,
    UsageError,
)

COAIA = [sys.executable, "-m", "coaiapy"]


def process(*words, **options):
    """Run ``coaia WORD...`` as a real process with the real streams."""
    options.setdefault("stdout", subprocess.PIPE)
    return subprocess.run(COAIA + list(words), stderr=subprocess.PIPE, timeout=200, **options)


def test_the_tree_is_all_there():
    found = {named(words) for words, _ in REAL_COMMANDS}
    assert {"pipeline create", "env set", "environment set", "fuse traces list"} <= found


@pytest.mark.parametrize(
    "words, parser", REAL_COMMANDS, ids=[named(words) for words, _ in REAL_COMMANDS]
)
def test_every_command_has_a_help_text_with_an_example(run, words, parser):
    result = run(*(words + ["--help"]))
    assert result.code == 0
    assert result.err == ""
    assert result.out.startswith("usage: ")
    assert parser.description and parser.description.endswith(".")
    examples = list(example_lines(parser.epilog or ""))
    assert examples, "coaia {} has no example".format(named(words))
    for line in examples:
        coaiacli.build_parser(line).parse_args(line)


@pytest.mark.parametrize("words", ONLY_GROUPS, ids=named)
def test_a_group_without_a_subcommand_prints_its_help(run, words):
    result = run(*words)
    assert result == run(*(words + ["--help"]))
    assert (result.code, result.err) == (0, "")
    assert "commands:" in result.out
    epilog = re.split(r"^examples?:$", result.out, flags=re.MULTILINE)[1]
    for line in example_lines(epilog):
        coaiacli.build_parser(line).parse_args(line)


def test_only_a_command_that_occurs_in_the_line_gets_a_parser():
    line = "fuse traces create list".split()  # "list" is an id here, but could be a command
    group = coaiacli.build_parser(line)
    for word in line[:2]:
        group = subparsers(group)[word]
    known = subparsers(group)
    built = {name for name, parser in known.items() if isinstance(parser, argparse.ArgumentParser)}
    assert built == {"create", "list"}
    assert {"trace-view", "tv", "delete"} <= set(known), "help and completion name them all"


def test_no_words_at_all_print_the_help(run):
    assert run() == run("--help")
    assert run("--help").out.startswith("usage: coaia")


def test_version(run):
    assert run("--version").out == "coaia {}\n".format(coaiapy.__version__)


@pytest.mark.parametrize(
    "words",
    [
        ("--versio",),
        ("--he",),
        ("env", "list", "--js"),
        ("env", "get"),
        ("nonsense",),
        ("pipeline", "nonsense"),
        ("fuse", "traces", "nonsense"),
        ("env", "get", "A", "B"),
        ("--env",),
    ],
)
def test_a_wrong_command_line_is_one_line_on_stderr(run, words):
    result = run(*words)
    assert result.code == 2
    assert result.out == ""
    assert result.err.startswith("coaia: ")
    assert result.err.count("\n") == 1
    assert "--help" in result.err


@pytest.mark.parametrize(
    "line, expected",
    [
        ("fuse prompts create p --type chat X", {"name": "p", "type": "chat", "content": "X"}),
        ("fuse prompts create --type chat p X", {"name": "p", "type": "chat", "content": "X"}),
        ("fuse prompts create p X --tags a b", {"content": "X", "tags": ["a", "b"]}),
        ("fuse prompts create p --tags a -- --X", {"content": "--X", "tags": ["a"]}),
        ("fuse prompts list --json p", {"json": True, "name": "p"}),
        ("fuse prompts labels p --json 3 x", {"name": "p", "version": 3, "labels": ["x"]}),
        ("fuse prompts labels p 3 --json x", {"name": "p", "version": 3, "labels": ["x"]}),
        ("fuse prompts labels p 3 x --json y", {"version": 3, "labels": ["x", "y"]}),
        ("fuse prompts check DIR --label x p", {"folder": "DIR", "label": "x", "names": ["p"]}),
        ("fuse traces add-observation obA -ts mt1", {"ids": ["obA", "mt1"], "type": "SPAN"}),
        ("fuse traces add-observation -ts obA -n N t", {"ids": ["obA", "t"], "name": "N"}),
        ("fuse traces create -u john t", {"trace_id": "t", "user_id": "john"}),
        ("fuse traces patch-output t --json -5", {"trace_id": "t", "output": "-5"}),
        ("fuse outbox drop 1 --yes 2", {"rows": [1, 2], "yes": True}),
        ("fuse scc presets install A --json B", {"presets": ["A", "B"], "json": True}),
        ("p TAG -O file TEXT", {"tag": "TAG", "output": "file", "text": "TEXT"}),
        ("tash KEY -T 60 VALUE", {"key": "KEY", "ttl": 60, "value": "VALUE"}),
        ("gh issues get --json o/r#1", {"json": True, "reference": "o/r#1"}),
    ],
)
def test_arguments_may_stand_on_either_side_of_options(line, expected):
    args = vars(coaiacli.build_parser(line.split()).parse_args(line.split()))
    assert {name: args[name] for name in expected} == expected


@pytest.fixture
def failing(monkeypatch):
    """Make ``coaia help`` end with an error of our choice."""

    def fail_with(error):
        def handler(args, context):
            context.say("data")
            raise error

        def build(parser, words):
            parser.set_defaults(handler=handler)

        monkeypatch.setattr("coaiapy.cli.commands.help.build", build)

    return fail_with


@pytest.mark.parametrize(
    "error, code",
    [
        (CoaiaError("no good"), 1),
        (NotFoundError("no good"), 1),
        (UsageError("no good"), 2),
        (ConfigError("no good"), 3),
        (NetworkError("no good"), 4),
        (RefusedError("no good"), 5),
        (StateError("no good"), 6),
    ],
)
def test_every_error_has_its_exit_code_and_one_sentence(run, failing, error, code):
    failing(error)
    assert run("help") == (code, "data\n", "coaia: no good\n")


def test_too_little_memory_is_named(run, failing):
    failing(MemoryError())
    code, _, err = run("help")
    assert (code, err) == (
        1,
        "coaia: there is not enough memory for this: give less at once\n",
    )


def test_an_unforeseen_error_is_a_sentence_too(run, failing):
    failing(ZeroDivisionError("by zero"))
    code, _, err = run("help")
    assert code == 1
    assert (
        err
        == "coaia: unexpected ZeroDivisionError: by zero (add --debug to see where it happened)\n"
    )


@pytest.mark.parametrize("words", [("--debug", "help"), ("help", "--debug")])
def test_debug_shows_the_traceback_before_the_sentence(run, failing, words):
    failing(StateError("no good"))
    code, out, err = run(*words)
    assert (code, out) == (6, "data\n")
    assert err.startswith("Traceback (most recent call last):\n")
    assert err.endswith("\ncoaia: no good\n")


@pytest.mark.parametrize("value, shown", [("1", True), ("0", False), ("", False)])
def test_debug_can_be_asked_for_by_the_environment(run, failing, monkeypatch, value, shown):
    monkeypatch.setenv("COAIA_DEBUG", value)
    failing(StateError("no good"))
    assert ("Traceback" in run("help").err) is shown


def test_debug_after_two_dashes_is_an_argument(run):
    assert run("env", "set", "--", "KEY", "--debug").code == 0
    assert run("env", "get", "KEY").out == "--debug\n"


def test_an_interruption_is_130(run, failing):
    failing(KeyboardInterrupt())
    assert run("help") == (130, "data\n", "coaia: interrupted\n")


def test_an_argument_that_is_not_utf8_is_refused():
    result = process("env", "set", "KEY", b"\xff")
    assert result.returncode == 2
    assert result.stderr.startswith(b"coaia: an argument is not UTF-8 text")
    assert result.stderr.count(b"\n") == 1


def test_words_come_from_the_command_line_by_default(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["coaia", "--version"])
    assert coaiacli.main() == 0
    assert capsys.readouterr().out == "coaia {}\n".format(coaiapy.__version__)


def test_the_command_changes_no_words_of_its_caller():
    words = ["--debug", "--version"]
    coaiacli.main(words, Context(io.StringIO(), io.StringIO(), io.StringIO()))
    assert words == ["--debug", "--version"]


def test_exit_codes_are_plain_numbers_to_a_shell():
    assert process("--version").returncode == int(ExitCode.OK)
    assert process("nonsense").returncode == int(ExitCode.USAGE)


@pytest.mark.parametrize("words", ["env list", [1, 2], ["env", None]])
def test_what_is_no_list_of_texts_is_a_sentence(capsys, words):
    assert coaiacli.main(words) == 2
    assert "a command line is a list of texts" in capsys.readouterr().err
