"""Conditions on traces, as options of the commands that take them."""

import argparse
from typing import Any

from coaiapy.cli.options import add_environment, add_id, add_period
from coaiapy.langfuse.read.filters import ORDERS, TraceFilter
from coaiapy.util import times


def add_filters(parser: argparse.ArgumentParser, default: Any = None) -> None:
    """Add conditions and a time; ``default`` is what each has that is not given."""
    add_conditions(parser, default)
    add_period(parser, default=default)


def add_conditions(parser: argparse.ArgumentParser, default: Any = None) -> None:
    """Add the conditions besides the time."""

    def add(*names: str, **options: Any) -> None:
        parser.add_argument(*names, default=default, **options)

    for kind in ("user", "session"):
        about = "only traces of this {}".format(kind)
        add_id(parser, kind, default=default, help=about)
    add("--name", help="only traces with this name")
    add("--tag", action="append", help="only traces with this tag; repeat to require several")
    add_environment(parser, "only traces of this Langfuse environment", default=default)


def add_last(parser: argparse.ArgumentParser) -> None:
    """Add ``--last``, another way to say ``--from``."""
    parser.add_argument(
        "--last",
        dest="from_time",
        type=ago,
        default=argparse.SUPPRESS,
        metavar="LENGTH",
        help="only what started in this time until now, such as 7d or 12h",
    )


def ago(text: str) -> str:
    """Take a length of time, and return the moment that long ago."""
    found = times.parse(text) if text[:1].isdigit() else None
    if found is None:
        raise argparse.ArgumentTypeError(
            "{!r} is not a length of time such as 7d or 12h".format(text)
        )
    return found


def trace_filter(args: argparse.Namespace) -> TraceFilter:
    """Return the conditions that the options say."""
    return TraceFilter(
        user_id=args.user_id,
        session_id=args.session_id,
        name=args.name,
        tags=tuple(args.tag or ()),
        environment=args.environment,
        from_time=args.from_time,
        to_time=args.to_time,
        order=getattr(args, "order", ORDERS[0]),
    )
