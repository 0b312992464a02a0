"""``coaia env run``: starts a command with the variables of an environment."""

import argparse
from typing import List, Optional

from coaiapy.cli.commands.env.listing import add_dotenv
from coaiapy.cli.options import add_words
from coaiapy.cli.parser import Parser, as_command
from coaiapy.cli.streams import Context, flush
from coaiapy.env import command_environment
from coaiapy.env.places import chosen
from coaiapy.errors import NotFoundError, UsageError

_USAGE = "coaia env run [options] -- COMMAND [ARG ...]"


def add_cascade(parser: Parser) -> None:
    """Add the options that say which files of the project are read together."""
    parser.add_argument(
        "--name",
        metavar="ENVIRONMENT",
        help="environment to read over .coaia-env (default: COAIA_ENV)",
    )
    add_dotenv(parser)


def build(parser: Parser, words: List[str]) -> None:
    """Give ``parser`` what follows ``coaia env run``."""
    add_words(parser, _USAGE)
    add_cascade(parser)
    parser.add_argument(
        "--override",
        action="store_true",
        help="let the files replace variables that this shell has (default: the shell's count)",
    )
    as_command(
        parser,
        run,
        """coaia env run -- make test
        coaia env run --name production -- python serve.py
        COAIA_ENV=staging coaia env run --dotenv -- npm start""",
        local=True,
    )


def run(args: argparse.Namespace, context: Context) -> int:
    """Run the command with the environment, and return its exit code."""
    if not args.command:
        raise UsageError("the command is missing: " + _USAGE)
    from coaiapy.running.system import check_system

    check_system()
    from coaiapy.running.child import NotStartedError
    from coaiapy.running.launch import die_of_interrupt, run_unrecorded

    given = command_environment.for_command(_name(args, context), args.dotenv, args.override)
    for sentence in given.remarks:
        context.warn(sentence)
    if args.name and given.hidden:
        said = "taken from this shell and not from the files: {} (--override turns that around)"
        context.note(said.format(", ".join(given.hidden)))
    for stream in (context.stdout, context.stderr):
        flush(stream)
    try:
        ended = run_unrecorded(args.command, given.environment)
    except NotStartedError as error:
        context.warn(str(error))
        return error.code
    if ended.interrupted:
        die_of_interrupt(ended.interrupted)
    return ended.code


def _name(args: argparse.Namespace, context: Context) -> Optional[str]:
    """Return the environment to read; one that is named has to exist."""
    if args.name is not None:
        command_environment.check_any(args.name, args.dotenv)
        return str(args.name)
    name = chosen()
    if name:
        try:
            command_environment.check_any(name, args.dotenv)
        except NotFoundError as error:
            context.note("COAIA_ENV: {}".format(error))
    return name
