"""``coaia fuse traces add-observations``: many observations from a file or standard input."""

import argparse
import shutil
import tempfile
from contextlib import contextmanager
from typing import IO, Any, Iterator

from coaiapy import delivery, observation_files, settings, traces
from coaiapy.cli_arguments import print_json
from coaiapy.cli_common import Context, add_command, is_terminal
from coaiapy.cli_delivery import add_delivery_options, report
from coaiapy.errors import StateError, UsageError
from coaiapy.files import reason
from coaiapy.observation_files import FORMATS

PREVIEWED = 20


def build(group: Any) -> None:
    """Add the command to ``coaia fuse traces``."""
    batch = add_command(
        group,
        "add-observations",
        add_observations,
        "write the observations of a JSON, JSON Lines or YAML file",
        """coaia fuse traces add-observations my-run -f steps.jsonl
        cat steps.yaml | coaia fuse traces add-observations my-run --format yaml --dry-run""",
        aliases=["add-obs-batch"],
    )
    batch.add_argument("trace_id", metavar="TRACE_ID")
    batch.add_argument("-f", "--file", help="the file, or - (default: standard input)")
    batch.add_argument("--format", choices=FORMATS, help="(default: what the file looks like)")
    batch.add_argument("--dry-run", action="store_true", help="show, and write nothing")
    add_delivery_options(batch)


def add_observations(args: argparse.Namespace, context: Context) -> int:
    """Check the whole file, then write all of it."""
    with _opened(args, context) as stream:
        format = args.format or observation_files.guess_format(args.file or "", stream)
        items = observation_files.read_items(stream, format)
        count = observation_files.check_all(items, args.trace_id)
        stream.seek(0)
        items = observation_files.read_items(stream, format)
        if args.dry_run:
            _preview(args, context, items, count)
            return 0
        observations = (observation_files.to_observation(item, args.trace_id) for item in items)
        outcome = traces.submit(
            settings.load(context.env_file),
            _with_progress(context, observations, count),
            args.timeout,
        )
    _summarize(context, args.trace_id, count, outcome)
    return report(args, context, outcome)


def _preview(args: argparse.Namespace, context: Context, items: Any, count: int) -> None:
    shown = list(observation_files.preview(items, args.trace_id, PREVIEWED))
    print_json(
        context,
        {
            "trace_id": args.trace_id,
            "total_observations": count,
            "observations_preview": shown,
        },
    )
    context.note("dry run: nothing was written")


def _summarize(context: Context, trace_id: str, count: int, outcome: delivery.Outcome) -> None:
    unchanged = count - outcome.changed
    text = "{} observations of trace {} read and valid, {} written".format(
        count, trace_id, outcome.changed
    )
    context.note(text + (", {} there already".format(unchanged) if unchanged else ""))


def _with_progress(context: Context, items: Iterator[Any], total: int) -> Iterator[Any]:
    if not is_terminal(context.stderr):
        return items
    from tqdm import tqdm

    return iter(tqdm(items, total=total, file=context.stderr, unit="obs", leave=False))


@contextmanager
def _opened(args: argparse.Namespace, context: Context) -> Iterator[IO[str]]:
    """Yield the input as a text stream that can be read twice."""
    if args.file in (None, "-"):
        if is_terminal(context.stdin):
            raise UsageError("no observations: pipe them in, or name a file with -f FILE")
        with tempfile.TemporaryFile("w+", encoding="utf-8") as spool:
            shutil.copyfileobj(context.stdin, spool)
            spool.seek(0)
            yield spool
        return
    try:
        stream = open(args.file, encoding="utf-8-sig")
    except OSError as error:
        raise StateError("cannot read {}: {}".format(args.file, reason(error))) from error
    with stream:
        try:
            yield stream
        except UnicodeDecodeError as error:
            raise UsageError("{} is not UTF-8 text: save it as UTF-8".format(args.file)) from error
