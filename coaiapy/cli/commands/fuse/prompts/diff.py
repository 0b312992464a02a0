"""``coaia fuse prompts diff``: a folder and the server, or two versions of a prompt."""

import argparse
import os
from typing import Any

from coaiapy.cli.commands.fuse.prompts.folders import add_complete, add_label, differing
from coaiapy.cli.options import add_json
from coaiapy.cli.output import print_json
from coaiapy.cli.parser import add_command
from coaiapy.cli.streams import Context
from coaiapy.config import settings
from coaiapy.errors import ExitCode, StateError
from coaiapy.langfuse.prompts import compare
from coaiapy.langfuse.prompts.display import version_diff
from coaiapy.langfuse.prompts.prompts import get_prompt
from coaiapy.langfuse.records.body import Body
from coaiapy.util.text.parsing import whole_number


def build(group: Any) -> None:
    """Add ``diff`` to ``coaia fuse prompts``."""
    parser = add_command(
        group,
        "diff",
        diff_prompts,
        "show the differences between DIR and the server, or between two versions of a prompt "
        "(exit code 1 if there are any)",
        """coaia fuse prompts diff prompts
        coaia fuse prompts diff team/greeting 2 3
        coaia fuse prompts diff team/greeting production staging""",
    )
    parser.add_argument(
        "folder", metavar="DIR", help="folder of the prompt files, or the name of a prompt"
    )
    parser.add_argument(
        "names", metavar="NAME", nargs="*", help="only these prompts; or two versions or labels"
    )
    add_label(parser)
    add_complete(parser)
    add_json(parser)


def diff_prompts(args: argparse.Namespace, context: Context) -> int:
    """Show every difference, and fail if there is one."""
    if _is_about_versions(args):
        return _diff_versions(args, context)
    if not os.path.exists(args.folder):
        raise StateError(
            "there is no folder {}: create it with coaia fuse prompts pull, or, to compare two "
            "versions of a prompt, give its name and both of their numbers or labels".format(
                args.folder
            )
        )
    found = differing(args, context)
    if args.json:
        print_json(context, [dict(one.row(), diff=compare.diff(one)) for one in found])
        return ExitCode.FAILED if found else ExitCode.OK
    for one in found:
        context.say(compare.diff(one).rstrip("\n"))
    return ExitCode.FAILED if found else ExitCode.OK


def _is_about_versions(args: argparse.Namespace) -> bool:
    """Tell whether the words are a prompt and two versions: two numbers, or there is no such folder."""
    if len(args.names) != 2 or args.folder.endswith("/"):
        return False
    return all(whole_number(one) for one in args.names) or not os.path.isdir(args.folder)


def _diff_versions(args: argparse.Namespace, context: Context) -> int:
    before, after = (_version(args, context, one) for one in args.names)
    diff = version_diff(before, after)
    if args.json:
        found = {"name": args.folder, "from": before["version"], "to": after["version"]}
        print_json(context, dict(found, diff=diff))
    elif diff:
        context.say(diff.rstrip("\n"))
    else:
        context.note("both versions have the same content")
    return ExitCode.FAILED if diff else ExitCode.OK


def _version(args: argparse.Namespace, context: Context, word: str) -> Body:
    known, number = settings.load(context.env_file), whole_number(word)
    return get_prompt(known, args.folder, None if number else word, number, resolve=False)
