"""A command tree of which only the branch that the command line enters is built."""

import importlib
from typing import TYPE_CHECKING, Any, List, NamedTuple, Sequence, Tuple

if TYPE_CHECKING:
    from coaiapy.cli_common import Parser


class Branch(NamedTuple):
    """A word of the command line, and the ``module.function`` that adds what comes after it."""

    name: str
    build: str
    help: str
    aliases: Tuple[str, ...] = ()


class _Listed:
    """Stands for a command that is named in a help page and not entered."""

    def __init__(self, **options: Any) -> None:
        pass


def add_branches(
    parser: "Parser", branches: Sequence[Branch], words: List[str], start: int = 0
) -> None:
    """Add to ``parser`` the branch that ``words`` enter after ``start``, or else all names."""
    from coaiapy.cli_common import subcommands

    entered = words[command_place(words, start) :][:1]
    for branch in branches:
        if entered in ([name] for name in (branch.name,) + branch.aliases):
            built = _add(subcommands(parser), branch)
            module, _, function = branch.build.partition(".")
            getattr(importlib.import_module("coaiapy." + module), function)(built, words)
            return
    group = subcommands(parser, parser_class=_Listed)
    for branch in branches:
        _add(group, branch)


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
    from coaiapy.cli_common import sentence

    return group.add_parser(
        branch.name,
        aliases=list(branch.aliases),
        help=branch.help,
        description=sentence(branch.help),
    )
