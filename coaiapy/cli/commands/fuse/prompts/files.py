"""``coaia fuse prompts pull``, and the other commands for prompts as files in a folder."""

import argparse
from typing import Any

from coaiapy.cli.commands.fuse.prompts import check, diff, push
from coaiapy.cli.commands.fuse.prompts.folders import (
    add_folder_command,
    note_failed,
    note_written,
)
from coaiapy.cli.options import add_dry_run
from coaiapy.cli.output import add_listing_options, show_listing
from coaiapy.cli.streams import Context
from coaiapy.config import settings
from coaiapy.langfuse.prompts import sync as prompt_sync
from coaiapy.langfuse.prompts.compare import SAME
from coaiapy.langfuse.prompts.display import PULLED_COLUMNS
from coaiapy.langfuse.prompts.sync import KEPT


def build(group: Any) -> None:
    """Add the commands for prompt files to ``coaia fuse prompts``."""
    pull = add_folder_command(
        group, "pull", pull_prompts, "write the server's prompts to files in DIR"
    )
    add_dry_run(pull)
    pull.add_argument(
        "--force", action="store_true", help="overwrite files that were changed in DIR"
    )
    add_listing_options(pull)
    push.build(group)
    diff.build(group)
    check.build(group)


def pull_prompts(args: argparse.Namespace, context: Context) -> int:
    """Write the server's prompts to files."""
    known = settings.load(context.env_file)
    pulled = prompt_sync.pull(known, args.folder, args.names, args.label, args.dry_run, args.force)
    show_listing(args, context, pulled.rows, PULLED_COLUMNS, "prompt")
    changed = [row for row in pulled.rows if row["state"] not in (SAME, KEPT)]
    note_written(context, args.dry_run, len(changed), "file")
    return note_failed(context, pulled.failed)
