"""The options of a picture of traces, and drawing it on a terminal or into a pipe."""

import argparse
import os
import shutil
from typing import Any, Iterable, Optional

from coaiapy.cli.options import positive, seconds
from coaiapy.cli.output import show_lines, tree_look
from coaiapy.cli.streams import Context, is_terminal
from coaiapy.errors import UsageError
from coaiapy.langfuse.records.body import Body
from coaiapy.views.outline import strokes_for
from coaiapy.views.tree import Line, session_heading, trace_lines

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


def check_picture(args: argparse.Namespace, context: Context) -> None:
    """Raise ``UsageError`` for what does not go together, or cannot be drawn here.

    ``--json`` and ``--html`` show everything, and ``--follow`` needs a terminal.
    """
    form = "--json" if args.json else "--html" if args.html else ""
    for name in ("depth", "min_duration", "errors", "timeline", "clock", "follow"):
        if form and getattr(args, name, None) not in (None, False):
            option = "--" + name.replace("_", "-")
            raise UsageError("{} shows everything once: leave out {}".format(form, option))
    is_drawn = is_terminal(context.stdout) and os.environ.get("TERM") != "dumb"
    if getattr(args, "follow", False) and not is_drawn:
        raise UsageError("--follow draws on a terminal, and there is none: leave out --follow")


def show_session(args: argparse.Namespace, context: Context, session: Body) -> None:
    """Draw the traces of a session, one below the other."""
    show_lines(context, [session_heading(session)])
    for trace in session["traces"]:
        show_lines(context, [Line("")])
        show_lines(context, trace_picture(args, context, trace))


def trace_picture(
    args: argparse.Namespace, context: Context, trace: Body, now: Optional[int] = None
) -> Iterable[Line]:
    """Return the lines of a trace: on its time axis for a terminal, else as a plain tree.

    With ``now``, in milliseconds since 1970, what has no end is drawn as going on.
    """
    from coaiapy.views.selection import Selection, chosen

    observations = trace.get("observations") or []
    wanted = Selection(args.depth or 0, 1000 * (args.min_duration or 0), args.errors)
    has_lengths = now is not None or any(one.get("endTime") for one in observations)
    is_usual = is_terminal(context.stdout) and has_lengths
    is_drawn = is_usual if args.timeline is None else args.timeline
    if is_drawn:
        return _waterfall(args, context, dict(trace, observations=observations), wanted, now)
    if wanted != Selection():
        trace = dict(trace, observations=chosen(observations, wanted))
    return trace_lines(trace, tree_look(context, args.io))


def _waterfall(
    args: argparse.Namespace, context: Context, trace: Body, wanted: Any, now: Optional[int]
) -> Iterable[Line]:
    from coaiapy.views.selection import narrowed
    from coaiapy.views.timeline import timeline
    from coaiapy.views.waterfall import Style, waterfall

    style = Style(
        width=shutil.get_terminal_size().columns,
        strokes=strokes_for(context.stdout),
        clock=args.clock,
        local=context.local_times,
        io_lines=args.io_lines if args.io else 0,
    )
    return waterfall(trace, narrowed(timeline(trace["observations"], now), wanted), style)
