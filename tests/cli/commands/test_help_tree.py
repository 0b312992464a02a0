"""The commands as data: coaia help --json says what the parsers say, for programs and agents."""

import argparse
import json

import pytest
from all_commands import REAL_COMMANDS, TREE, named

from coaiapy import coaiacli
from coaiapy.cli.commands import help
from coaiapy.errors import ExitCode

WHOLE = help.command(coaiacli.build_parser)
BY_NAME = {one["name"]: one for one in help.flat(WHOLE)}


def test_the_whole_tree_is_one_json_object(run):
    code, out, err = run("help", "--json")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert found["version"] and set(found["topics"]) == {
        "exit-codes",
        "times",
        "timeouts",
        "variables",
    }
    assert [one["code"] for one in found["exit_codes"]] == sorted(int(code) for code in ExitCode)
    assert all(one["meaning"] for one in found["exit_codes"])
    assert found["commands"] == WHOLE["commands"], "it is JSON all through"


def test_a_part_of_the_tree_can_be_asked_for(run):
    found = json.loads(run("help", "--json", "fuse", "scores", "delete").out)
    assert found == BY_NAME["coaia fuse scores delete"]
    assert found["usage"].startswith("coaia fuse scores delete ")
    assert found["usage"].endswith(" SCORE_ID...")
    assert found["operands"][0]["repeatable"] and found["operands"][0]["required"]
    code, out, err = run("help", "--json", "nonsense")
    assert (code, out) == (2, "") and "unknown command 'nonsense'" in json.loads(err)["error"]


def test_an_option_says_all_that_a_program_needs():
    options = {one["names"][-1]: one for one in BY_NAME["coaia fuse traces list"]["options"]}
    assert options["--limit"] == {
        "names": ["--limit"],
        "value": "LIMIT",
        "required": False,
        "repeatable": False,
        "type": "integer above 0",
        "choices": [],
        "default": "50",
        "help": "list at most this many (default: 50)",
    }
    assert options["--tag"]["repeatable"] and options["--json"]["type"] == "flag"
    assert "timestamp.desc" in options["--order"]["choices"]
    assert options["--json"]["value"] is None


@pytest.mark.parametrize("words, parser", REAL_COMMANDS, ids=[named(w) for w, _ in REAL_COMMANDS])
def test_every_command_is_there_with_all_that_its_parser_takes(words, parser):
    found = help.command(coaiacli.build_parser, words)
    assert found["examples"] and found["help"] and found["usage"].startswith(found["name"])
    shown = [one for one in parser._actions if one.help != argparse.SUPPRESS]
    names = {name for one in shown for name in one.option_strings} - {"-h", "--help"}
    assert names == {name for one in found["options"] for name in one["names"]}
    places = [one for one in shown if not one.option_strings and one.nargs != argparse.PARSER]
    assert len(places) == len(found["operands"])
    for place in places:
        assert str(place.metavar or place.dest.upper()) in found["usage"]


@pytest.mark.parametrize("words, parser", TREE, ids=[named(words) for words, _ in TREE])
def test_the_usage_line_of_the_help_names_every_operand(run, words, parser):
    usage = " ".join(run(*(words + ["--help"])).out.split("\n\n")[0].split())
    for action in parser._actions:
        if not action.option_strings and not isinstance(action, argparse._SubParsersAction):
            assert str(action.metavar or action.dest.upper()) in usage
        elif action.required and action.option_strings:
            assert action.option_strings[0] in usage
