"""``coaia fuse datasets``: listing, reading and creating datasets; items from and to files."""

import argparse
from typing import Any, List

from coaiapy.cli.commands.fuse.datasets import files, traces
from coaiapy.cli.options import add_json, add_output, json_object
from coaiapy.cli.output import add_listing_options, print_json, show_listing
from coaiapy.cli.parser import add_command, subcommands
from coaiapy.cli.streams import Context
from coaiapy.config import settings
from coaiapy.langfuse.datasets import datasets
from coaiapy.langfuse.datasets.display import COLUMNS, format_dataset_display
from coaiapy.langfuse.datasets.finetuning import DEFAULT_INSTRUCTION, GEMINI, OPENAI


def build(parser: argparse.ArgumentParser, words: List[str]) -> None:
    """Add the commands of ``coaia fuse datasets``."""
    group = subcommands(parser, words, "coaia fuse datasets list")
    listing = add_command(
        group, "list", list_datasets, "list datasets", "coaia fuse datasets list --json"
    )
    add_listing_options(listing)
    _build_get(group)
    _build_create(group)
    files.build_files(group)
    traces.build_traces(group)


def _build_get(group: Any) -> None:
    get = add_command(
        group,
        "get",
        get_dataset,
        "show a dataset and its items, or print the items as training data",
        """coaia fuse datasets get questions
        coaia fuse datasets get questions -oft -o training.jsonl""",
    )
    get.add_argument("name", metavar="NAME")
    add_json(get, help="print JSON, including the items")
    get.add_argument(
        "-oft", "--openai-ft", action="store_true", help="print OpenAI training data (JSON Lines)"
    )
    get.add_argument(
        "-gft", "--gemini-ft", action="store_true", help="print Gemini training data (JSON Lines)"
    )
    get.add_argument(
        "--system-instruction",
        metavar="TEXT",
        default=DEFAULT_INSTRUCTION,
        help="system message for items without one (default: %(default)s)",
    )
    add_output(get, "-o", "write the training data to this file")
    files.add_archived(get)


def _build_create(group: Any) -> None:
    create = add_command(
        group,
        "create",
        create_dataset,
        "create a dataset, or update an existing one",
        'coaia fuse datasets create questions --description "What users ask"',
    )
    create.add_argument("name", metavar="NAME")
    create.add_argument("--description", metavar="TEXT", help="description of the dataset")
    create.add_argument(
        "--metadata", metavar="JSON|TEXT", help='metadata as JSON; a text becomes {"note": TEXT}'
    )
    for option, what in (
        ("--input-schema", "input"),
        ("--expected-output-schema", "expected output"),
    ):
        create.add_argument(
            option,
            type=json_object,
            metavar="JSON",
            help="JSON Schema that the {} of every item must match".format(what),
        )
    add_json(create)


def list_datasets(args: argparse.Namespace, context: Context) -> None:
    """Show the datasets."""
    found = datasets.list_datasets(settings.load(context.env_file))
    show_listing(args, context, found, COLUMNS, "dataset")


def get_dataset(args: argparse.Namespace, context: Context) -> None:
    """Show a dataset, or its items as training data."""
    known = settings.load(context.env_file)
    dataset = datasets.get_dataset(known, args.name)
    if args.openai_ft or args.gemini_ft:
        vendor = OPENAI if args.openai_ft else GEMINI
        items = datasets.list_dataset_items(known, args.name)
        return files.write_training_data(args, context, items, vendor)
    items = files.listed_items(args, context, args.name)
    if args.json:
        print_json(context, dict(dataset, items=items))
    else:
        context.say(format_dataset_display(dataset, items, context.local_times))


def create_dataset(args: argparse.Namespace, context: Context) -> None:
    """Create or change a dataset."""
    created = datasets.create_dataset(
        settings.load(context.env_file),
        args.name,
        args.description,
        args.metadata,
        args.input_schema,
        args.expected_output_schema,
    )
    if (args.input_schema or args.expected_output_schema) and "inputSchema" not in created:
        context.warn("this Langfuse server does not check items: it ignores the schemas")
    if args.json:
        return print_json(context, created)
    context.say(created["id"])
    context.note("dataset {}".format(created["name"]))
