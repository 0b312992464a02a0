"""Options that every command takes, wherever they stand before ``--``."""

import os
from typing import Any, List, NamedTuple, Optional, Tuple

from coaiapy.errors import UsageError

COLOR_CHOICES = ("auto", "always", "never")
HELP = {
    "--debug": "show a traceback if an error occurs",
    "--quiet": "write no notes and no progress to standard error, only warnings and errors",
    "--utc": "show times in UTC on a terminal too (default: local time there, UTC elsewhere)",
}
COLOR_HELP = "color errors and warnings in trees: auto (only on a terminal, the default), "
COLOR_HELP += "always or never; NO_COLOR turns auto off"
FOOTER = "also with every command: {}, --color WHEN (see: coaia --help)\n".format(", ".join(HELP))


class Globals(NamedTuple):
    """What the options of every command say."""

    debug: bool = False
    quiet: bool = False
    utc: bool = False
    color: str = "auto"
    json: bool = False
    env_file: Optional[str] = None


def add_globals(parser: Any) -> None:
    """Name the options in the help of ``parser``; ``take_globals`` has removed them by then."""
    for option, about in HELP.items():
        parser.add_argument(option, action="store_true", help=about)
    parser.add_argument("--color", metavar="WHEN", choices=COLOR_CHOICES, help=COLOR_HELP)


def take_globals(words: List[str]) -> Tuple[List[str], Globals]:
    """Return ``words`` without the options of every command, and what these say.

    ``--json`` and ``--env``, which an error has to know of too, stay where they are.
    """
    end = words.index("--") if "--" in words else len(words)
    kept, said = [], {name.lstrip("-"): False for name in HELP}
    colors = []
    before = iter(words[:end])
    for word in before:
        if word in HELP:
            said[word.lstrip("-")] = True
        elif word == "--color":
            colors.append(next(before, ""))
        elif word.startswith("--color="):
            colors.append(word.partition("=")[2])
        else:
            kept.append(word)
    wished = os.environ.get("COAIA_DEBUG", "") not in ("", "0")
    found = Globals(
        debug=said["debug"] or wished,
        quiet=said["quiet"],
        utc=said["utc"],
        color=colors[-1] if colors else "auto",
        json="--json" in kept,
        env_file=_env_file(kept),
    )
    return kept + words[end:], found


def check(found: Globals) -> None:
    """Raise ``UsageError`` for a value that an option of every command does not take."""
    if found.color not in COLOR_CHOICES:
        choices = ", ".join(COLOR_CHOICES)
        raise UsageError("--color {!r}: choose one of {}".format(found.color, choices))


def _env_file(words: List[str]) -> Optional[str]:
    """Return the value of ``--env``, or ``None``: an error of the parser is masked with its secrets."""
    for word, following in zip(words, words[1:] + [""]):
        if word == "--env":
            return following
        if word.startswith("--env="):
            return word[len("--env=") :]
    return None
