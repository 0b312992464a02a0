"""One record or a tree of them, as a person or a pipe gets it."""

import argparse
from typing import Iterable

from coaiapy.cli_streams import Context, is_terminal
from coaiapy.langfuse.records.display import fields
from coaiapy.langfuse.records.fields import Body
from coaiapy.langfuse.traces.display import Line, Look, session_lines, strokes_for, trace_lines

_COLORS = {"ERROR": "\x1b[31m", "WARNING": "\x1b[33m"}


def add_contents(parser: argparse.ArgumentParser) -> None:
    """Add ``--io``."""
    parser.add_argument(
        "--io",
        action="store_true",
        help="show inputs and outputs too, and costs also where a pipe gets the tree",
    )


def show_fields(context: Context, body: Body) -> None:
    """Show a record with one field on each line."""
    context.say(fields(body, context.local_times))


def show_trace(context: Context, trace: Body, contents: bool = False) -> None:
    """Show a trace as a tree; for a person or with ``contents`` also what it cost."""
    _show_lines(context, trace_lines(trace, _look(context, contents)))


def show_session(context: Context, session: Body, contents: bool = False) -> None:
    """Show the traces of a session as trees."""
    _show_lines(context, session_lines(session, _look(context, contents)))


def _look(context: Context, contents: bool) -> Look:
    costs = contents or is_terminal(context.stdout)
    return Look(strokes_for(context.stdout), context.local_times, costs, contents)


def _show_lines(context: Context, lines: Iterable[Line]) -> None:
    for line in lines:
        color = _COLORS.get(line.level) if context.colored else None
        if color is None:
            context.say(line.text)
        else:
            context.paint(line.text, color)
