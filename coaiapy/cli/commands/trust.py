"""``coaia trust`` and ``coaia untrust``: which files of projects may redirect keys or programs."""

import argparse
from typing import List, Optional

from coaiapy.checks import project_files
from coaiapy.cli.input import agrees
from coaiapy.cli.options import add_yes
from coaiapy.cli.output import add_listing_options, show_listing
from coaiapy.cli.parser import Parser, as_command
from coaiapy.cli.streams import Context
from coaiapy.config import trust
from coaiapy.errors import NotFoundError, UsageError
from coaiapy.util import times
from coaiapy.util.text.wording import counted


def trust_(args: argparse.Namespace, context: Context) -> Optional[int]:
    """Trust a project's files as they are now, once somebody has said so; or list what is trusted."""
    if args.list:
        _list(args, context)
        return None
    if args.json or args.jsonl or args.csv or args.columns:
        raise UsageError("--json, --jsonl, --csv and --columns are for --list: add it")
    found = project_files.subjects(args.path)
    for subject in found:
        context.note(subject.path)
        for sentence in subject.allows:
            context.note("  " + sentence)
    if not args.yes and not agrees(context, "trust {}?".format(counted(len(found), "file"))):
        context.note("nothing was trusted")
        return 1
    for subject in found:
        trust.trust(subject.path, subject.digest)
    context.note("trusted until the content changes (coaia untrust ends it)")
    return None


def untrust(args: argparse.Namespace, context: Context) -> None:
    """Trust a file, or all files of a folder, no more."""
    count = trust.untrust(args.path)
    if not count:
        raise NotFoundError(
            "nothing in {} is trusted: coaia trust --list shows what is".format(args.path)
        )
    context.note("{} not trusted any more".format(counted(count, "file")))


def _list(args: argparse.Namespace, context: Context) -> None:
    rows = [
        {"path": one.path, "state": one.state, "since": times.parse_time(one.since)}
        for one in trust.listed()
    ]
    show_listing(args, context, rows, trust.COLUMNS, "trusted file")


def build_trust(parser: Parser, words: List[str]) -> None:
    """Give ``parser`` what follows ``coaia trust``."""
    _add_path(parser, "folder of a project, or one of its files (default: the current folder)")
    add_yes(parser)
    parser.add_argument(
        "--list", action="store_true", help="list the trusted files, and which have changed since"
    )
    add_listing_options(parser)
    as_command(
        parser,
        trust_,
        """coaia trust
        coaia trust .env --yes
        coaia trust --list""",
        local=True,
    )


def build_untrust(parser: Parser, words: List[str]) -> None:
    """Give ``parser`` what follows ``coaia untrust``."""
    _add_path(parser, "file, or folder with all that is in it (default: the current folder)")
    as_command(
        parser,
        untrust,
        """coaia untrust
        coaia untrust ~/src/project/.env""",
        local=True,
    )


def _add_path(parser: Parser, help: str) -> None:
    parser.add_argument("path", metavar="FILE", nargs="?", default=".", help=help)
