"""``coaia env check`` and ``env docs``: the files of an environment and the project's schema."""

import argparse
from typing import List, Optional

from coaiapy.cli.commands.env.listing import add_dotenv, add_schema
from coaiapy.cli.options import add_output, add_problem_format
from coaiapy.cli.parser import Parser, as_command
from coaiapy.cli.streams import Context
from coaiapy.env.files import is_dotenv
from coaiapy.env.places import chosen
from coaiapy.env.schema.rules import RULES, Schema
from coaiapy.errors import UsageError


def build_check(parser: Parser, words: List[str]) -> None:
    """Give ``parser`` what follows ``coaia env check``."""
    parser.add_argument(
        "files",
        metavar="FILE",
        nargs="*",
        help="check these files, each for itself, by the schema in its folder (default: all files of "
        "an environment)",
    )
    parser.add_argument(
        "--name", metavar="ENVIRONMENT", help="environment to check (default: COAIA_ENV)"
    )
    add_dotenv(parser)
    add_schema(parser)
    add_problem_format(parser)
    as_command(
        parser,
        check,
        """coaia env check
        coaia env check --name production --format github
        coaia env check .coaia-env.production .coaia-env.schema.json""",
        local=True,
    )


def build_docs(parser: Parser, words: List[str]) -> None:
    """Give ``parser`` what follows ``coaia env docs``."""
    add_schema(parser)
    add_output(parser, "-o")
    as_command(
        parser,
        docs,
        """coaia env docs
        coaia env docs -o docs/variables.md""",
        local=True,
    )


def check(args: argparse.Namespace, context: Context) -> int:
    """Print every violation of the schema; 2 if there are any."""
    from coaiapy.checks import environments
    from coaiapy.cli.output import show_problems
    from coaiapy.env.schema import files

    if args.files and (args.name is not None or args.dotenv):
        raise UsageError(
            "--name and --dotenv say which files to check: leave out the names of files"
        )
    if args.files:
        found = environments.check_files(args.files, args.schema)
    else:
        schema = files.load(args.schema)
        speaks_of_dotenv = is_dotenv(schema.path) or None
        found = environments.check(schema, chosen(args.name), args.dotenv or speaks_of_dotenv)
    for sentence in found.remarks:
        context.warn(sentence)
    if not found.problems:
        context.note("nothing breaks the schema")
    return show_problems(context, args.format, found.problems, RULES)


def docs(args: argparse.Namespace, context: Context) -> None:
    """Write the schema as a table in Markdown."""
    from coaiapy.env.schema.table import markdown
    from coaiapy.util.files import write_output

    lines = markdown(right_schema(args.schema))
    if args.output:
        write_output(args.output, "\n".join(lines) + "\n")
        context.note("wrote {}".format(args.output))
        return
    for line in lines:
        context.say(line)


def right_schema(path: Optional[str]) -> Schema:
    """Return the schema of a project; ``UsageError`` if there is something wrong with it."""
    from coaiapy.env.schema import files

    schema = files.load(path)
    if schema.problems:
        first = sorted(schema.problems)[0]
        raise UsageError("{} (coaia env check shows all problems)".format(first.text()))
    return schema
