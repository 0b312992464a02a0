"""Commands are made in one way, and an option is written once."""

import ast

import pytest
from package_code import MODULES, tree

pytestmark = pytest.mark.once


def calls(top, name):
    """Yield the calls of ``anything.name(...)`` and of ``name(...)``."""
    for node in ast.walk(top):
        if isinstance(node, ast.Call):
            if name in (getattr(node.func, "attr", ""), getattr(node.func, "id", "")):
                yield node


def makes_commands(top):
    """Tell whether code makes a parser of a word, or says which function runs a command."""
    given = [key.arg for call in calls(top, "set_defaults") for key in call.keywords]
    return "handler" in given or bool(list(calls(top, "add_parser")))


def test_commands_are_made_in_one_place():
    assert [name for name in MODULES if makes_commands(tree(name))] == ["cli.parser"]


def test_the_check_for_commands_knows_another_way():
    assert makes_commands(ast.parse('group.add_parser("list")'))
    assert makes_commands(ast.parse("parser.set_defaults(handler=show)"))
    assert not makes_commands(ast.parse('add_command(group, "list", show)'))


def options_of(top):
    """Yield each option that code adds, as a text: its names, and all that is said of it."""
    for call in calls(top, "add_argument"):
        names = [getattr(one, "value", getattr(one, "s", None)) for one in call.args]
        if call.keywords and all(isinstance(name, str) for name in names):
            if names and names[0].startswith("-"):
                told = sorted((key.arg or "", ast.dump(key.value)) for key in call.keywords)
                yield "{} {}".format(names, told)


def twice(found):
    return sorted({one for one in found if found.count(one) > 1})


def test_an_option_is_written_once():
    found = [one for name in MODULES if name[:4] == "cli." for one in options_of(tree(name))]
    assert len(found) > 50
    assert not twice(found)


def test_the_check_for_options_sees_the_same_one_in_another_order():
    again = 'a.add_argument("--id", metavar="ID", help="id")\nb.add_argument("--id", help="id", metavar="ID")'
    assert twice(list(options_of(ast.parse(again))))
    other = again.replace('help="id")\nb', 'help="another")\nb')
    assert not twice(list(options_of(ast.parse(other))))
