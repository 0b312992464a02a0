"""``coaia fuse prompts pull``, ``push``, ``diff`` and ``check``: prompts as files in a folder."""

import argparse
from typing import Any, List

from coaiapy.cli.commands.fuse.prompts import push
from coaiapy.cli.commands.fuse.prompts.folders import (
    add_folder_command,
    compare_folder,
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
from coaiapy.langfuse.prompts.compare import MISSING, SAME, Compared
from coaiapy.langfuse.prompts.display import COMPARED_COLUMNS, PULLED_COLUMNS
from coaiapy.langfuse.prompts.sync import KEPT
from coaiapy.util.text import counted


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
    check = add_folder_command(
        group,
        "check",
        check_prompts,
        "list the prompts that differ between DIR and the server (exit code 1 if any do)",
    )
    for parser in (diff, check):
        parser.add_argument(
            "--complete", action="store_true", help="also count prompts that only the server has"
        )
    add_listing_options(check)


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
    found = _differing(args, context)
    if args.json:
        print_json(context, [dict(one.row(), diff=prompt_compare.diff(one)) for one in found])
        return ExitCode.FAILED if found else ExitCode.OK
    for one in found:
        context.say(prompt_compare.diff(one).rstrip("\n"))
    return ExitCode.FAILED if found else ExitCode.OK


def check_prompts(args: argparse.Namespace, context: Context) -> int:
    """Show which prompts differ, and fail if one does."""
    found = _differing(args, context)
    show_listing(args, context, [one.row() for one in found], COMPARED_COLUMNS, "difference")
    return ExitCode.FAILED if found else ExitCode.OK


def _differing(args: argparse.Namespace, context: Context) -> List[Compared]:
    compared = compare_folder(args, context)
    found = prompt_compare.differing(compared, args.names, args.complete)
    there = [one for one in compared if one.state == MISSING and one not in found]
    if there:
        count = counted(len(there), "prompt")
        context.note("{} only on the server (--complete counts these, too)".format(count))
    return found
