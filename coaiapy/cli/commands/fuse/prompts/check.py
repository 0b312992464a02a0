"""``coaia fuse prompts check``: what is wrong in a folder of prompts, and where the server differs."""

import argparse
from typing import Any

from coaiapy.cli.commands.fuse.prompts.folders import add_complete, add_folder_command, differing
from coaiapy.cli.options import add_problem_format
from coaiapy.cli.output import show_problems
from coaiapy.cli.streams import Context
from coaiapy.config import settings
from coaiapy.errors import ExitCode, NotFoundError
from coaiapy.langfuse.prompts import problems
from coaiapy.langfuse.prompts.files import ENDING
from coaiapy.langfuse.prompts.problems import Checked
from coaiapy.util.text.wording import counted


def build(group: Any) -> None:
    """Add ``check`` to ``coaia fuse prompts``."""
    check = add_folder_command(
        group,
        "check",
        check_prompts,
        "check the files in DIR (exit code 2), and whether the server has the same (exit code 1)",
        "coaia fuse prompts check prompts --offline --format github",
    )
    check.add_argument("--offline", action="store_true", help="only check the files")
    add_complete(check)
    add_problem_format(check)


def check_prompts(args: argparse.Namespace, context: Context) -> int:
    """Show the problems of the files; where there are none, what differs on the server."""
    known = settings.load(context.env_file)
    checked = problems.check_folder(args.folder, args.names)
    _check_given(args, checked)
    is_alone = args.offline or not known.has_server
    found = list(checked.problems)
    if is_alone:
        found += checked.conflicts + [problem for _, problem in checked.elsewhere]
        _note_alone(args, context, checked)
    elif not found:
        found = problems.missing_references(known, checked)
    if found or is_alone:
        return show_problems(context, args.format, found, problems.RULES)
    differences = differing(args, context)
    found = problems.compared_problems(known, args.folder, checked, differences, args.label)
    show_problems(context, args.format, found, problems.RULES)
    if not found:
        count = counted(len(checked.texts), "prompt")
        context.note("{} checked, and the server has the same".format(count))
    return ExitCode.FAILED if found else ExitCode.OK


def _check_given(args: argparse.Namespace, checked: Checked) -> None:
    """Raise ``NotFoundError`` where nothing would be checked that the user has named."""
    for name in args.names:
        if name + ENDING in checked.others:
            raise NotFoundError(
                "{} in the folder {} is no prompt file: let it begin with ---".format(
                    name + ENDING, args.folder
                )
            )
    if not (checked.texts or checked.problems or args.complete):
        raise NotFoundError(
            "no prompt in the folder {} ({} ignored): a prompt file ends with {} and begins with "
            "---".format(args.folder, counted(len(checked.others), "file"), ENDING)
        )


def _note_alone(args: argparse.Namespace, context: Context, checked: Checked) -> None:
    for name in args.names:
        if name not in checked.texts:
            raise NotFoundError("no prompt {!r} in the folder {}".format(name, args.folder))
    for path in checked.others:
        context.note("ignored {}: a prompt file begins with ---".format(path))
    context.note("{} checked, and no server asked".format(counted(len(checked.texts), "prompt")))
