"""``coaia fuse sessions``: which sessions there are, what belongs to one, and its file."""

import argparse
from typing import Any, List

from coaiapy.cli import references
from coaiapy.cli.delivery import add_delivery_options, report, settings_for
from coaiapy.cli.options import (
    add_environment,
    add_json,
    add_limit,
    add_period,
    add_reference,
    positive,
)
from coaiapy.cli.output import (
    add_listing_options,
    note_source,
    print_json,
    show_listing,
    show_table,
    show_written,
)
from coaiapy.cli.parser import add_command, subcommands
from coaiapy.cli.streams import Context
from coaiapy.config import settings
from coaiapy.langfuse.read.filters import SessionFilter
from coaiapy.langfuse.records.display import with_note
from coaiapy.langfuse.traces import reads as trace_reads
from coaiapy.langfuse.traces import sessions
from coaiapy.langfuse.traces.display import NODE_COLUMNS, SESSION_COLUMNS, TRACE_COLUMNS
from coaiapy.util.text.wording import one_line


def build(parser: argparse.ArgumentParser, words: List[str]) -> None:
    """Add the commands of ``coaia fuse sessions``."""
    group = subcommands(parser, words, "coaia fuse sessions get $COAIA_SESSION_ID")
    listing = add_command(
        group,
        "list",
        list_sessions,
        "list sessions, newest first",
        "coaia fuse sessions list --limit 10",
    )
    listing.add_argument("--page", type=positive, default=1, help="page to show (default: 1)")
    add_limit(listing, "sessions per page")
    add_environment(listing, "only sessions of this Langfuse environment")
    add_period(listing)
    add_listing_options(listing)
    get = add_command(
        group,
        "get",
        get_session,
        "show a session and its traces",
        "coaia fuse sessions get $COAIA_SESSION_ID",
    )
    add_reference(get, "session", "COAIA_SESSION_ID")
    add_json(get)
    _build_files(group)


def _build_files(group: Any) -> None:
    create = add_command(
        group,
        "create",
        create_session,
        "create a session: its first trace, and a session file",
        'coaia fuse sessions create my-session john -n "Research"',
    )
    create.add_argument("session_id", metavar="SESSION_ID", type=references.new)
    _add_writing(create, sessions.SESSION_NAME)
    node = add_command(
        group,
        "addnode",
        add_node,
        "add a trace to a session and to its session file",
        'coaia fuse sessions addnode my-session my-trace john -n "First step"',
    )
    add_reference(node, "session")
    node.add_argument("trace_id", metavar="TRACE_ID", type=references.trace)
    _add_writing(node, sessions.NODE_NAME)
    view = add_command(
        group,
        "view",
        view_file,
        "show the traces in a session file",
        "coaia fuse sessions view -f session.yml --json",
        local=True,
    )
    _add_file(view)
    add_listing_options(view)


def _add_writing(parser: argparse.ArgumentParser, name: str) -> None:
    parser.add_argument("user_id", metavar="USER_ID")
    parser.add_argument("-n", "--name", help="name (default: {}, or the one it has)".format(name))
    _add_file(parser)
    add_json(parser)
    add_delivery_options(parser)


def _add_file(parser: argparse.ArgumentParser) -> None:
    default = sessions.DEFAULT_PATH
    parser.add_argument(
        "-f", "--file", default=default, help="session file (default: {})".format(default)
    )


def list_sessions(args: argparse.Namespace, context: Context) -> None:
    """Show one page of sessions."""
    known = settings.load(context.env_file)
    end = args.page * args.limit
    wanted = SessionFilter(args.environment, args.from_time, args.to_time)
    found = trace_reads.list_sessions(known, wanted, end + 1, context.note)
    shown = found[end - args.limit : end]
    show_listing(args, context, shown, with_note(SESSION_COLUMNS, shown), "session")
    if len(found) > end:
        context.note("there are more: --page {}".format(args.page + 1))
    note_source(context, known)


def get_session(args: argparse.Namespace, context: Context) -> None:
    """Show one session's traces, without their observations."""
    known = settings.load(context.env_file)
    given = references.given_or_active(args.session_id, "COAIA_SESSION_ID", "session")

    def read(session_id: str) -> Any:
        return trace_reads.get_session(known, session_id, context.note, with_observations=False)

    session = references.read_one(read, known, "session", given)
    note_source(context, known)
    if args.json:
        return print_json(context, session)
    context.say("session {}".format(one_line(session["id"])))
    found = session["traces"]
    show_table(context, found, with_note(TRACE_COLUMNS, found))


def create_session(args: argparse.Namespace, context: Context) -> int:
    """Open a session."""
    known = settings_for(args, context)
    written = sessions.create(known, args.file, args.session_id, args.user_id, args.name)
    return _report(args, context, written)


def add_node(args: argparse.Namespace, context: Context) -> int:
    """Write a trace of a session."""
    known = settings_for(args, context)
    written = sessions.add_node(
        known, args.file, args.session_id, args.trace_id, args.user_id, args.name
    )
    return _report(args, context, written)


def _report(args: argparse.Namespace, context: Context, written: sessions.WrittenNode) -> int:
    show_written(args, context, written.trace.body())
    return report(args, context, written.outcome)


def view_file(args: argparse.Namespace, context: Context) -> None:
    """Show a session's file: its nodes in order."""
    session = sessions.read(args.file)
    if args.json:
        return print_json(context, session)
    context.note("session {}".format(one_line(str(session["session_id"] or "without id"))))
    show_listing(args, context, session["nodes"], NODE_COLUMNS, "trace")
