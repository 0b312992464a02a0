"""``coaia fuse traces`` and ``coaia fuse traces list``: which traces there are."""

import argparse
from typing import Any, Iterable, List

from coaiapy.cli_arguments import FROM_HELP, TO_HELP, add_id, positive, time
from coaiapy.cli_common import add_command, add_timeout
from coaiapy.cli_listing import add_listing_options, show_listing
from coaiapy.cli_output import note_source
from coaiapy.cli_streams import Context
from coaiapy.config import settings
from coaiapy.errors import UsageError
from coaiapy.langfuse.read.filters import ORDERS, TraceFilter
from coaiapy.langfuse.records.display import with_note
from coaiapy.langfuse.traces import reads as trace_reads
from coaiapy.langfuse.traces.display import TRACE_COLUMNS

DEFAULT_LIMIT = 50
_VALUED = (
    "--limit",
    "--user-id",
    "--user",
    "--session-id",
    "--session",
    "--name",
    "--tag",
    "--environment",
    "--from",
    "--to",
    "--order",
    "--columns",
    "--timeout",
)
_OPTIONS = _VALUED + ("--all", "--include-observations", "--jsonl", "--csv")


def build(parser: argparse.ArgumentParser, group: Any) -> None:
    """Make ``parser`` list by itself, and add ``list`` to its commands."""
    add_timeout(parser)
    _add_options(parser)
    parser.set_defaults(
        handler=list_traces,
        limit=DEFAULT_LIMIT,
        all=False,
        user_id=None,
        session_id=None,
        name=None,
        tag=None,
        environment=None,
        from_time=None,
        to_time=None,
        order=ORDERS[0],
        include_observations=False,
        json=False,
        jsonl=False,
        csv=False,
        columns=None,
    )
    listing = add_command(
        group,
        "list",
        list_traces,
        "list traces",
        "coaia fuse traces list --user-id john --limit 10",
    )
    _add_options(listing)


def _add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options, none with a default: ``traces --user-id john list`` keeps what came first."""

    def add(*names: str, **options: Any) -> None:
        parser.add_argument(*names, default=argparse.SUPPRESS, **options)

    add("--limit", type=positive, help="list at most this many (default: {})".format(DEFAULT_LIMIT))
    add("--all", action="store_true", help="list all traces; --limit is ignored")
    for kind in ("user", "session"):
        about = "only traces of this {}".format(kind)
        add_id(parser, kind, default=argparse.SUPPRESS, help=about)
    add("--name", help="only traces with this name")
    add("--tag", action="append", help="only traces with this tag; repeat to require several")
    add("--environment", metavar="NAME", help="only traces of this Langfuse environment")
    add("--from", dest="from_time", type=time, metavar="TIME", help=FROM_HELP)
    add("--to", dest="to_time", type=time, metavar="TIME", help=TO_HELP)
    add("--order", choices=ORDERS, help="sort order (default: {})".format(ORDERS[0]))
    add(
        "--include-observations",
        action="store_true",
        help="with --json: include the observations and scores of each trace",
    )
    add_listing_options(parser, form_default=argparse.SUPPRESS, columns_default=argparse.SUPPRESS)


def refuse_early_options(words: List[str], commands: Iterable[str]) -> None:
    """Say so if an option of the listing stands before another command, which would ignore it."""
    for before, word in enumerate(words[1:]):
        if word in commands and words[before] not in _VALUED:
            early = [option for option in words if option.split("=")[0] in _OPTIONS]
            if early and word != "list" and words.index(early[0]) <= before:
                raise UsageError(
                    "{} is an option of the listing and has no effect before {}: put the options "
                    "of {} after it".format(early[0], word, word)
                )
            return


def list_traces(args: argparse.Namespace, context: Context) -> None:
    """Show the traces that the options ask for."""
    wanted = TraceFilter(
        user_id=args.user_id,
        session_id=args.session_id,
        name=args.name,
        tags=tuple(args.tag or ()),
        environment=args.environment,
        from_time=args.from_time,
        to_time=args.to_time,
        order=args.order,
    )
    known = settings.load(context.env_file)
    limit = None if args.all else args.limit
    found = trace_reads.list_traces(
        known, wanted, limit and limit + 1, args.include_observations, context.note
    )
    shown = found[:limit]
    show_listing(args, context, shown, with_note(TRACE_COLUMNS, shown), "trace")
    if len(found) > len(shown):
        context.note("there are more: --all shows them")
    note_source(context, known)
