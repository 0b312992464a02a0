"""``coaia env init``: creates an environment file, empty, or with what the project's schema asks for."""

import argparse
from typing import Dict, List, Mapping

from coaiapy import environment
from coaiapy.cli.commands.env.listing import (
    add_format,
    add_place,
    add_schema,
    note_format,
    path_of,
)
from coaiapy.cli.commands.env.notes import note_ignored
from coaiapy.cli.input import read_answer
from coaiapy.cli.parser import Parser, as_command
from coaiapy.cli.streams import Context, is_terminal
from coaiapy.env import changes
from coaiapy.env.schema.rules import Rule
from coaiapy.errors import UsageError


def build(parser: Parser, words: List[str]) -> None:
    """Give ``parser`` what follows ``coaia env init``."""
    add_place(parser)
    add_format(parser)
    parser.add_argument(
        "--force", action="store_true", help="replace an existing file and lose its variables"
    )
    parser.add_argument(
        "--from-schema",
        action="store_true",
        help="ask for the variables of the schema, or fill in its defaults where nobody can answer",
    )
    add_schema(parser)
    as_command(
        parser,
        init,
        """coaia env init
        coaia env init --global
        coaia env init --name dev --format env
        coaia env init --name production --from-schema""",
        local=True,
    )


def init(args: argparse.Namespace, context: Context) -> None:
    """Make an environment file, or complete the one that is there."""
    path = path_of(args)
    if args.schema and not args.from_schema:
        raise UsageError("--schema is for --from-schema: add it")
    start = None
    if args.from_schema:
        start = _initial(args, context, {} if args.force else environment.stored_in(path))
    existed = environment.init(
        path,
        args.name,
        args.location or "project",
        start,
        args.format or "json",
        args.force,
    )
    if existed and not args.force:
        context.note("{} already exists and keeps its values (--force replaces it)".format(path))
        note_format(args, path, context)
    else:
        context.note("created {}".format(path))
    if args.location != "global":
        note_ignored(context, changes.keep_keys_out_of_git(path))


def _initial(
    args: argparse.Namespace, context: Context, known: Mapping[str, str]
) -> Dict[str, str]:
    """Return the values for a new environment: asked for on a terminal, else the defaults.

    What is ``known`` is not asked again. A required variable without a value is left empty.
    """
    from coaiapy.cli.commands.env.schema import right_schema

    rules = [one for one in right_schema(args.schema).rules.values() if not known.get(one.name)]
    asks = is_terminal(context.stdin)
    values, left = {}, []
    for rule in rules:
        needed = rule.is_needed(args.name)
        value = _answer(rule, needed, context) if asks else rule.default or ""
        if value or needed:
            values[rule.name] = value
        left += [rule.name] if needed and not value else []
    if left:
        context.note("left empty, to be filled in: {}".format(", ".join(left)))
    return values


def _answer(rule: Rule, is_needed: bool, context: Context) -> str:
    """Ask for a value until it is right; an empty answer takes the default, or none."""
    from coaiapy.checks.environments import complaints_with_pattern

    about = [rule.description] if rule.description else []
    about += ["one of " + ", ".join(rule.enum)] if rule.enum else []
    about += [] if is_needed else ["optional"]
    if about:
        context.note("{}: {}".format(rule.name, "; ".join(about)))
    shown = " [{}]".format(rule.default) if rule.default and not rule.is_secret else ""
    while True:
        answer = read_answer("{}{}: ".format(rule.name, shown), rule.is_secret, context)
        if not answer:
            return rule.default or ""
        complaints = complaints_with_pattern(rule, answer)
        if not complaints:
            return answer
        for said in complaints:
            context.warn("this {}".format(said))
