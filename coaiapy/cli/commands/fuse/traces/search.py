"""``coaia fuse traces search``: traces that contain a text, with the place."""

import argparse
from typing import List

from coaiapy.cli import references
from coaiapy.cli.commands.fuse.traces.filters import add_filters, add_last, trace_filter
from coaiapy.cli.options import add_limit
from coaiapy.cli.output import add_listing_options, note_source, show_listing
from coaiapy.cli.parser import Parser, as_command
from coaiapy.cli.streams import Context
from coaiapy.config import settings
from coaiapy.langfuse.traces import reads
from coaiapy.langfuse.traces.display import SEARCH_COLUMNS, with_places


def build(parser: Parser, words: List[str]) -> None:
    """Give ``parser`` what follows ``coaia fuse traces search``."""
    as_command(
        parser,
        search,
        """coaia fuse traces search "connection refused"
        coaia fuse traces search refund --user-id john --last 7d --json""",
    )
    parser.add_argument(
        "text", metavar="TEXT", help="what to look for, without regard to upper and lower case"
    )
    add_filters(parser)
    add_last(parser)
    add_limit(parser)
    add_listing_options(parser)


def search(args: argparse.Namespace, context: Context) -> None:
    """Show the traces that contain the text, the latest first."""
    known = settings.load(context.env_file)
    found = references.read_some(
        lambda: reads.list_traces(
            known, trace_filter(args), args.limit, note=context.note, query=args.text
        ),
        args,
        context,
        known,
    )
    is_data = args.json or args.jsonl or args.csv
    rows = found if is_data else with_places(found)
    show_listing(args, context, rows, SEARCH_COLUMNS, "trace")
    note_source(context, known)
