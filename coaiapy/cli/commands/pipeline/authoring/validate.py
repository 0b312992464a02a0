"""``coaia pipeline validate``: what is wrong with templates, without values of their variables."""

import argparse
from typing import Any

from coaiapy.cli.options import add_problem_format
from coaiapy.cli.output import show_problems
from coaiapy.cli.parser import add_command
from coaiapy.cli.streams import Context
from coaiapy.util.text.wording import counted


def build(group: Any) -> None:
    """Add the command to ``coaia pipeline``."""
    parser = add_command(
        group,
        "validate",
        validate,
        "check templates for all mistakes that can be found without values",
        """coaia pipeline validate
        coaia pipeline validate data-pipeline
        coaia pipeline validate templates/ .coaia/templates/etl.yaml --format github""",
        local=True,
    )
    parser.add_argument(
        "templates",
        metavar="TEMPLATE",
        nargs="*",
        help="name, file or folder of templates (default: those of the project)",
    )
    add_problem_format(parser)


def validate(args: argparse.Namespace, context: Context) -> int:
    """Print the problems of templates; return 2 if there are any."""
    from coaiapy.authoring import sources
    from coaiapy.authoring.validation import rules
    from coaiapy.authoring.validation import validate as validation

    paths = sources.named(args.templates)
    code = show_problems(context, args.format, validation.problems(paths), rules.RULES)
    if not code:
        context.note("{} without a problem".format(counted(len(paths), "template")))
    return code
