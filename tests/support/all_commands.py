"""Every command of the tree, with its parser."""

import argparse
import re
import shlex

from coaiapy import coaiacli


def commands(words=()):
    """Yield the words and the parser of every command of the tree."""
    parser = coaiacli.build_parser(list(words))
    for word in words:
        parser = subparsers(parser)[word]
    yield list(words), parser
    for name in sorted(subparsers(parser)):
        yield from commands(tuple(words) + (name,))


def subparsers(parser):
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return action.choices
    return {}


def named(words):
    return " ".join(words)


TREE = list(commands())
ONLY_GROUPS = [
    words
    for words, parser in TREE
    if parser.get_default("handler").__name__ == "print_help" and words
]
REAL_COMMANDS = [
    (words, parser)
    for words, parser in TREE
    if words and parser.get_default("handler").__name__ != "print_help"
]


def example_lines(epilog):
    """The words of every ``coaia ...`` in an epilog, as a shell would split them."""
    for line in epilog.splitlines():
        for part in re.split(r"[|;]|&&|\$\(|\)", line):
            words = shlex.split(part.split(" <")[0].split(" >")[0]) if "coaia " in part else []
            if words[:1] == ["coaia"]:
                yield words[1:]
