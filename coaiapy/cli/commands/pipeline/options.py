"""The options for the variables of a template, and what may be written for them."""

import argparse
from typing import Any, Dict, List, Optional, Sequence

from coaiapy.cli.options import add_id
from coaiapy.cli.parser import Parser
from coaiapy.errors import UsageError

_VAR = "--var"


def take_variables(parser: Parser) -> None:
    """Let ``parser`` take variables in all the ways that people write them."""
    parser.meant = lambda left, words: _meant_variable(parser, left, words)
    parser.joined = lambda words: joined_variables(words, parser._option_string_actions)


def joined_variables(words: List[str], known: Any = ()) -> List[str]:
    """Return ``words`` with each ``--var KEY VALUE`` and ``--var KEY=VALUE`` as one word.

    A value may look like an option, but must not be one of ``known``.
    """
    joined: List[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            return joined + [word] + rest
        if word == _VAR and rest and rest[0] not in known:
            word += "=" + rest.pop(0)
        is_key_alone = word.startswith(_VAR + "=") and "=" not in word[len(_VAR) + 1 :]
        if is_key_alone and rest and rest[0] not in known:
            word += "=" + rest.pop(0)
        joined.append(word)
    return joined


def _meant_variable(parser: Parser, left: Sequence[str], words: Sequence[str]) -> str:
    """A person may forget ``--var``: ``--model a`` and ``model=a`` are meant as variables."""
    from shlex import quote

    option = parser.meant_option(left, words)
    name, equals, value = left[0].partition("=")
    if option or not (equals or name.startswith("--")):
        return option
    following = words[words.index(left[0]) + 1 :][:1]
    if not equals:
        value = "VALUE" if not following or following[0].startswith("-") else following[0]
    variable = "{}={}".format(name.lstrip("-").replace("-", "_"), quote(value))
    return " (to set a template variable, use --var {})".format(variable)


def add_variable_options(parser: Parser, nargs: Optional[str] = None) -> None:
    """Add the template, its variables, and the ids of the trace; ``nargs`` is for the template."""
    add_variables(parser, nargs)
    add_id(parser, "trace", type=str, help="id of the trace (default: a new id)")
    add_id(parser, "session", help="session that the trace belongs to")
    add_id(parser, "user", help="user that the trace belongs to")


def add_variables(parser: Parser, nargs: Optional[str] = None) -> None:
    """Add the template and its variables."""
    parser.add_argument("template", metavar="TEMPLATE", nargs=nargs)
    parser.add_argument(
        _VAR,
        dest="variables",
        action="append",
        default=[],
        type=_variable,
        metavar="KEY=VALUE",
        help="set a template variable (or: --var KEY VALUE); repeatable",
    )


def _variable(text: str) -> List[str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise argparse.ArgumentTypeError("{!r} is not KEY=VALUE".format(text))
    return [name.strip(), value]


def given_variables(args: argparse.Namespace) -> Dict[str, Any]:
    """Return the variables that the command line gives; ``UsageError`` if it gives one twice."""
    variables = dict(args.variables)
    for name, value in (("user_id", args.user_id), ("session_id", args.session_id)):
        if value is not None and variables.get(name, value) != value:
            raise UsageError(
                "--{} says {!r}, but --var {} says {!r}: give only one of them".format(
                    name.replace("_", "-"), value, name, variables[name]
                )
            )
        if value is not None:
            variables[name] = value
    return variables
