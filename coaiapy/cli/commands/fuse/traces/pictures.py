"""The options of a picture of traces, and drawing it on a terminal or into a pipe."""

import argparse
import shutil
from typing import Iterable, Optional

from coaiapy.cli.options import positive, seconds
from coaiapy.cli.output import show_lines, tree_look
from coaiapy.cli.streams import Context, is_terminal
from coaiapy.errors import UsageError
from coaiapy.langfuse.records.body import Body
from coaiapy.views.outline import strokes_for
from coaiapy.views.selection import Selection, chosen, narrowed
from coaiapy.views.timeline import timeline
from coaiapy.views.tree import Line, session_heading, trace_lines
from coaiapy.views.waterfall import Style, waterfall

IO_LINES = 10


def add_picture_options(parser: argparse.ArgumentParser) -> None:
    """Add what a picture of traces shows."""
    for name, value, about in (
        (
            "--timeline",
            True,
            "draw bars on a time axis (default: on a terminal, where something has an end)",
        ),
        ("--no-timeline", False, "draw the plain tree that a pipe gets"),
    ):
        parser.add_argument(
            name, dest="timeline", action="store_const", const=value, default=None, help=about
        )
    parser.add_argument(
        "--depth", type=positive, metavar="LEVELS", help="show no more than so many levels"
    )
    parser.add_argument(
        "--min-duration",
        type=seconds,
        metavar="SECONDS",
        help="show only what took at least so many seconds, and what that stands below",
    )
    parser.add_argument(
        "--errors", action="store_true", help="show only errors, and what they stand below"
    )
    parser.add_argument(
        "--clock",
        action="store_true",
        help="show times of day on the time axis instead of the time since the start",
    )
    parser.add_argument(
        "--io",
        action="store_true",
        help="show inputs and outputs too, and costs also where a pipe gets the tree",
    )
    parser.add_argument(
        "--io-lines",
        type=positive,
        default=IO_LINES,
        metavar="LINES",
        help="with --io: lines of each input and output below a bar (default: {})".format(IO_LINES),
    )


def check_alone(args: argparse.Namespace) -> None:
    """Raise ``UsageError`` if a choice stands beside ``--json`` or ``--html``, which show everything."""
    form = "--json" if args.json else "--html" if args.html else ""
    for name in ("depth", "min_duration", "errors", "timeline", "clock"):
        if form and getattr(args, name) not in (None, False):
            option = "--" + name.replace("_", "-")
            raise UsageError("{} shows everything: leave out {}".format(form, option))


def show_session(args: argparse.Namespace, context: Context, session: Body) -> None:
    """Draw the traces of a session, one below the other."""
    show_lines(context, [session_heading(session)])
    for trace in session["traces"]:
        show_lines(context, [Line("")])
        show_lines(context, trace_picture(args, context, trace))


def trace_picture(
    args: argparse.Namespace, context: Context, trace: Body, now: Optional[int] = None
) -> Iterable[Line]:
    """Return the lines of a trace: on its time axis for a terminal, else as a plain tree."""
    observations = trace.get("observations") or []
    wanted = Selection(args.depth or 0, 1000 * (args.min_duration or 0), args.errors)
    has_lengths = any(one.get("endTime") for one in observations)
    is_drawn = is_terminal(context.stdout) and has_lengths
    if is_drawn if args.timeline is None else args.timeline:
        whole = dict(trace, observations=observations)
        return waterfall(
            whole, narrowed(timeline(observations, now), wanted), _style(args, context)
        )
    if wanted != Selection():
        trace = dict(trace, observations=chosen(observations, wanted))
    return trace_lines(trace, tree_look(context, args.io))


def _style(args: argparse.Namespace, context: Context) -> Style:
    return Style(
        width=shutil.get_terminal_size().columns,
        strokes=strokes_for(context.stdout),
        clock=args.clock,
        local=context.local_times,
        io_lines=args.io_lines if args.io else 0,
    )
