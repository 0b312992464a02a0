"""``coaia fuse``: one module a resource; only the one that the command line enters is built."""

import argparse
import importlib
from typing import List, NamedTuple, Tuple

from coaiapy.cli_common import subcommands


class Resource(NamedTuple):
    """A word after ``coaia fuse``, and the module that builds what comes after it."""

    name: str
    module: str
    help: str
    aliases: Tuple[str, ...] = ()


RESOURCES = (
    Resource("traces", "cli_traces", "list, view, write and delete traces and observations"),
    Resource("prompts", "cli_prompts", "list, read, write and label prompts; prompts as files"),
    Resource("datasets", "cli_datasets", "list, read, import and export datasets; training data"),
    Resource("dataset-items", "cli_dataset_items", "write, list and delete items of datasets"),
    Resource("sessions", "cli_sessions", "list, view and make sessions; sessions as files"),
    Resource("comments", "cli_comments", "read and write comments on what there is"),
    Resource("projects", "cli_projects", "the project that the keys belong to"),
    Resource("doctor", "cli_doctor", "check settings, server and outbox", ("test-connection",)),
    Resource("scores", "cli_scores", "verdicts on traces, sessions and runs", ("sc",)),
    Resource(
        "score-configs",
        "cli_score_configs",
        "what scores may say: kept, applied, exported, installed",
        ("scc",),
    ),
    Resource("outbox", "cli_outbox", "what is still owed to a server"),
)


def build(parser: argparse.ArgumentParser, words: List[str]) -> None:
    """Add the resources to ``coaia fuse``."""
    group = subcommands(parser)
    for resource in RESOURCES:
        branch = group.add_parser(
            resource.name,
            aliases=list(resource.aliases),
            help=resource.help,
            description=resource.help[:1].upper() + resource.help[1:] + ".",
        )
        if resource.name in words or set(resource.aliases) & set(words):
            importlib.import_module("coaiapy." + resource.module).build(branch, words)
