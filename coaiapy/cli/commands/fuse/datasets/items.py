"""``coaia fuse dataset-items``: the items of a dataset, one by one."""

import argparse
from typing import Any, List

from coaiapy.cli import references
from coaiapy.cli.commands.fuse.datasets.files import add_archived, listed_items
from coaiapy.cli.options import add_json, json_or_text
from coaiapy.cli.output import add_listing_options, show_listing, show_record, show_written
from coaiapy.cli.parser import add_command, subcommands
from coaiapy.cli.streams import Context
from coaiapy.config import settings
from coaiapy.langfuse.datasets import datasets
from coaiapy.langfuse.datasets.datasets import metadata_from
from coaiapy.langfuse.datasets.display import ITEM_COLUMNS


def build_items(parser: argparse.ArgumentParser, words: List[str]) -> None:
    """Add the commands of ``coaia fuse dataset-items``."""
    group = subcommands(parser, words, "coaia fuse dataset-items list questions")
    _build_create_item(group)
    listing = add_command(
        group,
        "list",
        list_items,
        "list the items of a dataset",
        "coaia fuse dataset-items list questions",
    )
    listing.add_argument("dataset", metavar="DATASET")
    add_archived(listing)
    add_listing_options(listing)
    get = add_command(
        group, "get", get_item, "show one item", "coaia fuse dataset-items get item-1"
    )
    get.add_argument("id", metavar="ITEM_ID")
    add_json(get)
    delete = add_command(
        group, "delete", delete_items, "delete items", "coaia fuse dataset-items delete item-1"
    )
    delete.add_argument("ids", metavar="ITEM_ID", nargs="+")


def _build_create_item(group: Any) -> None:
    create = add_command(
        group,
        "create",
        create_item,
        "create an item, or update an existing one, and print its id",
        """coaia fuse dataset-items create questions -i "What is 2+2?" -e 4
        coaia fuse dataset-items create questions -i '{"q": "x"}' --source-trace $COAIA_TRACE_ID""",
    )
    create.add_argument("dataset", metavar="DATASET")
    create.add_argument(
        "-i", "--input", metavar="JSON|TEXT", required=True, help="input, as JSON or as text"
    )
    create.add_argument(
        "-e", "--expected", metavar="JSON|TEXT", help="expected output, as JSON or as text"
    )
    create.add_argument(
        "-m",
        "--metadata",
        metavar="JSON|TEXT",
        help='metadata as JSON; a text becomes {"note": TEXT}',
    )
    create.add_argument(
        "--source-trace",
        metavar="ID",
        type=references.trace,
        help="trace that the item comes from",
    )
    create.add_argument(
        "--source-observation",
        metavar="ID",
        type=references.observation,
        help="observation of that trace",
    )
    create.add_argument("--id", help="id of the item (default: a new id)")
    create.add_argument(
        "--status", type=str.upper, choices=datasets.STATUSES, help="status of the item"
    )
    add_json(create)


def create_item(args: argparse.Namespace, context: Context) -> None:
    """Write an item."""
    created = datasets.create_dataset_item(
        settings.load(context.env_file),
        args.dataset,
        json_or_text(args.input),
        json_or_text(args.expected),
        metadata_from(args.metadata),
        args.source_trace,
        args.source_observation,
        args.id,
        args.status,
    )
    show_written(args, context, created)


def list_items(args: argparse.Namespace, context: Context) -> None:
    """Show the items of a dataset."""
    found = listed_items(args, context, args.dataset)
    show_listing(args, context, found, ITEM_COLUMNS, "item")


def get_item(args: argparse.Namespace, context: Context) -> None:
    """Show one item field by field."""
    found = datasets.get_dataset_item(settings.load(context.env_file), args.id)
    show_record(args, context, found)


def delete_items(args: argparse.Namespace, context: Context) -> None:
    """Delete items."""
    known = settings.load(context.env_file)
    for item_id in args.ids:
        datasets.delete_dataset_item(known, item_id)
        context.note("deleted {}".format(item_id))
