"""``coaia fuse traces list-observations``: observations of one trace or of all."""

import argparse
from typing import Any

from coaiapy import cli_references
from coaiapy.cli_arguments import FROM_HELP, TO_HELP, add_id, positive, time
from coaiapy.cli_common import add_command
from coaiapy.cli_listing import add_listing_options, show_listing
from coaiapy.cli_output import note_source
from coaiapy.cli_streams import Context
from coaiapy.config import settings
from coaiapy.langfuse.read.filters import ObservationFilter
from coaiapy.langfuse.records.display import with_note
from coaiapy.langfuse.records.fields import OBSERVATION_TYPES
from coaiapy.langfuse.traces import reads as trace_reads

_COLUMNS = {
    "id": "Observation",
    "traceId": "Trace",
    "type": "Type",
    "name": "Name",
    "startTime": "Started",
    "level": "Level",
    "model": "Model",
}


def build(group: Any) -> None:
    """Add the command to ``coaia fuse traces``."""
    listing = add_command(
        group,
        "list-observations",
        list_observations,
        "list observations, newest first",
        "coaia fuse traces list-observations --trace-id $COAIA_TRACE_ID --type GENERATION",
        aliases=["obs-list", "list-obs"],
    )
    add_id(listing, "trace", help="only observations of this trace")
    add_id(listing, "user", help="only observations of traces of this user")
    listing.add_argument(
        "--parent",
        metavar="ID",
        type=cli_references.observation,
        help="only observations directly below this one",
    )
    listing.add_argument("--name", help="only observations with this name")
    listing.add_argument("--from", dest="from_time", type=time, metavar="TIME", help=FROM_HELP)
    listing.add_argument("--to", dest="to_time", type=time, metavar="TIME", help=TO_HELP)
    listing.add_argument(
        "--type", type=str.upper, choices=OBSERVATION_TYPES, help="only observations of this type"
    )
    listing.add_argument(
        "--limit", type=positive, default=50, help="list at most this many (default: 50)"
    )
    listing.add_argument(
        "--cursor", metavar="TEXT", help="continue a listing from the cursor that it showed"
    )
    listing.add_argument(
        "--environment", metavar="NAME", help="only observations of this Langfuse environment"
    )
    add_listing_options(listing)


def list_observations(args: argparse.Namespace, context: Context) -> None:
    """Show one page of observations, and to stderr the cursor of the next one."""
    known = settings.load(context.env_file)
    wanted = ObservationFilter(
        trace_id=args.trace_id,
        name=args.name,
        type=args.type,
        environment=args.environment,
        user_id=args.user_id,
        parent_id=args.parent,
        from_time=args.from_time,
        to_time=args.to_time,
    )
    page = trace_reads.list_observations(known, wanted, args.limit, args.cursor, context.note)
    show_listing(args, context, page.rows, with_note(_COLUMNS, page.rows), "observation")
    if page.cursor:
        context.note("there are more: --cursor {}".format(page.cursor))
    note_source(context, known)
