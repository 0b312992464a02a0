"""``coaia pipeline diff``: what differs between two templates."""

import argparse
from typing import Any

from coaiapy.cli.options import add_json
from coaiapy.cli.output import print_json
from coaiapy.cli.parser import add_command
from coaiapy.cli.streams import Context
from coaiapy.util.text.wording import counted


def build(group: Any) -> None:
    """Add the command to ``coaia pipeline``."""
    parser = add_command(
        group,
        "diff",
        diff,
        "compare two templates: their variables and steps, field by field",
        """coaia pipeline diff data-pipeline company-etl
        coaia pipeline diff old/etl.yaml .coaia/templates/etl.yaml""",
        local=True,
    )
    for place in ("a", "b"):
        parser.add_argument(place, metavar="TEMPLATE", help="name or file of a template")
    add_json(parser)


def diff(args: argparse.Namespace, context: Context) -> None:
    """Show what differs between two templates."""
    from coaiapy.authoring import sources
    from coaiapy.authoring.difference import differences

    found = differences(sources.load(args.a), sources.load(args.b))
    if args.json:
        print_json(context, [one._asdict() for one in found])
    else:
        for one in found:
            context.say(one.text())
    context.note(counted(len(found), "difference"))
