"""``coaia fuse sessions``: which sessions there are, and what belongs to one."""

import argparse
from typing import List

from coaiapy import display, settings, traces
from coaiapy.cli_arguments import add_json, note_source, positive, print_json
from coaiapy.cli_common import Context, add_command, subcommands
from coaiapy.cli_listing import add_listing_options, show_listing
from coaiapy.record_fields import UNCONFIRMED

_COLUMNS = {"id": "Session", "createdAt": "Created", "environment": "Environment"}


def build(parser: argparse.ArgumentParser, words: List[str]) -> None:
    """Add the commands of ``coaia fuse sessions``."""
    group = subcommands(parser)
    listing = add_command(
        group,
        "list",
        list_sessions,
        "list sessions, the latest first",
        "coaia fuse sessions list --limit 10",
    )
    listing.add_argument("--page", type=positive, default=1, help="which part (default: 1)")
    listing.add_argument("--limit", type=positive, default=50, help="how many a page (default: 50)")
    listing.add_argument("--environment", metavar="NAME", help="only those of this environment")
    add_listing_options(listing)
    get = add_command(
        group,
        "get",
        get_session,
        "show a session and its traces",
        "coaia fuse sessions get $COAIA_SESSION_ID",
    )
    get.add_argument("session_id", metavar="SESSION_ID")
    add_json(get)


def list_sessions(args: argparse.Namespace, context: Context) -> None:
    """Show one page of sessions."""
    known = settings.load(context.env_file)
    end = args.page * args.limit
    found = traces.list_sessions(known, args.environment, end + 1)
    shown = found[end - args.limit : end]
    late = any(UNCONFIRMED in session for session in shown)
    columns = dict(_COLUMNS, **{UNCONFIRMED: "Note"}) if late else _COLUMNS
    show_listing(args, context, shown, columns, "session")
    if len(found) > end:
        context.note("there are more: --page {}".format(args.page + 1))
    if known.is_local:
        note_source(context, known)


def get_session(args: argparse.Namespace, context: Context) -> None:
    """Show one session's traces, without their observations."""
    known = settings.load(context.env_file)
    session = traces.get_session(known, args.session_id, context.note, with_observations=False)
    note_source(context, known)
    if args.json:
        return print_json(context, session)
    context.say("session {}".format(display.one_line(session["id"])))
    context.say(display.trace_table(session["traces"]))
