"""A command tree of which only the branch that the command line enters is built."""

import importlib
from typing import TYPE_CHECKING, Any, List, NamedTuple, Sequence, Tuple

if TYPE_CHECKING:
    from coaiapy.cli.parser import Parser


class Branch(NamedTuple):
    """A word of the command line, and the ``module.function`` below ``coaiapy/cli/`` that adds what comes after it."""

    name: str
    build: str
    help: str
    aliases: Tuple[str, ...] = ()


def add_branches(
    parser: "Parser", branches: Sequence[Branch], words: List[str], example: str, start: int = 0
) -> None:
    """Add to ``parser`` the branch that ``words`` enter after ``start``, or else all names.

    ``example`` is one or more command lines for its help.
    """
    from coaiapy.cli.parser import subcommands

    entered = words[command_place(words, start) :][:1]
    for branch in branches:
        if entered in ([name] for name in (branch.name,) + branch.aliases):
            _build(branch, _add(subcommands(parser, words, example), branch), words)
            return
    group = subcommands(parser, [], example)
    for branch in branches:
        _add(group, branch)
    parser.elsewhere = lambda word: _below(parser.prog, branches, word)


def add_commands(group: Any, commands: Sequence[Branch], words: List[str]) -> None:
    """Add commands to a group's subparsers; only those that occur in ``words`` are built."""
    for command in commands:
        parser = _add(group, command)
        if not {command.name}.union(command.aliases).isdisjoint(words):
            _build(command, parser, words)


def _build(branch: Branch, parser: "Parser", words: List[str]) -> None:
    module, _, function = branch.build.rpartition(".")
    getattr(importlib.import_module("coaiapy.cli." + module), function)(parser, words)


def _below(prog: str, branches: Sequence[Branch], word: str) -> List[str]:
    """Return the whole commands that ``word`` is below the branches, or with an s at its end.

    One that is nearer to the top hides those below it.
    """
    from coaiapy.cli.parser import Parser

    found = []
    for branch in branches:
        parser = Parser(prog="{} {}".format(prog, branch.name))
        _build(branch, parser, [branch.name])
        groups = parser._subparsers._group_actions if parser._subparsers else []
        known = {name for group in groups for name in group.choices or ()}
        here = [name for name in (word, word + "s") if name in known][:1]
        found += ["{} {}".format(parser.prog, name) for name in here] or parser.elsewhere(word)
    return found


def command_place(words: List[str], start: int = 0) -> int:
    """Return where the next command stands, or the wish for help instead of one."""
    place = start
    while place < len(words):
        word = words[place]
        if not word.startswith("-") or word in ("-h", "--help"):
            break
        place += 2 if word == "--env" else 1
    return place


def _add(group: Any, branch: Branch) -> Any:
    from coaiapy.cli.parser import add_word

    return add_word(group, branch.name, branch.help, branch.aliases)
