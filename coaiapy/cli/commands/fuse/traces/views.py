"""``coaia fuse traces trace-view`` and the like: one trace, session or observation."""

import argparse
from typing import Any, Callable, List, Optional

from coaiapy import patience
from coaiapy.cli import references
from coaiapy.cli.commands.fuse.traces import pages, pictures
from coaiapy.cli.options import add_json, add_reference
from coaiapy.cli.output import note_source, print_json, show_lines, show_record
from coaiapy.cli.parser import Parser, as_command
from coaiapy.cli.streams import Context
from coaiapy.config import settings
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.traces import reads as trace_reads


def build_observation(observation: Parser, words: List[str]) -> None:
    """Give ``observation`` what follows ``coaia fuse traces get-observation``."""
    as_command(
        observation,
        view_observation,
        "coaia fuse traces get-observation $COAIA_LAST_OBSERVATION_ID",
    )
    add_reference(observation, "observation", "COAIA_LAST_OBSERVATION_ID")
    add_json(observation, default=argparse.SUPPRESS)


def build_trace(view: Parser, words: List[str]) -> None:
    """Give ``view`` what follows ``coaia fuse traces trace-view``."""
    as_command(
        view,
        view_trace,
        """coaia fuse traces trace-view $COAIA_TRACE_ID
        coaia fuse traces view latest --io --io-lines 3
        coaia fuse traces tv latest --min-duration 0.5 --depth 3
        coaia fuse traces tv latest --errors --no-timeline
        coaia fuse traces tv latest --follow
        coaia fuse traces tv latest --html trace.html --open""",
    )
    add_reference(view, "trace", "COAIA_TRACE_ID")
    pictures.add_picture_options(view)
    pages.add_page(view)
    view.add_argument(
        "--follow",
        action="store_true",
        help="draw it again while it grows, until all of it has ended (or Ctrl-C)",
    )
    add_json(view, default=argparse.SUPPRESS)


def build_session(session: Parser, words: List[str]) -> None:
    """Give ``session`` what follows ``coaia fuse traces session-view``."""
    as_command(
        session,
        view_session,
        """coaia fuse traces session-view $COAIA_SESSION_ID
        coaia fuse traces sv latest --html session.html --open""",
    )
    add_reference(session, "session", "COAIA_SESSION_ID")
    pictures.add_picture_options(session)
    pages.add_page(session)
    add_json(session, default=argparse.SUPPRESS)


def view_trace(args: argparse.Namespace, context: Context) -> None:
    """Show one trace."""
    draw = _follow if args.follow else _draw
    _view(args, context, "trace", args.trace_id, trace_reads.get_trace, draw)


def view_session(args: argparse.Namespace, context: Context) -> None:
    """Show the traces of one session."""
    draw = pictures.show_session
    _view(args, context, "session", args.session_id, trace_reads.get_session, draw)


def _view(
    args: argparse.Namespace,
    context: Context,
    kind: str,
    given: Optional[str],
    read: Callable[..., Body],
    draw: Callable[[argparse.Namespace, Context, Body], None],
) -> None:
    """Show a record as a page, as JSON, or as ``draw`` does."""
    pages.check_page(args)
    pictures.check_picture(args, context)
    variable = "COAIA_{}_ID".format(kind.upper())
    shown = _found(context, kind, references.given_or_active(given, variable, kind), read)
    if args.html:
        return pages.write_page(args, context, kind, shown)
    if args.json:
        return print_json(context, shown)
    draw(args, context, shown)


def _draw(args: argparse.Namespace, context: Context, trace: Body) -> None:
    show_lines(context, pictures.trace_picture(args, context, trace))


def _follow(args: argparse.Namespace, context: Context, trace: Body) -> None:
    from coaiapy.cli.commands.fuse.traces.following import follow

    known = settings.load(context.env_file)
    pause = patience.FOLLOW_JOURNAL if known.is_local else patience.FOLLOW_SERVER
    follow(args, context, trace, lambda: trace_reads.get_trace(known, trace["id"]), pause)


def view_observation(args: argparse.Namespace, context: Context) -> None:
    """Show one observation field by field."""
    given = references.given_or_active(
        args.observation_id, "COAIA_LAST_OBSERVATION_ID", "observation"
    )
    observation = _found(context, "observation", given, trace_reads.get_observation)
    show_record(args, context, observation)


def _found(context: Context, kind: str, given: str, read: Callable[..., Any]) -> Any:
    """Return the record that ``given`` refers to, and note where it was read from."""
    known = settings.load(context.env_file)

    def read_it(record_id: str) -> Any:
        return read(known, record_id, context.note)

    found = references.read_one(read_it, known, kind, given)
    note_source(context, known)
    return found
