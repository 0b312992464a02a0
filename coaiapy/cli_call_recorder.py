"""The options of every command whose call is an observation of the active trace."""

import argparse
from typing import Any

from coaiapy.cli_arguments import add_id
from coaiapy.cli_streams import Context


def add_trace_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--trace-id`` and ``--no-trace``."""
    where = parser.add_mutually_exclusive_group()
    add_id(where, "trace", help="record the call in this trace (default: COAIA_TRACE_ID)")
    where.add_argument("--no-trace", action="store_true", help="do not record the call")


def recorder(args: argparse.Namespace, context: Context) -> Any:
    """Return what records the calls of this command line."""
    from coaiapy.langfuse.traces import observe  # the journal and all that sends: not for --help

    return observe.recorder(args.trace_id, not args.no_trace, context.env_file, context.note)
