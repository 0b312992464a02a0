"""``coaia fuse doctor``: settings, journal, server and outbox, one verdict a line."""

import argparse
from typing import List

from coaiapy import doctor
from coaiapy.cli_arguments import add_json, print_json
from coaiapy.cli_common import Context, example_text

_WIDTH = len("credentials")


def build(parser: argparse.ArgumentParser, words: List[str]) -> None:
    """Make ``parser`` the command."""
    parser.epilog = example_text("coaia fuse doctor\ncoaia fuse doctor --json")
    parser.set_defaults(handler=examine)
    add_json(parser)


def examine(args: argparse.Namespace, context: Context) -> int:
    """Show the verdicts; the exit code is the worst one's."""
    verdicts = doctor.examine(context.env_file)
    code = doctor.exit_code(verdicts)
    if args.json:
        found = [dict(verdict._asdict(), code=int(verdict.code)) for verdict in verdicts]
        print_json(context, {"verdicts": found, "exit_code": int(code)})
        return code
    for verdict in verdicts:
        context.say("{:<7}  {:<{}}  {}".format(verdict.state, verdict.check, _WIDTH, verdict.text))
    return code
