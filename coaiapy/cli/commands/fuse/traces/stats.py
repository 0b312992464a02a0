"""``coaia fuse traces stats``: figures over many observations, and the worst of them."""

import argparse
from typing import Any, Dict, List

from coaiapy.cli import references
from coaiapy.cli.commands.fuse.traces.filters import add_filters, add_last, trace_filter
from coaiapy.cli.commands.fuse.traces.pages import add_page, check_page, write_page
from coaiapy.cli.options import positive
from coaiapy.cli.output import add_listing_options, note_source, show_listing
from coaiapy.cli.parser import OneOfSeveral, Parser, as_command
from coaiapy.cli.streams import Context, is_terminal
from coaiapy.config import settings
from coaiapy.errors import UsageError

DEFAULT_TOP = 10
_MEANINGS = {"duration": "time taken", "cost": "cost", "tokens": "tokens, in and out"}


def build(parser: Parser, words: List[str]) -> None:
    """Give ``parser`` what follows ``coaia fuse traces stats``."""
    as_command(
        parser,
        show_stats,
        """coaia fuse traces stats --by model --last 7d
        coaia fuse traces stats --by name --compare-to "last week"
        coaia fuse traces stats --top 10 --by-duration
        coaia fuse traces stats --by day --last 30d --html figures.html""",
    )
    _add_groups(parser)
    add_filters(parser)
    add_last(parser)
    _add_worst(parser)
    add_listing_options(parser)
    add_page(parser)


def _add_groups(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--by",
        metavar="FIELD",
        help="group by name, model, type, level, environment, day, hour, user, session, tag or "
        "metadata.KEY (default: all together)",
    )
    parser.add_argument(
        "--compare-to",
        metavar="LENGTH",
        help='show the figures of an earlier time too: "last week", yesterday, 7d, 12h',
    )
    parser.add_argument(
        "--exact",
        action="store_true",
        help="read every observation instead of asking a server for its metrics",
    )


def _add_worst(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--top",
        type=positive,
        metavar="NUMBER",
        help="list the worst observations instead (default: {})".format(DEFAULT_TOP),
    )
    for order in _MEANINGS:
        parser.add_argument(
            "--by-" + order,
            action=OneOfSeveral,
            dest="most_of",
            const=order,
            help="list the observations with the most {}".format(_MEANINGS[order]),
        )


def show_stats(args: argparse.Namespace, context: Context) -> None:
    """Show the figures of each group, or the worst observations."""
    check_page(args)
    if args.most_of or args.top:
        return _show_worst(args, context)
    from coaiapy.langfuse.read.figures.groups import Wanted
    from coaiapy.langfuse.traces.figures import stats
    from coaiapy.langfuse.traces.figures.display import columns, readable, sparklines

    known = settings.load(context.env_file)

    def read() -> List[Dict[str, Any]]:
        wanted = Wanted(args.by, trace_filter(args))
        if args.compare_to is None:
            return stats.stats(known, wanted, args.exact, context.note)
        shift = stats.shift_of(args.compare_to)
        return stats.compared(known, wanted, shift, args.exact, context.note)

    rows = references.read_some(read, args, context, known, _has_any)
    if args.html:
        write_page(args, context, "stats", (rows, args.by))
        return note_source(context, known)
    is_data = args.json or args.jsonl or args.csv
    shown = rows if is_data else [readable(row, args.by) for row in rows]
    show_listing(args, context, shown, columns(args.by), "group")
    if not is_data and is_terminal(context.stdout):
        for line in sparklines(rows, args.by):
            context.say(line)
    note_source(context, known)


def _has_any(rows: List[Dict[str, Any]]) -> bool:
    """Tell whether anything was counted: without ``--by`` there is always a row."""
    return any(row["count"] for row in rows)


def _show_worst(args: argparse.Namespace, context: Context) -> None:
    if args.by or args.compare_to:
        raise UsageError("--top lists observations: leave out --by and --compare-to")
    from coaiapy.langfuse.read.figures.groups import ORDERS, Wanted
    from coaiapy.langfuse.traces.figures import stats
    from coaiapy.langfuse.traces.figures.display import readable_worst, worst_columns

    known = settings.load(context.env_file)
    wanted = Wanted(None, trace_filter(args))
    found = stats.worst(
        known, wanted, args.most_of or ORDERS[0], args.top or DEFAULT_TOP, context.note
    )
    if args.html:
        write_page(args, context, "worst", found)
        return note_source(context, known)
    is_data = args.json or args.jsonl or args.csv
    shown = found if is_data else [readable_worst(body) for body in found]
    show_listing(args, context, shown, worst_columns(is_data), "observation")
    note_source(context, known)
