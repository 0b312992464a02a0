"""``coaia help``: the help of any command, and the topics that belong to all of them.

All commands are also data, read off their parsers: for ``coaia help --json`` and docs/cli.md.
"""

import argparse
import re
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple

from coaiapy import patience
from coaiapy.cli.parser import Parser, as_command
from coaiapy.cli.streams import Answer, Context
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
    (
        ExitCode.CONFIG,
        "a setting, a credential or an optional package is missing or wrong, or nobody can be asked",
    ),
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
    ("COAIA_ENV", "name of the project's environment to read over .coaia-env"),
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
_s = "{:g} s".format
# How long commands wait, and what changes it.
TIMEOUTS = (
    ("--timeout SECONDS", "the whole command; takes the place of the limits marked with *"),
    ("--timeout 0", "ask no server: writes wait in the outbox, reads show what is on this machine"),
    (
        _s(patience.DELIVERY) + " *",
        "sending what a command has written; with over 1000 records since the last progress",
    ),
    (_s(patience.LISTING) + " *", "all pages of a listing"),
    (
        _s(patience.CHECKS) + " *",
        "everything that coaia fuse doctor or coaia config check --online asks",
    ),
    (
        _s(patience.LANGFUSE),
        "one request to Langfuse with its retries; {} for later pages and imported items".format(
            _s(patience.LANGFUSE_PAGE)
        ),
    ),
    (
        _s(patience.BRIEF) + " *",
        "everything, if the Langfuse server did not answer within the last hour or more",
    ),
    (
        "LANGFUSE_TIMEOUT",
        "each wait for a part of an answer of Langfuse (default: {:g} s)".format(
            patience.LANGFUSE_PART
        ),
    ),
    (
        "OPENAI_TIMEOUT",
        "the complete answer of a language model (default: {:g} s)".format(patience.OPENAI.whole),
    ),
    (
        "REDIS_TIMEOUT",
        "an answer of Redis (default: {:g} s); a large value may take up to {:g} s".format(
            patience.REDIS_PART, patience.REDIS
        ),
    ),
    (
        _s(patience.WEB_API.whole),
        "a request to GitHub; a file to or from a storage, and 1 s more for each 16 kB",
    ),
    (_s(patience.AWS.whole), "a request to AWS; a transcription job may take hours"),
)
TOPICS = (
    ("exit-codes", "what the exit codes mean"),
    ("timeouts", "how long commands wait for servers"),
    ("times", "how to write a point in time"),
    ("variables", "the environment variables that coaia reads"),
)
_EXAMPLE = """coaia help pipeline create
coaia help exit-codes
coaia help --json"""
Command = Dict[str, Any]
BuildParser = Callable[[List[str]], Any]
# What the function that checks a value takes, by its name; without one a value is any text.
TYPES = {
    "str": "text",
    "queue_name": "text",
    "trace": "id of a trace",
    "session": "id of a session",
    "observation": "id of an observation",
    "score": "id of a score",
    "comment": "id of a comment",
    "new": "new id",
    "int": "integer",
    "positive": "integer above 0",
    "seconds": "seconds",
    "seconds_or_zero": "seconds",
    "seconds_to_keep": "seconds",
    "time": "time",
    "ago": "length of time",
    "json_object": "JSON object",
    "json_value": "JSON",
    "categories_from_text": "JSON",
    "upper": "text",
    "_format": "text",
    "_rate": "N/min",
    "_number": "number",
    "_temperature": "number",
    "_variable": "KEY=VALUE",
}
_DEFAULT = re.compile(r"\(default: ([^;()]*)[;)]")


def build(parser: Parser, words: List[str]) -> None:
    """Give ``parser`` what follows ``coaia help``."""
    as_command(parser, _show, _EXAMPLE, local=True)
    topics = "".join("  {:<12} {}\n".format(*topic) for topic in TOPICS)
    parser.epilog = "topics:\n{}\n{}".format(topics, parser.epilog)
    parser.add_argument("words", nargs="*", metavar="COMMAND", help="a command or a topic")
    parser.add_argument(  # cli.options is slow to import, and help should be quick
        "--json",
        action="store_true",
        help="print all commands with their operands, options, types and examples, and the exit codes",
    )


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
    from coaiapy.cli.output import print_json

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


def command(
    build_parser: BuildParser, words: Sequence[str] = (), aliases: Sequence[str] = ()
) -> Command:
    """Return a command with all that is below it in ``commands``.

    ``operands`` and ``options`` say ``required``, ``repeatable``, ``type``, ``choices``, ``default``
    and ``help``; an operand has a ``name``, an option ``names`` and the name of its ``value``
    (``None``: it takes none). ``notes`` are what else its help says, as lines by their heading.
    """
    parser = build_parser(list(words))
    for word in words:
        parser = _group(parser).choices[word]
    group = _group(parser)
    actions = [one for one in parser._actions if "--help" not in one.option_strings]
    shown = [one for one in actions if one is not group and one.help != argparse.SUPPRESS]
    operands = [_operand(one, parser) for one in shown if not one.option_strings]
    options = [_option(one, parser) for one in shown if one.option_strings]
    notes = dict(_sections(parser.epilog or ""))
    examples = [notes.pop(name, []) for name in ("example", "examples")]
    name = " ".join(("coaia",) + tuple(words))
    return {
        "name": name,
        "aliases": list(aliases),
        "usage": _usage(name, operands, options, group, parser),
        "help": parser.description,
        "operands": operands,
        "options": options,
        "examples": examples[0] + examples[1],
        "notes": notes,
        "commands": [command(build_parser, (*words, one), more) for one, more in _listed(group)],
    }


def flat(whole: Command) -> Iterator[Command]:
    """Yield a command and every one below it, a group before what is in it."""
    yield whole
    for one in whole["commands"]:
        yield from flat(one)


def _group(parser: Any) -> Any:
    """Return the action that holds the subcommands of a parser, or None."""
    found = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
    return found[0] if found else None


def _listed(group: Any) -> Iterator[Tuple[str, List[str]]]:
    """Yield the name of each command of a group and its aliases."""
    for one in group._choices_actions if group else ():
        name, _, others = one.metavar.partition(" (")
        yield name, others.rstrip(")").split(", ") if others else []


def _usage(
    name: str, operands: List[Command], options: List[Command], group: Any, parser: Any
) -> str:
    usage = [name] + [forms(one)[-1] for one in options if one["required"]]
    usage += ["[OPTION]..."] if any(not one["required"] for one in options) else []
    usage += [place(one) for one in operands]
    needs_command = parser.get_default("handler").__name__ == "print_help"
    usage += ["COMMAND" if needs_command else "[COMMAND]"] if group else []
    return " ".join(usage)


def place(operand: Command) -> str:
    """Return an operand as a usage line has it."""
    name = str(operand["name"])
    if " " in name:  # it says itself how many there may be
        return name
    name = name if operand["required"] else "[{}]".format(name)
    return name + "..." if operand["repeatable"] else name


def forms(option: Command) -> List[str]:
    """Return the ways to write an option, its value with the last of them."""
    names = list(option["names"])
    if option["value"]:
        names[-1] += " " + option["value"]
    return names


def _operand(action: Any, parser: Any) -> Command:
    about = {"name": action.metavar or action.dest.upper()}
    required = action.nargs not in ("?", "*")
    return dict(
        about, required=required, repeatable=action.nargs in ("*", "+"), **_value(action, parser)
    )


def _option(action: Any, parser: Any) -> Command:
    repeats = isinstance(action, argparse._AppendAction)
    value = None
    if action.nargs != 0:
        name = str(action.metavar or action.dest.upper())
        value = {"?": "[{}]", "*": "[{}]...", "+": "{}..."}.get(action.nargs, "{}").format(name)
    about = {"names": list(action.option_strings), "value": value, "required": action.required}
    return dict(about, repeatable=repeats, **_value(action, parser))


def _value(action: Any, parser: Any) -> Command:
    said = parser._get_formatter()._expand_help(action) if action.help else ""
    kind = TYPES[action.type.__name__] if action.type else "text"
    return {
        "type": "flag" if action.nargs == 0 else kind,
        "choices": [str(choice) for choice in action.choices or ()],
        "default": _default(action, said),
        "help": said,
    }


def _default(action: Any, said: str) -> Optional[Any]:
    """Return the value itself, or what the help says that it is."""
    plain = action.default
    if isinstance(plain, (str, int, float)) and plain not in (argparse.SUPPRESS, False):
        return plain
    told = _DEFAULT.search(said)
    return told.group(1) if told else None


def _sections(epilog: str) -> Iterator[Tuple[str, List[str]]]:
    """Yield the parts of the text below the options: (heading, lines)."""
    lines: List[str] = []
    for line in epilog.splitlines():
        if line.endswith(":") and not line.startswith(" "):
            lines = []
            yield line[:-1], lines
        elif line.strip():
            lines.append(line.strip())
