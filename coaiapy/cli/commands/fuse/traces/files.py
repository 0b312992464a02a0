"""``coaia fuse traces export`` and ``import``: traces as JSON Lines."""

import argparse
from typing import Any, Callable, List

from coaiapy.cli import references
from coaiapy.cli.commands.fuse.traces.filters import add_filters, add_last, trace_filter
from coaiapy.cli.commands.fuse.traces.writes import Counted
from coaiapy.cli.delivery import add_delivery_options, report, settings_for, summary
from coaiapy.cli.input import open_input
from coaiapy.cli.options import add_dry_run, add_output
from coaiapy.cli.output import check_output, note_source
from coaiapy.cli.parser import Parser, as_command
from coaiapy.cli.streams import Context
from coaiapy.config import settings
from coaiapy.util.files import replacing
from coaiapy.util.text.wording import counted

# The formats of ``transfer.FORMATS``.
_FORMATS = ("langfuse", "otlp")


def build_export(export: Parser, words: List[str]) -> None:
    """Give ``export`` what follows ``coaia fuse traces export``."""
    as_command(
        export,
        export_traces,
        """coaia fuse traces export --last 7d -o traces.jsonl
        coaia fuse traces export --tag nightly --format otlp > spans.jsonl""",
    )
    add_output(export, "-o")
    export.add_argument(
        "--format",
        choices=_FORMATS,
        default=_FORMATS[0],
        help="langfuse: an event of Langfuse's ingestion for each record; otlp: spans, without scores "
        "(default: langfuse)",
    )
    add_filters(export)
    add_last(export)


def build_import(importing: Parser, words: List[str]) -> None:
    """Give ``importing`` what follows ``coaia fuse traces import``."""
    as_command(
        importing,
        import_traces,
        """coaia fuse traces import traces.jsonl
        ssh host coaia fuse traces export | coaia fuse traces import -""",
    )
    importing.add_argument("file", metavar="FILE", help="file of JSON Lines; - reads stdin")
    add_dry_run(importing, "check the file without writing anything")
    add_delivery_options(importing)


def export_traces(args: argparse.Namespace, context: Context) -> None:
    """Write the traces that the options ask for, the latest first."""
    from coaiapy.langfuse.traces.files.transfer import export

    known = settings.load(context.env_file)

    def write_all(write: Callable[[str], Any]) -> Any:
        return references.read_some(
            lambda: export(known, write, trace_filter(args), args.format, context.note),
            args,
            context,
            known,
            lambda done: done.traces,
        )

    if args.output is None:
        done = write_all(context.say)
    else:
        check_output(args.output)
        with replacing(args.output) as stream:
            done = write_all(lambda line: stream.write(line + "\n"))
    what = "{} of {}".format(counted(done.records, "record"), counted(done.traces, "trace"))
    context.note("exported {}".format(what))
    note_source(context, known)


def import_traces(args: argparse.Namespace, context: Context) -> int:
    """Check the whole file, and write all of it or nothing."""
    from coaiapy.langfuse.traces import traces
    from coaiapy.langfuse.traces.files.transfer import read_records

    with open_input(args.file, context) as stream:
        records = Counted(read_records(stream, args.file))
        if args.dry_run:
            for _ in records:
                pass
            context.note(
                "dry run: {} valid, nothing was written".format(counted(records.count, "record"))
            )
            return 0
        outcome = traces.submit(settings_for(args, context), records)
    context.note(summary(counted(records.count, "record"), records.count, outcome))
    return report(args, context, outcome)
