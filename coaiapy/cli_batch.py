"""``coaia fuse traces add-observations``: many observations from a file or standard input."""

import argparse
import itertools
from contextlib import contextmanager
from typing import IO, Any, Iterable, Iterator, Optional

from coaiapy import settings, traces
from coaiapy.cli_arguments import print_json
from coaiapy.cli_common import Context, add_command, is_terminal
from coaiapy.cli_delivery import add_delivery_options, report, summary
from coaiapy.errors import StateError, UsageError
from coaiapy.files import reason
from coaiapy.observation_files import FORMATS, Batch, Item, preview, read_batch
from coaiapy.packages import require

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
    batch.add_argument("-f", "--file", help="the file, or - (default: standard input)")
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
        what = "{} of trace {}".format(_counted(batch.count), args.trace_id)
        context.note(summary(what, batch.count, outcome))
    return report(args, context, outcome)


def _checked(args: argparse.Namespace, context: Context) -> Batch:
    def watch(items: Iterable[Item]) -> Iterable[Item]:
        return _with_progress(context, "checking", items)

    try:
        with _opened(args, context) as stream:
            return read_batch(stream, args.trace_id, args.file or "", args.format, watch)
    except UsageError as error:
        raise UsageError("{}: {}".format(_source_name(args), error)) from error


def _source_name(args: argparse.Namespace) -> str:
    return "standard input" if args.file in (None, "-") else str(args.file)


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
    context.note("dry run: {} valid{}, nothing was written".format(_counted(batch.count), more))


def _counted(count: int) -> str:
    return "1 observation" if count == 1 else "{} observations".format(count)


def _with_progress(
    context: Context, doing: str, items: Iterable[Any], total: Optional[int] = None
) -> Iterable[Any]:
    """Show on a terminal how far it is; a short run does not need it."""
    if not is_terminal(context.stderr):
        return items
    bar = require("tqdm").tqdm
    progress: Iterable[Any] = bar(
        items, doing, total, file=context.stderr, unit="obs", leave=False, delay=0.3
    )
    return progress


@contextmanager
def _opened(args: argparse.Namespace, context: Context) -> Iterator[IO[bytes]]:
    if args.file in (None, "-"):
        if is_terminal(context.stdin):
            raise UsageError("a terminal: pipe observations in, or name a file with -f FILE")
        yield _binary(context.stdin)
        return
    try:
        stream = open(args.file, "rb")
    except OSError as error:
        raise StateError("cannot read {}: {}".format(args.file, reason(error))) from error
    with stream:
        yield stream


def _binary(stdin: Any) -> Any:
    """Return the bytes below standard input; a host's own stream may be text all through."""
    import io

    return getattr(stdin, "buffer", None) or io.BytesIO(stdin.read().encode("utf-8"))
