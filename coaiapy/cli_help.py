"""``coaia help``: the help of any command, and the topics that belong to all of them."""

import argparse
from typing import List, Tuple

from coaiapy.cli_common import Answer, Parser
from coaiapy.cli_streams import Context
from coaiapy.errors import ExitCode

EXIT_CODES = (
    (ExitCode.OK, "success"),
    (
        ExitCode.FAILED,
        "failure, or what was asked for by its name or id does not exist: a record, a template, an "
        "environment, a key",
    ),
    (
        ExitCode.USAGE,
        "the command line is invalid, or what a file of yours says: a template, a batch, a prompt",
    ),
    (ExitCode.CONFIG, "a setting, a credential or an optional package is missing or wrong"),
    (ExitCode.NETWORK, "a server could not be reached or did not answer in time"),
    (ExitCode.REFUSED, "a server refused the request"),
    (
        ExitCode.STATE,
        "a file or folder is missing or cannot be read or written, or coaia's own state is damaged "
        "or locked",
    ),
    (ExitCode.INTERRUPTED, "interrupted (Ctrl-C); another signal: 128 + its number"),
)

# Read from the environment only: these are no settings.
OTHER_VARIABLES = (
    ("COAIAPY_ENV_PATH", "file to read settings from instead of ./.env (the same as --env)"),
    ("COAIA_HOME", "folder for coaia's own files (default: ~/.coaia)"),
    ("COAIA_DEBUG", "set to 1 to show a traceback if an error occurs (the same as --debug)"),
    ("LANGFUSE_SAMPLE_RATE", "not used: coaia sends every trace"),
    ("NO_COLOR", "set to 1 to show nothing in color, unless --color always is given"),
    (
        "COAIA_<NAME>",
        "value of the template variable <name> in coaia pipeline create, unless --var sets it",
    ),
)

# How a point in time may be written wherever a command or a file asks for one.
TIMES = (
    ("2026-01-31T12:00:00Z", "ISO 8601, with Z or an offset such as +02:00"),
    ("2026-01-31 12:00", "ISO 8601 without an offset: local time"),
    ("2026-01-31", "the start of that day, local time"),
    ("260131120000", "yyMMddHHmmss, in UTC"),
    ("2601311200", "yyMMddHHmm, in UTC"),
    ("1769860800", "Unix time in seconds; may have a fraction"),
    ("2h", "two hours ago, as an option (also 90s, 5m, 3d and 1w)"),
    ("yesterday", "the start of yesterday in local time, as an option (also now and today)"),
    (
        "monday 09:30",
        "the last time that it was so late on a Monday, as an option (also tue ...)",
    ),
    ("(ten digits)", "yyMMddHHmm or Unix time, whichever is nearer to now"),
)

# How long commands wait, and what changes it.
TIMEOUTS = (
    ("--timeout SECONDS", "the whole command; takes the place of the limits marked with *"),
    ("--timeout 0", "ask no server: writes wait in the outbox, reads show what is on this machine"),
    (
        "15 s *",
        "sending what a command has written; with over 1000 records since the last progress",
    ),
    ("300 s *", "all pages of a listing"),
    ("30 s *", "everything that coaia fuse doctor or coaia config check --online asks"),
    ("15 s", "one request to Langfuse with its retries; 90 s for later pages and imported items"),
    ("1.5 s *", "everything, if the Langfuse server did not answer within the last hour or more"),
    ("LANGFUSE_TIMEOUT", "each wait for a part of an answer of Langfuse (default: 5 s)"),
    ("OPENAI_TIMEOUT", "the complete answer of a language model (default: 120 s)"),
    ("REDIS_TIMEOUT", "an answer of Redis (default: 5 s); a large value may take up to 60 s"),
    ("30 s", "a request to GitHub; a file to or from a storage, and 1 s more for each 16 kB"),
    ("60 s", "a request to AWS; a transcription job may take hours"),
)

TOPICS = (
    ("exit-codes", "what the exit codes mean"),
    ("timeouts", "how long commands wait for servers"),
    ("times", "how to write a point in time"),
    ("variables", "the environment variables that coaia reads"),
)

_EPILOG = """\
topics:
{}
examples:
  coaia help pipeline create
  coaia help exit-codes
  coaia help --json
"""


def build(parser: Parser, words: List[str]) -> None:
    """Give ``parser`` what follows ``coaia help``."""
    parser.epilog = _EPILOG.format("".join("  {:<12} {}\n".format(*topic) for topic in TOPICS))
    parser.add_argument("words", nargs="*", metavar="COMMAND", help="a command or a topic")
    parser.add_argument(
        "--json",
        action="store_true",
        help="print all commands with their operands, options, types and examples, and the exit codes",
    )
    parser.set_defaults(handler=_show)


def _show(args: argparse.Namespace, context: Context) -> None:
    if args.json:
        return _show_json(args, context)
    if args.words == ["exit-codes"]:
        raise Answer(_table([(str(int(code)), meaning) for code, meaning in EXIT_CODES]))
    if args.words == ["times"]:
        raise Answer(_table(list(TIMES)))
    if args.words == ["timeouts"]:
        raise Answer(_table(list(TIMEOUTS)))
    if args.words == ["variables"]:
        raise Answer(_table(variables()))
    _show_help(args)


def _show_help(args: argparse.Namespace) -> None:
    line = args.words + ["--help"]
    args.build_parser(line).parse_args(line)


def _show_json(args: argparse.Namespace, context: Context) -> None:
    """Print the named command with all below it, with what is true of all commands at the root."""
    from coaiapy import __version__
    from coaiapy.cli_output import print_json
    from coaiapy.command_tree import command

    try:
        _show_help(args)
    except Answer:
        pass  # there is such a command
    found = command(args.build_parser, args.words)
    if not args.words:
        found["version"] = __version__
        found["exit_codes"] = [{"code": int(c), "meaning": text} for c, text in EXIT_CODES]
        found["topics"] = dict(TOPICS)
    print_json(context, found)


def variables() -> List[Tuple[str, str]]:
    """Return every environment variable that is read, with what it is for."""
    from coaiapy.config.schema import KEYS

    rows = []
    for key in KEYS:
        for name in key.all_variables:
            first = key.variables[0]
            same = "the same, used if {} is not set".format(first)
            rows.append((name, key.description if name == first else same))
    return rows + list(OTHER_VARIABLES)


def _table(rows: List[Tuple[str, str]]) -> str:
    width = max(len(name) for name, _ in rows)
    return "".join("{}  {}\n".format(name.ljust(width), text) for name, text in rows)
