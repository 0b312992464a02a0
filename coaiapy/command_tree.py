"""The commands as data, read off their parsers: for ``coaia help --json`` and docs/cli.md."""

import argparse
import re
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple

Command = Dict[str, Any]
BuildParser = Callable[[List[str]], Any]

# What the function that checks a value takes, by its name; without one a value is any text.
TYPES = {
    "str": "text",
    "trace": "id of a trace",
    "session": "id of a session",
    "observation": "id of an observation",
    "score": "id of a score",
    "comment": "id of a comment",
    "int": "integer",
    "positive": "integer above 0",
    "seconds": "seconds",
    "seconds_or_zero": "seconds",
    "seconds_to_keep": "seconds",
    "time": "time",
    "json_object": "JSON object",
    "json_value": "JSON",
    "categories_from_text": "JSON",
    "upper": "text",
    "_number": "number",
    "_temperature": "number",
    "_variable": "KEY=VALUE",
}
_DEFAULT = re.compile(r"\(default: ([^;()]*)[;)]")


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
