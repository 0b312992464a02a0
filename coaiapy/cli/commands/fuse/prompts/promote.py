"""``coaia fuse prompts promote`` and ``rollback``: a label moved once its difference was seen."""

import argparse
from typing import Any

from coaiapy.cli.input import agrees
from coaiapy.cli.options import add_dry_run, add_json, add_yes, positive
from coaiapy.cli.output import print_json
from coaiapy.cli.parser import Parser, add_command
from coaiapy.cli.streams import Context
from coaiapy.config import settings
from coaiapy.errors import ExitCode, UsageError
from coaiapy.langfuse.prompts.content import PRODUCTION
from coaiapy.langfuse.prompts.labels import moves
from coaiapy.langfuse.prompts.labels.moves import Plan


def build(group: Any) -> None:
    """Add ``promote`` and ``rollback`` to ``coaia fuse prompts``."""
    promote = add_command(
        group,
        "promote",
        promote_prompt,
        "move a label to the version with another one, once its difference was seen",
        """coaia fuse prompts promote team/greeting --from staging --to production
        coaia fuse prompts promote team/greeting --version 4 --yes""",
    )
    promote.add_argument("name", metavar="NAME")
    source = promote.add_mutually_exclusive_group()
    source.add_argument(
        "--from", dest="by", metavar="LABEL", default="", help="promote the version with this label"
    )
    source.add_argument("--version", type=positive, metavar="N", help="promote this version")
    promote.add_argument(
        "--to",
        dest="label",
        metavar="LABEL",
        default=PRODUCTION,
        help="label to move (default: production)",
    )
    _add_asking(promote)
    _build_rollback(group)


def _build_rollback(group: Any) -> None:
    rollback = add_command(
        group,
        "rollback",
        rollback_prompt,
        "move a label back to the version that had it before, as the log of this machine says",
        """coaia fuse prompts rollback team/greeting
        coaia fuse prompts rollback team/greeting --version 2 --yes""",
    )
    rollback.add_argument("name", metavar="NAME")
    rollback.add_argument(
        "--label", default=PRODUCTION, help="label to move back (default: production)"
    )
    rollback.add_argument(
        "--version",
        type=positive,
        metavar="N",
        help="go back to this version, whatever the log says",
    )
    _add_asking(rollback)


def _add_asking(parser: Parser) -> None:
    add_dry_run(parser, "only show the difference")
    add_yes(parser)
    add_json(parser)


def promote_prompt(args: argparse.Namespace, context: Context) -> int:
    """Move a label to the version that another label is on."""
    if not args.by and args.version is None:
        raise UsageError("say what to promote: --from LABEL or --version N")
    known = settings.load(context.env_file)
    plan = moves.plan_promotion(known, args.name, args.label, args.by, args.version)
    return _carry_out(args, context, plan)


def rollback_prompt(args: argparse.Namespace, context: Context) -> int:
    """Move a label back to the version that it was on before."""
    known = settings.load(context.env_file)
    plan = moves.plan_rollback(known, args.name, args.label, args.version)
    return _carry_out(args, context, plan)


def _carry_out(args: argparse.Namespace, context: Context, plan: Plan) -> int:
    """Show what a move changes, ask, and do it; return 1 if nobody wants it."""
    row = plan.row()
    is_asked = not (plan.is_done or args.dry_run or args.yes)
    if row["diff"] and not args.json:
        context.say(row["diff"].rstrip("\n"))
    elif row["diff"] and is_asked:
        context.unquiet.note(row["diff"].rstrip("\n"))
    move = "move {label} of {name} from version {from} to {to}".format(**row)
    if row["from"] is None:
        move = "put {label} of {name} on version {to}".format(**row)
    if not row["diff"]:
        context.note("both versions have the same content")
    if plan.is_done:
        context.note("{label} of {name} is on version {to} already".format(**row))
    elif args.dry_run:
        context.note("would " + move)
    elif is_asked and not agrees(context, move + "?"):
        context.note("nothing was changed")
        return ExitCode.FAILED
    else:
        moved = moves.carry_out(settings.load(context.env_file), plan)
        row["version"] = moved["version"]
        _note_moved(context, row)
    if args.json:
        print_json(context, row)
    return ExitCode.OK


def _note_moved(context: Context, row: Any) -> None:
    copy = "" if row["version"] == row["to"] else ", a copy of version {to}".format(**row)
    context.note("{label} of {name} is on version {version} now{}".format(copy, **row))
