"""``coaia fuse traces diff``: two traces side by side."""

import argparse
from typing import Any, List, Optional

from coaiapy.cli import references
from coaiapy.cli.commands.fuse.traces.pages import add_page, check_page, write_page
from coaiapy.cli.options import add_json
from coaiapy.cli.output import note_source, print_json
from coaiapy.cli.parser import Parser, as_command
from coaiapy.cli.streams import Context
from coaiapy.config import settings
from coaiapy.errors import ExitCode
from coaiapy.langfuse.traces import reads

# By the status of a step.
_COLORS = {"changed": "\x1b[33m", "only in a": "\x1b[31m", "only in b": "\x1b[32m"}


def build(parser: Parser, words: List[str]) -> None:
    """Give ``parser`` what follows ``coaia fuse traces diff``."""
    as_command(
        parser,
        show_diff,
        """coaia fuse traces diff run-1 run-2
        coaia fuse traces diff run-1 latest --fail-on errors --fail-on slower=1.5
        coaia fuse traces diff run-1 run-2 --html difference.html""",
    )
    for place, about in (("a", "the trace to compare with"), ("b", "the other trace")):
        parser.add_argument(
            place + "_id",
            metavar="TRACE_ID",
            type=references.trace,
            help="id of {}, {}".format(about, references.LATEST_HELP),
        )
    parser.add_argument(
        "--changed", action="store_true", help="leave out the steps that are the same"
    )
    parser.add_argument(
        "--fail-on",
        action="append",
        default=[],
        metavar="LIMIT",
        help="end with 1 if the other trace has more errors (errors), takes more than 1.5 times as "
        "long (slower=1.5) or costs more than 1.2 times as much (cost=1.2); repeatable",
    )
    add_json(parser)
    add_page(parser)


def show_diff(args: argparse.Namespace, context: Context) -> Optional[int]:
    """Show what differs between two traces; 1 if the other one exceeds a limit."""
    from coaiapy.langfuse.traces.figures.diff import diff, failures, limit_of
    from coaiapy.langfuse.traces.figures.diff_display import diff_lines

    check_page(args)
    limits = list(map(limit_of, args.fail_on))
    known = settings.load(context.env_file)

    def trace(given: str) -> Any:
        return references.read_one(
            lambda record_id: reads.get_trace(known, record_id, context.note), known, "trace", given
        )

    found = diff(trace(args.a_id), trace(args.b_id))
    exceeded = failures(found, limits)
    if args.html:
        write_page(args, context, "diff", found)
    elif args.json:
        print_json(context, found)
    else:
        for line in diff_lines(found, args.changed):
            color = _COLORS.get(line.status) if context.colored else None
            context.say(line.text) if color is None else context.paint(line.text, color)
    note_source(context, known)
    for sentence in exceeded:
        context.warn(sentence)
    return ExitCode.FAILED if exceeded else None
