"""``coaia fuse datasets add-from-traces``: what was traced becomes what is tested."""

import argparse
from typing import Any

from coaiapy.cli import references
from coaiapy.cli.commands.fuse.datasets.files import add_create, bring_in
from coaiapy.cli.commands.fuse.traces.filters import add_filters, add_last, trace_filter
from coaiapy.cli.options import add_dry_run, add_json, add_limit
from coaiapy.cli.parser import add_command
from coaiapy.cli.streams import Context
from coaiapy.config import settings
from coaiapy.errors import NotFoundError
from coaiapy.langfuse.datasets.from_traces import has_failed, items_from
from coaiapy.util.text.wording import counted


def build_traces(group: Any) -> None:
    """Add ``add-from-traces``."""
    parser = add_command(
        group,
        "add-from-traces",
        add_from_traces,
        "add the inputs and outputs of traces to a dataset; doing it again changes nothing",
        """coaia fuse datasets add-from-traces failures --failed --last 1d --no-output --create
        coaia fuse datasets add-from-traces answers --name chat --observation generate""",
    )
    parser.add_argument("dataset", metavar="DATASET")
    add_filters(parser)
    add_last(parser)
    parser.add_argument(
        "--failed", action="store_true", help="only traces with an observation at the level ERROR"
    )
    parser.add_argument(
        "--observation",
        metavar="NAME",
        help="take the observations of this name (default: the trace itself)",
    )
    parser.add_argument(
        "--no-output", action="store_true", help="do not take the output as what is expected"
    )
    add_limit(parser, "look at no more traces than this")
    add_create(parser)
    add_dry_run(parser, "count the items without sending them")
    add_json(parser)


def add_from_traces(args: argparse.Namespace, context: Context) -> int:
    """Add items for traces, and tell what became of each."""
    from coaiapy.langfuse.traces import reads

    known = settings.load(context.env_file)
    traces = references.read_some(
        lambda: reads.list_traces(known, trace_filter(args), args.limit, True, context.note),
        args,
        context,
        known,
    )
    if args.failed:
        traces = [trace for trace in traces if has_failed(trace)]
    found = items_from(traces, args.dataset, args.observation, not args.no_output)
    if not found.items:
        raise NotFoundError(
            "no input was found in {}: nothing was added".format(counted(len(traces), "trace"))
        )
    return bring_in(args, context, args.dataset, found)
