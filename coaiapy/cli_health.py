"""``coaia fuse health``: does the server answer, and which version is it?"""

import argparse
from typing import List

from coaiapy.cli_arguments import add_json
from coaiapy.cli_common import add_timeout, example_text
from coaiapy.cli_output import print_json
from coaiapy.cli_streams import Context
from coaiapy.cli_views import show_fields
from coaiapy.config import settings
from coaiapy.langfuse.client import server as servers


def build(parser: argparse.ArgumentParser, words: List[str]) -> None:
    """Make ``parser`` the command."""
    parser.epilog = example_text("coaia fuse health --json")
    add_timeout(parser)
    parser.set_defaults(handler=show_health)
    add_json(parser)


def show_health(args: argparse.Namespace, context: Context) -> None:
    """Show what the server says of itself."""
    found = servers.check_health(settings.load(context.env_file))
    if args.json:
        return print_json(context, found)
    show_fields(context, found)
