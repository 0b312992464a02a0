"""Options and values that many commands take, and the checks of such values."""

import argparse
from typing import Any, List, Optional, Sequence

from coaiapy.cli import references
from coaiapy.errors import UsageError
from coaiapy.util.formats import json_values
from coaiapy.util.shell import SHELLS
from coaiapy.util.text import parsing
from coaiapy.util.text.parsing import whole_number
from coaiapy.util.text.wording import cut_repr

ENVIRONMENT_HELP = "Langfuse environment (default: the setting LANGFUSE_TRACING_ENVIRONMENT)"
LIMIT = 50


def add_json(parser: Any, default: Any = False, help: str = "print JSON") -> None:
    """Add ``--json``."""
    parser.add_argument("--json", action="store_true", default=default, help=help)


def add_problem_format(parser: Any) -> None:
    """Add ``--format`` and ``--json``, for a command that ends with ``show_problems``."""
    from coaiapy.cli.parser import OneOfSeveral
    from coaiapy.util.formats.problems import FORMS

    parser.add_argument(
        "--format",
        action=OneOfSeveral,
        choices=FORMS,
        default="text",
        help="print the problems as text (default), as JSON, as annotations of GitHub Actions, or "
        "as SARIF",
    )
    parser.add_argument(
        "--json", action=OneOfSeveral, dest="format", const="json", help="print JSON"
    )


def add_yes(parser: Any, *also: str, help: str = "do not ask for confirmation") -> None:
    """Add ``--yes``, and other names that it has."""
    parser.add_argument("--yes", *also, dest="yes", action="store_true", help=help)


def add_dry_run(parser: Any, help: str = "show what would be written without writing it") -> None:
    """Add ``--dry-run``."""
    parser.add_argument("--dry-run", action="store_true", help=help)


def add_output(
    parser: Any, short: str, help: str = "file to write (default: standard output)"
) -> None:
    """Add ``--output``; ``short`` is ``-O`` where ``-o`` has another meaning nearby."""
    parser.add_argument(short, "--output", metavar="FILE", help=help)


def add_text_file(parser: Any) -> None:
    """Add ``--file``, for a command that takes a text as an argument or from standard input."""
    parser.add_argument("-F", "--file", help="read the text from this file (- for standard input)")


def add_period(parser: Any, **options: Any) -> None:
    """Add ``--from`` and ``--to``."""
    for name, about in (
        ("from", "only what started at or after this time (formats: coaia help times)"),
        ("to", "only what started before this time"),
    ):
        parser.add_argument(
            "--" + name, dest=name + "_time", type=time, metavar="TIME", help=about, **options
        )


def add_limit(parser: Any, about: str = "list at most this many", default: Any = LIMIT) -> None:
    """Add ``--limit``."""
    parser.add_argument(
        "--limit", type=positive, default=default, help="{} (default: {})".format(about, LIMIT)
    )


def add_environment(parser: Any, help: str = ENVIRONMENT_HELP, **options: Any) -> None:
    """Add ``--environment``, that of Langfuse."""
    parser.add_argument("--environment", metavar="NAME", help=help, **options)


def add_time(parser: Any, name: str, about: str) -> None:
    """Add a point in time that is now if it is not given."""
    help = "{} (default: now; formats: coaia help times)".format(about)
    parser.add_argument(name, type=time, metavar="TIME", help=help)


def add_observation_type(parser: Any, help: str, *short: str, **options: Any) -> None:
    """Add ``--type``, that of an observation."""
    from coaiapy.langfuse.records.fields import OBSERVATION_TYPES  # not needed for most commands

    parser.add_argument(
        *short, "--type", type=str.upper, choices=OBSERVATION_TYPES, help=help, **options
    )


def add_trace_tags(parser: Any) -> None:
    """Add ``--tag``, for a command that may create a trace."""
    parser.add_argument("--tag", action="append", help="tag of the trace; repeatable")


def add_export_env(parser: argparse.ArgumentParser) -> None:
    """Add ``--export-env``, and the shell for its lines."""
    parser.add_argument(
        "--export-env",
        action="store_true",
        help="print shell lines for eval that set the ids, and save them in ./.coaia-env",
    )
    add_shell(parser)


def add_shell(parser: argparse.ArgumentParser) -> None:
    """Add ``--shell``, for a command that prints lines for a shell to evaluate."""
    parser.add_argument(
        "--shell",
        choices=SHELLS,
        default="posix",
        help="shell to print lines for (default: posix)",
    )


def add_fields(parser: Any, names: Sequence[str]) -> None:
    """Add a list of the fields that a file may have to the help of a command that reads it."""
    from textwrap import wrap

    listed = "\n".join(wrap(", ".join(names), 76))
    parser.add_argument_group("columns of a table, or fields of an object", listed)


def add_columns(parser: Any, names: Sequence[str]) -> None:
    """Add ``--map``, and the names of the columns, to a command that reads tables."""
    parser.add_argument(
        "--map",
        action="append",
        dest="renamed",
        metavar="COLUMN=NAME",
        help="read a column of the file under another name, such as question=input; without a "
        "NAME it is left out; repeatable",
    )
    add_fields(parser, names)


def add_id(parser: Any, kind: str, *short: str, **options: Any) -> None:
    """Add ``--KIND-id``. It may also be written without the ``-id``, as some commands had it.

    A record of a kind that has references is one that exists, unless ``type=str`` is among the
    options.
    """
    options.setdefault("type", getattr(references, kind, str))
    parser.add_argument(*short, "--{}-id".format(kind), metavar="ID", **options)
    parser.add_argument(
        "--" + kind,
        dest=kind + "_id",
        type=options["type"],
        default=argparse.SUPPRESS,
        help=argparse.SUPPRESS,
    )


def add_words(parser: Any, usage: str) -> None:
    """Make a command take the words of another program, all that follow the first ``--``.

    They are its ``command``.
    """

    def set_aside(given: List[str]) -> List[str]:
        place = given.index("--") if "--" in given else len(given)
        parser.set_defaults(command=given[place + 1 :])
        return given[:place]

    parser.usage = usage
    parser.set_defaults(command=[])
    parser.joined = set_aside
    parser.meant = lambda left, given: ": put -- before the command ({})".format(usage)


def add_reference(parser: Any, kind: str, variable: str = "") -> None:
    """Add the operand for the id of a record that exists.

    It may be left out if there is a ``variable`` that holds one.
    """
    may_lack: Any = {}
    if variable:
        about = "id of the {}, {} (default: {})".format(kind, references.LATEST_HELP, variable)
        may_lack = {"nargs": "?", "help": about}
    parser.add_argument(
        kind + "_id", metavar=kind.upper() + "_ID", type=getattr(references, kind), **may_lack
    )


def json_or_text(text: Optional[str]) -> Any:
    """Return what a JSON text says, and any other text as it is."""
    if text is None:
        return None
    try:
        return json_values.parse_unique(text)
    except json_values.DuplicateKeyError as error:
        raise UsageError("in {}: {}".format(cut_repr(text), error)) from error
    except ValueError:
        return text


def json_value(text: str) -> Any:
    """Take any JSON."""
    try:
        return json_values.parse_unique(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError("{!r} is not JSON: {}".format(text, error)) from error


def json_object(text: str) -> Any:
    """Take a JSON object."""
    value = json_value(text)
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError("{!r} is not a JSON object".format(text))
    return value


def time(text: str) -> str:
    """Take a point in time, in any form that ``times`` reads, or as people say it."""
    from coaiapy.util import times  # not at the top: most commands take none, and it is slow

    try:
        return times.parse(text) or times.parse_time(text)
    except UsageError as error:
        said = "{}, or as 2h (two hours ago), yesterday or monday".format(error)
        raise argparse.ArgumentTypeError(said) from error


def positive(text: str) -> int:
    """Take a whole number above zero."""
    number = whole_number(text)
    if not number or len(text) > 9:
        raise argparse.ArgumentTypeError("{!r} is not a whole number above 0".format(text))
    return number


def seconds(text: str) -> float:
    """Take a number of seconds above zero."""
    number = parsing.number(text)
    if number is None or not 0 < number < 1e6:
        raise argparse.ArgumentTypeError("{!r} is not a number of seconds above 0".format(text))
    return float(number)
