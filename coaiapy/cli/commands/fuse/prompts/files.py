"""``coaia fuse prompts pull``, ``push``, ``diff`` and ``check``: prompts as files in a folder."""

import argparse
from typing import Any, List

from coaiapy.cli.options import add_dry_run, add_json
from coaiapy.cli.output import add_listing_options, print_json, show_listing
from coaiapy.cli.parser import Parser, add_command
from coaiapy.cli.streams import Context
from coaiapy.config import settings
from coaiapy.errors import ExitCode
from coaiapy.langfuse.prompts import compare as prompt_compare
from coaiapy.langfuse.prompts import files as prompt_files
from coaiapy.langfuse.prompts import sync as prompt_sync
from coaiapy.langfuse.prompts.compare import BEHIND, MISSING, SAME, UNREADABLE, Compared
from coaiapy.langfuse.prompts.content import LATEST
from coaiapy.langfuse.prompts.display import COMPARED_COLUMNS, PULLED_COLUMNS
from coaiapy.langfuse.prompts.sync import KEPT, Failed
from coaiapy.util.text import counted


def build(group: Any) -> None:
    """Add the commands for prompt files to ``coaia fuse prompts``."""
    pull = _add(group, "pull", pull_prompts, "write the server's prompts to files in DIR")
    add_dry_run(pull)
    pull.add_argument(
        "--force", action="store_true", help="overwrite files that were changed in DIR"
    )
    add_listing_options(pull)
    push = _add(group, "push", push_prompts, "write the changed prompts in DIR to the server")
    add_dry_run(push)
    push.add_argument(
        "--force", action="store_true", help="push even over a newer version on the server"
    )
    push.add_argument("-m", "--commit-message", metavar="TEXT", help="description of the change")
    add_listing_options(push)
    diff = _add(
        group,
        "diff",
        diff_prompts,
        "show the differences between DIR and the server (exit code 1 if there are any)",
    )
    add_json(diff)
    check = _add(
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


def _add(group: Any, name: str, handler: Any, help: str) -> Parser:
    parser = add_command(group, name, handler, help, "coaia fuse prompts {} prompts".format(name))
    parser.add_argument("folder", metavar="DIR", help="folder of the prompt files")
    parser.add_argument("names", metavar="NAME", nargs="*", help="only these prompts")
    parser.add_argument(
        "--label",
        default=LATEST,
        help="use the server's version with this label (default: latest)",
    )
    return parser


def pull_prompts(args: argparse.Namespace, context: Context) -> int:
    """Write the server's prompts to files."""
    known = settings.load(context.env_file)
    pulled = prompt_sync.pull(known, args.folder, args.names, args.label, args.dry_run, args.force)
    show_listing(args, context, pulled.rows, PULLED_COLUMNS, "prompt")
    changed = [row for row in pulled.rows if row["state"] not in (SAME, KEPT)]
    _note_written(context, args.dry_run, len(changed), "file")
    return _note_failed(context, pulled.failed)


def push_prompts(args: argparse.Namespace, context: Context) -> int:
    """Write the files that differ to the server."""
    compared = [
        one for one in _compare(args, context) if one.state not in (SAME, MISSING, UNREADABLE)
    ]
    show_listing(args, context, [one.row() for one in compared], COMPARED_COLUMNS, "change")
    chosen = prompt_sync.pushable(compared, args.force)
    for one in compared:
        if one.state == BEHIND and one not in chosen:
            context.note(
                "{name} was not pushed: the file is of version {fileVersion}, but the server has "
                "{version}; pull it first or add --force".format(**one.row())
            )
    failed = prompt_sync.unpushable(compared, args.label, args.force)
    pushed = [one.name for one in chosen]
    if not args.dry_run:
        pushed = []

        def written(name: str, prompt: Any) -> None:
            pushed.append(name)
            context.note("created version {} of {}".format(prompt["version"], name))

        known = settings.load(context.env_file)
        message = args.commit_message
        failed += prompt_sync.push(known, args.folder, chosen, args.label, message, written)
    _note_written(context, args.dry_run, len(pushed), "prompt")
    return _note_failed(context, failed)


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
    compared = _compare(args, context)
    found = prompt_compare.differing(compared, args.names, args.complete)
    there = [one for one in compared if one.state == MISSING and one not in found]
    if there:
        count = counted(len(there), "prompt")
        context.note("{} only on the server (--complete counts these, too)".format(count))
    return found


def _compare(args: argparse.Namespace, context: Context) -> List[Compared]:
    folder = prompt_files.read_checked(args.folder)
    for path in folder.others:
        context.note("ignored {}: a prompt file begins with ---".format(path))
    known = settings.load(context.env_file)
    compared = prompt_compare.compare(known, folder.prompts, args.names, args.label)
    for one in compared:
        if one.error is not None:
            context.warn("the prompt {!r} could not be read: {}".format(one.name, one.error))
    return compared


def _note_failed(context: Context, failed: List[Failed]) -> int:
    for one in failed:
        context.warn("{} was not written: {}".format(one.name, one.error))
    return max((one.error.exit_code for one in failed), default=ExitCode.OK)


def _note_written(context: Context, dry_run: bool, count: int, what: str) -> None:
    said = "would be written" if dry_run else "written"
    context.note("{} {}".format(counted(count, what), said))
