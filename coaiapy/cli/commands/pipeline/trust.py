"""``coaia pipeline trust`` and ``untrust``: which templates of a project may run their commands."""

import argparse
import os
from typing import Any

from coaiapy.cli.input import agrees
from coaiapy.cli.options import add_yes
from coaiapy.cli.output import add_listing_options, show_listing
from coaiapy.cli.parser import add_command
from coaiapy.cli.streams import Context, is_terminal
from coaiapy.config import trust
from coaiapy.errors import ConfigError, NotFoundError, UsageError
from coaiapy.templating import trusted
from coaiapy.templating.trusted import Runnable
from coaiapy.util import times
from coaiapy.util.text.wording import counted

_DIGITS = 12


def build(group: Any) -> None:
    """Add both commands to ``coaia pipeline``."""
    parser = add_command(
        group,
        "trust",
        trust_,
        "trust a template of the project to run its commands",
        """coaia pipeline trust nightly
        coaia pipeline trust --list""",
        local=True,
    )
    parser.add_argument("template", metavar="TEMPLATE", nargs="?")
    add_yes(parser)
    parser.add_argument(
        "--list",
        action="store_true",
        help="list the trusted templates, and which have changed since",
    )
    add_listing_options(parser)
    parser = add_command(
        group,
        "untrust",
        untrust,
        "trust a template of the project no more",
        "coaia pipeline untrust nightly",
        local=True,
    )
    parser.add_argument("template", metavar="TEMPLATE")


def trust_(args: argparse.Namespace, context: Context) -> int:
    """Show what a template runs, and trust its files once somebody has said so."""
    if args.list == bool(args.template):
        raise UsageError("name the template to trust, or list the trusted ones with --list")
    if args.list:
        _list(args, context)
        return 0
    if args.json or args.jsonl or args.csv or args.columns:
        raise UsageError("--json, --jsonl, --csv and --columns are for --list: add it")
    runnable = trusted.load(args.template)
    if not runnable.untrusted:
        context.note("{} may run: it needs no more trust".format(args.template))
        return 0
    return 0 if is_trusted(context, args.template, runnable, args.yes) else 1


def is_trusted(context: Context, name: str, runnable: Runnable, yes: bool) -> bool:
    """Tell whether a template may run; if it is not trusted yet, show its commands and ask.

    Raises ``ConfigError`` where nobody can answer. ``yes`` is the answer if it is true.
    """
    if not runnable.untrusted:
        return True
    for source in runnable.untrusted:
        context.note("{}  sha256 {}".format(source.path, source.digest[:_DIGITS]))
    for command in trusted.commands(runnable.template):
        for line in ("runs " + command.rstrip()).split("\n"):
            context.note("  " + line)
    if not yes and not is_terminal(context.stdin):
        raise ConfigError(
            "the template {0!r} of this project runs commands and is not trusted: read it, then "
            "run coaia pipeline trust {0}, with --yes where nobody can answer".format(name)
        )
    question = "trust {} to run this?".format(counted(len(runnable.untrusted), "file"))
    if not yes and not agrees(context, question):
        context.note("nothing was trusted")
        return False
    trusted.accept(runnable.untrusted)
    context.note("trusted until the content changes (coaia pipeline untrust {})".format(name))
    return True


def untrust(args: argparse.Namespace, context: Context) -> None:
    """Trust the files of a template no more."""
    count = sum(trust.untrust(source.path) for source in trusted.project_files(args.template))
    if not count:
        raise NotFoundError(
            "no file of the template {!r} is trusted: coaia pipeline trust --list shows what "
            "is".format(args.template)
        )
    context.note("{} not trusted any more".format(counted(count, "file")))


def _list(args: argparse.Namespace, context: Context) -> None:
    rows = [
        {
            "name": os.path.splitext(os.path.basename(one.path))[0],
            "state": one.state,
            "since": times.parse_time(one.since),
            "path": one.path,
        }
        for one in trust.listed()
        if _is_template(one.path)
    ]
    show_listing(args, context, rows, trusted.COLUMNS, "trusted template")


def _is_template(path: str) -> bool:
    folder = os.path.dirname(path)
    return os.path.basename(folder) == "templates" and path.endswith((".json", ".yaml", ".yml"))
