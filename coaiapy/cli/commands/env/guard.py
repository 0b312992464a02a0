"""``coaia env guard``: keeps private keys and plain secrets out of commits."""

import argparse
from typing import List

from coaiapy.cli.options import add_problem_format
from coaiapy.cli.parser import Parser, as_command
from coaiapy.cli.streams import Context


def build(parser: Parser, words: List[str]) -> None:
    """Give ``parser`` what follows ``coaia env guard``."""
    parser.add_argument(
        "files",
        metavar="FILE",
        nargs="*",
        help="files to check (default: what is staged in git)",
    )
    add_problem_format(parser)
    as_command(
        parser,
        guard,
        """coaia env guard
        coaia env guard .coaia-env .env coaia.json --format github""",
        local=True,
    )


def guard(args: argparse.Namespace, context: Context) -> int:
    """Print every secret and key that would be committed; 2 if there are any."""
    from coaiapy.checks import guard as guarding
    from coaiapy.cli.output import show_problems

    contents = guarding.named(args.files) if args.files else guarding.staged()
    found = guarding.problems(contents)
    if not found:
        context.note("no secret and no key in plain text")
    return show_problems(context, args.format, found, guarding.RULES)
