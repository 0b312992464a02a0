"""``coaia env diff``, ``copy`` and ``edit``: environments beside each other and as texts."""

import argparse
import os
from typing import Dict, List, Optional

from coaiapy.cli.commands.env.listing import (
    add_dotenv,
    add_place,
    add_reveal,
    masked,
    path_of,
    reader,
)
from coaiapy.cli.input import agrees
from coaiapy.cli.parser import Parser, as_command
from coaiapy.cli.streams import Context, flush, is_terminal
from coaiapy.env import editing
from coaiapy.env.places import UNNAMED, is_path, path_or_name
from coaiapy.errors import CoaiaError, StateError

_ABOUT = "name of the environment ({} is the unnamed one), or path of a file".format(UNNAMED)


def build_diff(parser: Parser, words: List[str]) -> None:
    """Give ``parser`` what follows ``coaia env diff``."""
    from coaiapy.cli.output import add_listing_options

    for name in ("first", "second"):
        parser.add_argument(name, metavar="ENVIRONMENT", help=_ABOUT)
    add_dotenv(parser)
    add_reveal(parser)
    add_listing_options(parser)
    as_command(
        parser,
        diff,
        """coaia env diff staging production
        coaia env diff default .env.example --json""",
        local=True,
    )


def build_copy(parser: Parser, words: List[str]) -> None:
    """Give ``parser`` what follows ``coaia env copy``."""
    for name in ("source", "target"):
        parser.add_argument(name, metavar="ENVIRONMENT", help=_ABOUT)
    parser.add_argument("--force", action="store_true", help="replace an environment that exists")
    as_command(
        parser,
        copy,
        """coaia env copy default staging
        coaia env copy ~/.coaia/global.env dev --force""",
        local=True,
    )


def build_edit(parser: Parser, words: List[str]) -> None:
    """Give ``parser`` what follows ``coaia env edit``."""
    add_place(parser)
    parser.add_argument(
        "--discard", action="store_true", help="drop a text that an earlier edit has kept"
    )
    as_command(
        parser,
        edit,
        """coaia env edit
        coaia env edit --name production""",
        local=True,
    )


def diff(args: argparse.Namespace, context: Context) -> int:
    """Show in which variables two environments differ; 1 if there are any."""
    from coaiapy.cli.output import show_listing
    from coaiapy.env.explain import DIFF_COLUMNS, differences

    rows = differences(args.first, args.second, args.dotenv, reader(args))
    if not args.reveal:
        _mask(rows)
    show_listing(args, context, rows, DIFF_COLUMNS, "difference")
    return 1 if rows else 0


def _mask(rows: List[Dict[str, object]]) -> None:
    for side in ("first", "second"):
        given = {str(row["variable"]): str(row[side]) for row in rows if row[side] is not None}
        shown = masked(given)
        for row in rows:
            row[side] = shown.get(str(row["variable"]))


def copy(args: argparse.Namespace, context: Context) -> None:
    """Copy an environment's file."""
    source, target = path_or_name(args.source), path_or_name(args.target)
    editing.copy(source, target, None if is_path(args.target) else args.target, args.force)
    context.note("copied {} to {}".format(source, target))


def edit(args: argparse.Namespace, context: Context) -> Optional[int]:
    """Have an environment's file edited, until it can be understood."""
    draft = editing.open_draft(path_of(args))
    if args.discard:
        editing.discard(draft)
        context.note("no text is kept for {}".format(draft.path))
        return None
    from coaiapy.running.system import check_system

    check_system()
    if draft.is_kept:
        context.note("going on with the text in {} (--discard drops it)".format(draft.place))
    while True:
        _call_editor(draft, context)
        try:
            is_changed = editing.finish(draft)
            said = "changed {}" if is_changed else "{} was not changed"
            context.note(said.format(draft.path))
            return None
        except StateError as error:
            context.warn(str(error))
            if not is_terminal(context.stdin) or not agrees(context, "edit it again?"):
                raise StateError(_kept(draft)) from error


def _call_editor(draft: editing.Draft, context: Context) -> None:
    """Run the user's editor on the draft; ``CoaiaError`` if it fails, with the draft kept if changed."""
    from coaiapy.running.launch import run_unrecorded

    flush(context.stderr)
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    code = run_unrecorded(["sh", "-c", editor + ' "$@"', editor, draft.place], os.environ).code
    if not code:
        return
    said = "the editor {!r} ended with exit code {} (VISUAL or EDITOR names another)".format(
        editor, code
    )
    if draft.is_changed:
        raise CoaiaError("{}; {}".format(said, _kept(draft)))
    editing.discard(draft)
    raise CoaiaError("{}, and nothing was changed".format(said))


def _kept(draft: editing.Draft) -> str:
    return (
        "your text is kept in {0}: coaia env edit goes on with it, coaia env diff {1} {0} compares "
        "it".format(draft.place, draft.path)
    )
