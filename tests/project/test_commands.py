"""Commands are made in one way, and an option is written once."""

import ast

from package_code import MODULES, tree


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
