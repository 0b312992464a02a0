"""``coaia fuse prompts push``: files to the server; what reaches production is shown and asked about."""

import argparse
from typing import Any, List

from coaiapy.cli.commands.fuse.prompts.folders import (
    add_folder_command,
    compare_folder,
    note_failed,
    note_written,
)
from coaiapy.cli.input import agrees
from coaiapy.cli.options import add_dry_run, add_yes
from coaiapy.cli.output import add_listing_options, show_listing
from coaiapy.cli.streams import Context
from coaiapy.config import settings
from coaiapy.errors import ExitCode
from coaiapy.langfuse.prompts import sync
from coaiapy.langfuse.prompts.compare import BEHIND, DRIFTED, MISSING, SAME, UNREADABLE, Compared
from coaiapy.langfuse.prompts.display import COMPARED_COLUMNS
from coaiapy.langfuse.prompts.sync import Deployed
from coaiapy.util.text.wording import counted

_NOT_PUSHED = (SAME, MISSING, UNREADABLE, DRIFTED)


def build(group: Any) -> None:
    """Add ``push`` to ``coaia fuse prompts``."""
    push = add_folder_command(
        group,
        "push",
        push_prompts,
        "write the changed prompts in DIR to the server",
        "coaia fuse prompts push prompts --allow-label production",
    )
    add_dry_run(push)
    push.add_argument(
        "--force", action="store_true", help="push even over a newer version on the server"
    )
    push.add_argument(
        "--recreate", action="store_true", help="push also what was deleted on the server"
    )
    push.add_argument(
        "--allow-label",
        action="append",
        metavar="LABEL",
        default=[],
        help="do not ask before this label is moved (production is asked about); repeatable",
    )
    add_yes(push)
    push.add_argument("-m", "--commit-message", metavar="TEXT", help="description of the change")
    add_listing_options(push)


def push_prompts(args: argparse.Namespace, context: Context) -> int:
    """Write the files that differ to the server."""
    compared = [one for one in compare_folder(args, context) if one.state not in _NOT_PUSHED]
    show_listing(args, context, [one.row() for one in compared], COMPARED_COLUMNS, "change")
    chosen = sync.pushable(compared, args.force, args.recreate)
    for one in compared:
        if one.state == BEHIND and one not in chosen:
            context.note(
                "{name} was not pushed: the file is of version {fileVersion}, but the server has "
                "{version}; pull it first or add --force".format(**one.row())
            )
    deployed = sync.deployed(settings.load(context.env_file), chosen, args.label)
    if not _is_allowed(args, context, deployed):
        context.note("nothing was pushed")
        return ExitCode.FAILED
    failed = sync.unpushable(compared, args.label, args.force, args.recreate)
    pushed = [one.name for one in chosen]
    if not args.dry_run:
        pushed = []
        failed += _push(args, context, chosen, deployed, pushed)
    note_written(context, args.dry_run, len(pushed), "prompt")
    return note_failed(context, failed)


def _push(
    args: argparse.Namespace,
    context: Context,
    chosen: List[Compared],
    deployed: List[Deployed],
    pushed: List[str],
) -> List[sync.Failed]:
    def written(name: str, prompt: Any) -> None:
        pushed.append(name)
        context.note("created version {} of {}".format(prompt["version"], name))

    known = settings.load(context.env_file)
    message = args.commit_message
    return sync.push(known, args.folder, chosen, args.label, message, written, deployed)


def _is_allowed(args: argparse.Namespace, context: Context, deployed: List[Deployed]) -> bool:
    """Show what protected labels would be moved to, and ask unless that was allowed."""
    labels = sorted({one.label for one in deployed} - set(args.allow_label))
    is_allowed = args.yes or args.dry_run or not labels
    shown = context if is_allowed else context.unquiet
    for one in deployed:
        shown.note(one.diff().rstrip("\n"))
        before = "version {}".format(one.holder["version"]) if one.holder else "no version"
        shown.note("{} of {} moves here from {}".format(one.label, one.one.name, before))
    if is_allowed:
        return True
    what = "put {} on {}?".format(
        ", ".join(labels), counted(len({one.one.name for one in deployed}), "prompt")
    )
    options = " ".join("--allow-label " + label for label in labels)
    return agrees(context, what, "add --yes, or {}".format(options))
