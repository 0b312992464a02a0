"""``coaia env list``: the variables of one environment or of all, as tables and as data."""

import argparse
from typing import Dict, List, Mapping, NamedTuple

from coaiapy import environment
from coaiapy.cli.parser import OneOfSeveral, Parser, as_command
from coaiapy.cli.streams import Context, is_terminal
from coaiapy.env import cascade
from coaiapy.env import files as env_files
from coaiapy.env.places import UNNAMED, VARIABLE_COLUMNS, chosen
from coaiapy.errors import UsageError


class Place(NamedTuple):
    """An environment as a listing names it."""

    name: str
    location: str
    path: str


def build(parser: Parser, words: List[str]) -> None:
    """Give ``parser`` what follows ``coaia env list``."""
    add_place(parser, default="both")
    from coaiapy.cli.output import add_listing_options

    add_listing_options(parser, "one environment as a JSON object, or all of them as a JSON list")
    add_reveal(parser)
    parser.add_argument(
        "--explain",
        metavar="VARIABLE",
        help="show every place that may have this variable, which of them counts, and why",
    )
    add_dotenv(parser)
    as_command(
        parser,
        show,
        """coaia env list
        coaia env list --name dev --json
        coaia env list --explain API_URL --name production""",
        local=True,
    )


def add_place(parser: Parser, default: str = "project") -> None:
    """Add the options that say which environment it is; ``default`` is that of the location."""
    parser.add_argument("--name", metavar="ENVIRONMENT", help="name of the environment")
    parser.add_argument(
        "--location",
        action=OneOfSeveral,
        choices=environment.LOCATIONS,
        help="project: ./.coaia-env, global: ~/.coaia/global.env (default: {})".format(default),
    )
    parser.add_argument(
        "--global",
        dest="location",
        action=OneOfSeveral,
        const="global",
        help="same as --location global",
    )


def add_dotenv(parser: Parser) -> None:
    """Add ``--dotenv``, for a command that reads the cascade of a project."""
    parser.add_argument(
        "--dotenv",
        action="store_true",
        default=None,
        help="read the project's .env files too (default: the setting COAIA_DOTENV)",
    )


def add_format(parser: Parser) -> None:
    """Add ``--format``, that of a new file."""
    parser.add_argument(
        "--format",
        choices=env_files.FORMATS,
        help="format of a new file: a JSON object (default) or KEY=VALUE lines (env)",
    )


def add_schema(parser: Parser) -> None:
    """Add ``--schema``."""
    parser.add_argument(
        "--schema",
        metavar="FILE",
        help="schema to go by (default: .coaia-env.schema.json, else .env.example)",
    )


def add_reveal(parser: Parser) -> None:
    """Add ``--reveal``."""
    parser.add_argument("--reveal", action="store_true", help="show secret values instead of ****")


def path_of(args: argparse.Namespace) -> str:
    """Return the path of the environment that the options name."""
    return environment.path_of(args.name, args.location or "project")


def note_format(args: argparse.Namespace, path: str, context: Context) -> None:
    """Say so if the file has another format than the one that was asked for."""
    if args.format is None:
        return
    found = env_files.load(path)
    if found and found.format != args.format:
        context.note("{} exists and keeps its format, {}".format(path, found.format))


def show(args: argparse.Namespace, context: Context) -> None:
    """Show one environment when it is named, else every one."""
    is_one = args.name is not None or args.location is not None
    if args.explain:
        return _explain(args, context)
    if args.jsonl or args.csv or args.columns:
        _print_rows(args, context, _places(args))
    elif is_one and not args.json:
        variables = shown_variables(context, path_of(args), args.reveal)
        context.say(shown_table(context, variables))
    elif args.json:
        from coaiapy.cli.output import print_json

        found = [_as_json(context, place, args.reveal) for place in _places(args)]
        print_json(context, found[0]["variables"] if is_one else found)
    else:
        _print_all(context, _places(args), args.reveal)


def _explain(args: argparse.Namespace, context: Context) -> None:
    """Show in which places a variable is, and which of them counts."""
    from coaiapy.cli.output import show_listing
    from coaiapy.env.explain import EXPLAIN_COLUMNS, explained

    if args.location:
        raise UsageError("--explain looks into both locations: leave --location out")
    rows = explained(args.explain, chosen(args.name), args.dotenv, reader(args))
    for row in rows:
        value = row["value"]
        if isinstance(value, str) and not args.reveal:
            row["value"] = masked({args.explain: value})[args.explain]
    show_listing(args, context, rows, EXPLAIN_COLUMNS, "place")


def reader(args: argparse.Namespace) -> cascade.Reader:
    """Return what reads files: values are only decrypted to be shown."""
    return environment.variables_in if args.reveal else environment.stored_in


def shown_variables(context: Context, path: str, reveal: bool) -> Dict[str, str]:
    """Return the variables of a file, with ``****`` for secrets unless ``reveal``.

    What cannot be decrypted then is warned of, and stays masked.
    """
    if not reveal:
        return masked(environment.existing_stored_in(path))
    variables, failures = environment.decrypted(path)
    if failures:
        others = "" if len(failures) == 1 else " (so are {} more)".format(len(failures) - 1)
        context.warn(failures[0] + others)
    return variables


def masked(variables: Mapping[str, str]) -> Dict[str, str]:
    """Return variables with ``****`` for what is secret by its name or by the project's schema."""
    from coaiapy.env.schema import files as schema_files
    from coaiapy.util import masking

    return masking.masked(variables, schema_files.secret_names())


def shown_table(context: Context, variables: Mapping[str, str]) -> str:
    """Return a table of variables; on a terminal, values are cut to its width."""
    width = None
    if is_terminal(context.stdout):
        import shutil

        width = shutil.get_terminal_size().columns
    return environment.format_environment_table(variables, True, width)


def _places(args: argparse.Namespace) -> List[Place]:
    if args.name is not None or args.location is not None:
        return [Place(args.name or UNNAMED, args.location or "project", path_of(args))]
    return [Place(o.name or UNNAMED, o.location, o.path) for o in environment.environments()]


def _print_all(context: Context, places: List[Place], reveal: bool) -> None:
    if not places:
        context.note("there are no environments yet: create one with coaia env init")
        return
    tables = [
        "{} ({}, {})\n{}".format(
            name, location, path, shown_table(context, shown_variables(context, path, reveal))
        )
        for name, location, path in places
    ]
    context.say("\n\n".join(tables))


def _print_rows(args: argparse.Namespace, context: Context, places: List[Place]) -> None:
    """Print one row a variable."""
    from coaiapy.cli.output import show_listing

    rows = [
        {"environment": name, "location": location, "variable": key, "value": value}
        for name, location, path in places
        for key, value in shown_variables(context, path, args.reveal).items()
    ]
    show_listing(args, context, rows, VARIABLE_COLUMNS, "variable")


def _as_json(context: Context, place: Place, reveal: bool) -> Dict[str, object]:
    return dict(place._asdict(), variables=shown_variables(context, place.path, reveal))
