"""``coaia fuse prompts pull``, ``push``, ``diff`` and ``check``: prompts as files in a folder."""

import argparse
from typing import Any

from coaiapy.cli.commands.fuse.prompts import check, push
from coaiapy.cli.commands.fuse.prompts.folders import (
    add_complete,
    add_folder_command,
    differing,
    note_failed,
    note_written,
)
from coaiapy.cli.options import add_dry_run, add_json
from coaiapy.cli.output import add_listing_options, print_json, show_listing
from coaiapy.cli.streams import Context
from coaiapy.config import settings
from coaiapy.errors import ExitCode
from coaiapy.langfuse.prompts import compare as prompt_compare
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
    diff = add_folder_command(
        group,
        "diff",
        diff_prompts,
        "show the differences between DIR and the server (exit code 1 if there are any)",
    )
    add_json(diff)
    add_complete(diff)
    check.build(group)


def pull_prompts(args: argparse.Namespace, context: Context) -> int:
    """Write the server's prompts to files."""
    known = settings.load(context.env_file)
    pulled = prompt_sync.pull(known, args.folder, args.names, args.label, args.dry_run, args.force)
    show_listing(args, context, pulled.rows, PULLED_COLUMNS, "prompt")
    changed = [row for row in pulled.rows if row["state"] not in (SAME, KEPT)]
    note_written(context, args.dry_run, len(changed), "file")
    return note_failed(context, pulled.failed)


def diff_prompts(args: argparse.Namespace, context: Context) -> int:
    """Show every difference between the files and the server, and fail if there is one."""
    found = differing(args, context)
    if args.json:
        print_json(context, [dict(one.row(), diff=prompt_compare.diff(one)) for one in found])
        return ExitCode.FAILED if found else ExitCode.OK
    for one in found:
        context.say(prompt_compare.diff(one).rstrip("\n"))
    return ExitCode.FAILED if found else ExitCode.OK
