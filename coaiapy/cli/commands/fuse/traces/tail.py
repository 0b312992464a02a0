"""``coaia fuse traces tail``: traces and observations as they come."""

import argparse
import time
from typing import List

from coaiapy import patience
from coaiapy.cli.commands.fuse.traces.filters import add_conditions, trace_filter
from coaiapy.cli.output import note_source, print_json_lines
from coaiapy.cli.parser import Parser, as_command
from coaiapy.cli.streams import Context, flush
from coaiapy.config import settings
from coaiapy.errors import NetworkError
from coaiapy.util import deadlines


def build(parser: Parser, words: List[str]) -> None:
    """Give ``parser`` what follows ``coaia fuse traces tail``."""
    as_command(
        parser,
        tail,
        """coaia fuse traces tail
        coaia fuse traces tail --user-id john --json --timeout 600""",
    )
    add_conditions(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object per line")


def tail(args: argparse.Namespace, context: Context) -> None:
    """Show what is new, one line each, until Ctrl-C or the end of ``--timeout``."""
    from coaiapy.langfuse.read.tail import Tail
    from coaiapy.langfuse.traces.figures.display import tail_line

    known = settings.load(context.env_file)
    args.from_time = args.to_time = None
    source = Tail(known, trace_filter(args), context.note)
    note_source(context, known)
    said = ""
    while deadlines.current().left > 0:
        time.sleep(min(patience.TAIL_POLL, deadlines.current().left))
        try:
            found = source.new()
        except NetworkError as error:
            if deadlines.current().left <= 0:
                return
            if str(error) != said:
                context.warn(str(error))
            said = str(error)
            continue
        said = ""
        if args.json:
            print_json_lines(context, (dict(body, kind=kind) for kind, body in found))
        else:
            for kind, body in found:
                context.say(tail_line(kind, body, context.local_times))
        flush(context.stdout)
