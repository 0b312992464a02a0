"""``coaia fuse traces add-observations``: many observations from a file or standard input."""

import argparse
import itertools
from typing import Any, Iterable, Optional

from coaiapy import settings, traces
from coaiapy.cli_arguments import print_json
from coaiapy.cli_common import Context, add_command
from coaiapy.cli_delivery import add_delivery_options, report, summary
from coaiapy.cli_input import STDIN, open_input
from coaiapy.cli_progress import new_bar
from coaiapy.display import counted
from coaiapy.observation_files import FORMATS, Batch, Item, preview, read_batch

PREVIEWED = 100


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
    batch.add_argument(
        "-f", "--file", default=STDIN, help="the file, or - (default: standard input)"
    )
    batch.add_argument("--format", choices=FORMATS, help="(default: what the file looks like)")
    batch.add_argument("--dry-run", action="store_true", help="show, and write nothing")
    add_delivery_options(batch)


def add_observations(args: argparse.Namespace, context: Context) -> int:
    """Check the whole file, then write all of it."""
    known = settings.load(context.env_file)
    with _checked(args, context) as batch:
        if args.dry_run:
            _preview(args, context, batch)
            return 0
        observations = _with_progress(context, "writing", batch.records(), batch.count)
        outcome = traces.submit(known, observations, args.timeout)
        what = "{} of trace {}".format(counted(batch.count, "observation"), args.trace_id)
        context.note(summary(what, batch.count, outcome))
    return report(args, context, outcome)


def _checked(args: argparse.Namespace, context: Context) -> Batch:
    def watch(items: Iterable[Item]) -> Iterable[Item]:
        return _with_progress(context, "checking", items)

    with open_input(args.file, context) as stream:
        return read_batch(stream, args.trace_id, args.file, args.format, watch)


def _preview(args: argparse.Namespace, context: Context, batch: Batch) -> None:
    shown = list(preview(itertools.islice(batch.records(), PREVIEWED)))
    print_json(
        context,
        {
            "trace_id": args.trace_id,
            "total_observations": batch.count,
            "observations_preview": shown,
        },
    )
    more = ", the first {} are shown".format(len(shown)) if len(shown) < batch.count else ""
    found = counted(batch.count, "observation")
    context.note("dry run: {} valid{}, nothing was written".format(found, more))


def _with_progress(
    context: Context, doing: str, items: Iterable[Any], total: Optional[int] = None
) -> Iterable[Any]:
    """Show on a terminal how far it is; a short run does not need it."""
    bar: Optional[Iterable[Any]] = new_bar(
        context, iterable=items, desc=doing, total=total, unit="obs", delay=0.3
    )
    return items if bar is None else bar
