"""Datasets from and to files: ``coaia fuse datasets import`` and ``export``, training data."""

import argparse
from typing import Any, Dict, List, Optional

from coaiapy.cli.input import open_input
from coaiapy.cli.options import add_columns, add_dry_run, add_json, add_output
from coaiapy.cli.output import print_json
from coaiapy.cli.parser import add_command
from coaiapy.cli.streams import Context, write_text
from coaiapy.config import settings
from coaiapy.errors import ExitCode, NotFoundError
from coaiapy.langfuse.client.errors import ConflictError
from coaiapy.langfuse.datasets import files as dataset_files
from coaiapy.langfuse.datasets.datasets import (
    FIELDS,
    is_archived,
    list_dataset_items,
    lists_archived,
)
from coaiapy.langfuse.datasets.files import FileItems, Imported, import_dataset_items
from coaiapy.langfuse.datasets.finetuning import training_data
from coaiapy.langfuse.records.body import Body
from coaiapy.util.files import write_output
from coaiapy.util.formats.columns import map_of
from coaiapy.util.text.wording import counted, listed

FAILED_SHOWN = 20


def build_files(group: Any) -> None:
    """Add ``import`` and ``export`` to ``coaia fuse datasets``."""
    _build_import(group)
    _build_export(group)


def _build_import(group: Any) -> None:
    bring = add_command(
        group,
        "import",
        import_items,
        "import items from a file; importing it again changes nothing",
        """coaia fuse datasets import questions items.jsonl --create
        coaia fuse datasets import questions items.csv --map question=input --dry-run""",
    )
    bring.add_argument("name", metavar="NAME")
    bring.add_argument("file", metavar="FILE", help="JSON Lines, JSON, YAML or CSV file, or -")
    bring.add_argument(
        "--format",
        choices=dataset_files.READABLE,
        help="format of the file (default: by its extension)",
    )
    add_columns(bring, list(FIELDS))
    add_dry_run(bring, "count the items without sending them")
    bring.add_argument(
        "--new-ids",
        action="store_true",
        help="give items of another dataset new ids; importing again gives the same ones",
    )
    add_create(bring)
    add_json(bring)


def add_create(parser: Any) -> None:
    """Add ``--create``."""
    parser.add_argument("--create", action="store_true", help="create the dataset if it is missing")


def _build_export(group: Any) -> None:
    export = add_command(
        group,
        "export",
        export_items,
        "export the items of a dataset as JSON Lines or CSV",
        "coaia fuse datasets export questions -o items.jsonl",
    )
    export.add_argument("name", metavar="NAME")
    add_output(export, "-o")
    export.add_argument(
        "--format",
        choices=dataset_files.FORMATS,
        help="format (default: by the extension, else jsonl)",
    )
    add_archived(export)


def import_items(args: argparse.Namespace, context: Context) -> int:
    """Bring a file's items into a dataset, and tell what became of each of them."""
    with open_input(args.file, context) as stream:
        shelf = dataset_files.read_dataset_items(
            stream,
            args.name,
            args.file,
            args.format,
            args.new_ids,
            map_of(args.renamed),
            context.note,
        )
    return bring_in(args, context, args.name, FileItems.of(shelf))


def bring_in(args: argparse.Namespace, context: Context, name: str, found: FileItems) -> int:
    """Import items, and tell what became of each of them."""
    known = settings.load(context.env_file)
    result = import_dataset_items(known, name, found, args.dry_run, args.create)
    counts = result.counts()
    if args.json:
        print_json(context, counts)
    _report(context, result, args.dry_run)
    if result.problem is not None:
        return result.problem.exit_code
    return ExitCode.REFUSED if result.failed or result.missing else ExitCode.OK


def _report(context: Context, result: Imported, dry_run: bool) -> None:
    for failed in result.failed[:FAILED_SHOWN]:
        context.warn("{0.place} ({0.id}) was not accepted: {0.error}".format(failed))
    if len(result.failed) > FAILED_SHOWN:
        context.warn("and {} more".format(len(result.failed) - FAILED_SHOWN))
    if any(isinstance(failed.error, (NotFoundError, ConflictError)) for failed in result.failed):
        context.warn("an item id can be in one dataset only: add --new-ids to copy the items")
    if result.problem is not None and result.problem not in [one.error for one in result.failed]:
        context.warn("cannot read the dataset to check the import: {}".format(result.problem))
    counts = result.counts()
    said = ["{} {}".format(counts[name], name) for name in ("new", "changed", "same")]
    for name in ("repeated", "failed", "unsent", "missing"):
        if counts[name]:
            said.append("{} {}".format(counts[name], name))
    text = "{}{}: {}".format(
        counted(counts["total"], "item"), ", nothing was sent" if dry_run else "", ", ".join(said)
    )
    if result.there is not None:
        text += "; the dataset has {}".format(result.there)
        if result.archived:
            text += " and {} of the file, archived".format(result.archived)
    context.note(text)


def export_items(args: argparse.Namespace, context: Context) -> None:
    """Write a dataset's items as JSON Lines or CSV."""
    is_csv = (args.format or dataset_files.format_of(args.output)) == dataset_files.CSV
    items = listed_items(args, context, args.name)
    _write(
        context, args.output, (dataset_files.to_csv if is_csv else dataset_files.to_jsonl)(items)
    )
    context.note(counted(len(items), "item" if args.archived else "active item"))


def listed_items(args: argparse.Namespace, context: Context, name: str) -> List[Body]:
    """Return the items of a dataset, the archived ones if ``--archived`` asks for them.

    Says what is left out.
    """
    known = settings.load(context.env_file)
    items = list_dataset_items(known, name)
    active = [item for item in items if not is_archived(item)]
    if args.archived:
        if len(active) == len(items) and not lists_archived(known):
            context.note(
                "this server does not list archived items: coaia fuse dataset-items get ID shows one"
            )
        return items
    if len(active) < len(items):
        left_out = counted(len(items) - len(active), "archived item")
        context.note("left out: {}; add --archived".format(left_out))
    return active


def add_archived(parser: argparse.ArgumentParser) -> None:
    """Add ``--archived``."""
    parser.add_argument(
        "--archived",
        action="store_true",
        help="include archived items, if the server lists them (servers of v3 and v4 do not)",
    )


def write_training_data(
    args: argparse.Namespace, context: Context, items: List[Body], vendor: str
) -> None:
    """Write items as a vendor's training data, and count those that are left out."""
    data = training_data(items, vendor, args.system_instruction)
    _write(context, args.output, data.jsonl())
    ids: Dict[str, List[str]] = {}
    for skipped in data.skipped:
        ids.setdefault(skipped.reason, []).append(skipped.id)
    for reason in sorted(ids):
        context.warn(
            "skipped {}: {} ({})".format(
                counted(len(ids[reason]), "item"), reason, listed(ids[reason], FAILED_SHOWN)
            )
        )
    context.note("{} of {}".format(len(data.records), counted(len(items), "item")))


def _write(context: Context, path: Optional[str], text: str) -> None:
    if path is None:
        write_text(context.stdout, text)
    else:
        write_output(path, text)
