"""What the commands for a folder of prompts share: their arguments, and what they say."""

import argparse
from typing import Any, List

from coaiapy.cli.parser import Parser, add_command
from coaiapy.cli.streams import Context
from coaiapy.config import settings
from coaiapy.errors import ExitCode
from coaiapy.langfuse.prompts import compare, files
from coaiapy.langfuse.prompts.compare import MISSING, Compared
from coaiapy.langfuse.prompts.content import LATEST
from coaiapy.langfuse.prompts.sync import Failed
from coaiapy.util.text.wording import counted


def add_folder_command(group: Any, name: str, handler: Any, help: str, example: str = "") -> Parser:
    """Add a command that takes a folder, names of prompts and a label."""
    line = "coaia fuse prompts {} prompts".format(name)
    parser = add_command(group, name, handler, help, "\n".join([line, example]))
    parser.add_argument("folder", metavar="DIR", help="folder of the prompt files")
    parser.add_argument("names", metavar="NAME", nargs="*", help="only these prompts")
    add_label(parser)
    return parser


def add_label(parser: Parser) -> None:
    """Add ``--label``, which says what of the server a folder is compared with."""
    parser.add_argument(
        "--label",
        default=LATEST,
        help="use the server's version with this label (default: latest)",
    )


def add_complete(parser: Parser) -> None:
    """Add ``--complete``, for a command that shows differences."""
    parser.add_argument(
        "--complete", action="store_true", help="also count prompts that only the server has"
    )


def differing(args: argparse.Namespace, context: Context) -> List[Compared]:
    """Return the prompts that differ between the folder and the server."""
    compared = compare_folder(args, context)
    found = compare.differing(compared, args.names, args.complete)
    there = [one for one in compared if one.state == MISSING and one not in found]
    if there:
        count = counted(len(there), "prompt")
        context.note("{} only on the server (--complete counts these, too)".format(count))
    return found


def compare_folder(args: argparse.Namespace, context: Context) -> List[Compared]:
    """Return the prompts of the folder and of the server; tell which could not be read."""
    folder = files.read_checked(args.folder)
    for path in folder.others:
        context.note("ignored {}: a prompt file begins with ---".format(path))
    known = settings.load(context.env_file)
    compared = compare.compare(known, folder.prompts, args.names, args.label)
    for one in compared:
        if one.error is not None:
            context.warn("the prompt {!r} could not be read: {}".format(one.name, one.error))
    return compared


def note_failed(context: Context, failed: List[Failed]) -> int:
    """Tell which prompts were not written; return the exit code."""
    for one in failed:
        context.warn("{} was not written: {}".format(one.name, one.error))
    return max((one.error.exit_code for one in failed), default=ExitCode.OK)


def note_written(context: Context, dry_run: bool, count: int, what: str) -> None:
    """Tell how many were written."""
    said = "would be written" if dry_run else "written"
    context.note("{} {}".format(counted(count, what), said))
