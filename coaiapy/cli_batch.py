"""``coaia fuse traces add-observations``: many observations from a file or standard input."""

import argparse
import itertools
from typing import Any, Iterable, Optional

from coaiapy import cli_references
from coaiapy.cli_arguments import add_fields
from coaiapy.cli_common import add_command
from coaiapy.cli_delivery import add_delivery_options, report, summary
from coaiapy.cli_input import STDIN, open_input
from coaiapy.cli_output import print_json
from coaiapy.cli_progress import new_bar
from coaiapy.cli_streams import Context
from coaiapy.config import settings
from coaiapy.langfuse.records.fields import OBSERVATION_FIELDS
from coaiapy.langfuse.traces import traces
from coaiapy.langfuse.traces.batch import preview, read_observations
from coaiapy.util.formats.item_files import FORMATS
from coaiapy.util.text import counted

PREVIEWED = 100
FIELDS = [field.attribute for field in OBSERVATION_FIELDS if field.attribute != "trace_id"]


class Counted:
    """An iterator that counts what it has yielded."""

    def __init__(self, items: Iterable[Any]) -> None:
        self.count = 0
        self._items = iter(items)

    def __iter__(self) -> "Counted":
        return self

    def __next__(self) -> Any:
        item = next(self._items)
        self.count += 1
        return item


def build(group: Any) -> None:
    """Add the command to ``coaia fuse traces``."""
    batch = add_command(
        group,
        "add-observations",
        add_observations,
        "add all observations of a JSON, JSON Lines or YAML file to a trace",
        """coaia fuse traces add-observations my-run -f steps.jsonl
        cat steps.yaml | coaia fuse traces add-observations my-run --format yaml --dry-run""",
        aliases=["add-obs-batch"],
    )
    batch.add_argument("trace_id", metavar="TRACE_ID", type=cli_references.trace)
    batch.add_argument(
        "-f", "--file", default=STDIN, help="file to read (default: standard input, also -)"
    )
    batch.add_argument("--format", choices=FORMATS, help="format of the file (default: detected)")
    batch.add_argument(
        "--dry-run",
        action="store_true",
        help="check and show the observations without writing them",
    )
    add_fields(batch, FIELDS)
    add_delivery_options(batch)


def add_observations(args: argparse.Namespace, context: Context) -> int:
    """Check the whole file, and write all of it or nothing."""
    with open_input(args.file, context) as stream:
        found = read_observations(stream, args.trace_id, args.file, args.format)
        observations = Counted(_with_progress(context, found))
        if args.dry_run:
            _preview(args, context, observations)
            return 0
        outcome = traces.submit(settings.load(context.env_file), observations)
    what = "{} of trace {}".format(counted(observations.count, "observation"), args.trace_id)
    context.note(summary(what, observations.count, outcome))
    return report(args, context, outcome)


def _preview(args: argparse.Namespace, context: Context, observations: Counted) -> None:
    shown = list(preview(itertools.islice(observations, PREVIEWED)))
    for _ in observations:
        pass  # the rest is checked, too
    count = observations.count
    print_json(
        context,
        {
            "trace_id": args.trace_id,
            "total_observations": count,
            "observations_preview": shown,
        },
    )
    more = ", the first {} shown".format(len(shown)) if len(shown) < count else ""
    found = counted(count, "observation")
    context.note("dry run: {} valid{}, nothing was written".format(found, more))


def _with_progress(context: Context, items: Iterable[Any]) -> Iterable[Any]:
    """Show on a terminal how far it is; a short run does not need it."""
    bar: Optional[Iterable[Any]] = new_bar(
        context, iterable=items, desc="checking", unit="obs", delay=0.3
    )
    return items if bar is None else bar
