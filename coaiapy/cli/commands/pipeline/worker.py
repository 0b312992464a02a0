"""``coaia worker``: makes what ``coaia pipeline run --on redis`` has put into the queue."""

import argparse
from typing import Any, List

from coaiapy.cli.options import positive
from coaiapy.cli.parser import Parser, as_command
from coaiapy.cli.streams import Context, flush
from coaiapy.errors import StateError
from coaiapy.patience import FLEET_LOST


def build(parser: Parser, words: List[str]) -> None:
    """Give ``parser`` what follows ``coaia worker``."""
    as_command(
        parser,
        run,
        """coaia worker
        coaia worker --burst --queue nightly
        coaia worker --trust-queue""",
        local=True,
    )
    add_queue(parser)
    parser.add_argument("--burst", action="store_true", help="end when the queue is empty")
    parser.add_argument(
        "--trust-queue",
        action="store_true",
        help="run whatever stands in the queue, not only templates that are trusted here: for a Redis "
        "to which only you can write",
    )
    parser.add_argument(
        "--lost-after",
        type=positive,
        default=FLEET_LOST,
        metavar="SECONDS",
        help="without a sign of life for so long this worker is lost, and what it does may be repeated "
        "elsewhere (default: {})".format(FLEET_LOST),
    )


def add_queue(parser: Any) -> None:
    """Add ``--queue``."""
    parser.add_argument(
        "--queue",
        type=queue_name,
        default="coaia",
        metavar="NAME",
        help="queue in Redis (default: coaia)",
    )


def queue_name(name: str) -> str:
    """Take the name of a queue; an empty one is mostly a variable of a script that is not set."""
    if not name.strip() or not name.isprintable():
        raise argparse.ArgumentTypeError("{!r} is not the name of a queue".format(name))
    return name


def run(args: argparse.Namespace, context: Context) -> None:
    """Work until a signal comes, or until the queue is empty."""
    from coaiapy.fleet import worker

    def say(text: str) -> None:
        try:
            context.note(text)
            flush(context.stderr)
        except (OSError, StateError):
            pass  # that nobody hears it any more ends no work

    options = worker.WorkerOptions(args.queue, args.burst, args.trust_queue, args.lost_after)
    worker.work(options, context.env_file, say)
