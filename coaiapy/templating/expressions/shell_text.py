"""Puts values into a shell text so that the shell never reads them as code.

A value is not written into the text: it is given to the shell in an environment variable, and the
text only refers to that. So there is no character that could end a word or begin a command. What is
left to the shell is where the reference stands: it is refused where it would not be one word, or
where shells read the value of a variable as code.
"""

import re
from shlex import quote
from typing import Dict, Iterable, List, NamedTuple, Optional, Pattern

from coaiapy.errors import UsageError
from coaiapy.templating.document import TAGS
from coaiapy.util.shell import check_value

# The environment variable of the first value is COAIA_WORD_1.
_VARIABLE = "COAIA_WORD_{}"
_RAW_VALUE = re.compile(r"\|\s*raw\s*-?\}\}\Z")
# What opens a place, or is to be passed over ("escape", "string").
_MARKS = {
    "escape": r"\\.?",
    "ansi": r"\$'",
    "quote": "'",
    "double": '"',
    "backtick": "`",
    "arithmetic": r"\$\(\(",
    "old": r"\$\[",
    "brace": r"\$\{",
    "substitution": r"\$\(",
    "let": r"\(\(",
    "group": r"\(",
    "test": r"\[\[(?=\s)",
    "string": "<<<",
    "here": "<<",
    "comment": "#",
}
_IN_QUOTES = ["escape", "backtick", "arithmetic", "old", "brace", "substitution"]
_ENDS = {
    "quote": "'",
    "double": '"',
    "backtick": "`",
    "arithmetic": "))",
    "old": "]",
    "brace": "}",
    "substitution": ")",
    "let": "))",
    "group": ")",
    "test": "]]",
    "comment": "\n",
}
# Why a value cannot stand in a place; places that are not here are as good as outside of all.
_REFUSED = {
    "quote": "in quotes",
    "double": "in quotes",
    "ansi": "after $'",
    "backtick": "in backticks",
    "arithmetic": "in arithmetic",
    "old": "in arithmetic",
    "let": "in arithmetic",
    "brace": "in ${}",
    "test": "in [[ ]]",
    "here": "after <<",
    "comment": "in a comment",
    "joined": "right after \\, $ or [",
}


def _any_of(names: Iterable[str]) -> Pattern[str]:
    return re.compile("|".join("(?P<{}>{})".format(n, _MARKS[n]) for n in names), re.DOTALL)


_OUTSIDE = _any_of(_MARKS)
_INSIDE = {
    "quote": _any_of([]),
    "comment": _any_of([]),
    "backtick": _any_of(["escape"]),
    "double": _any_of(_IN_QUOTES),
    "brace": _any_of(_IN_QUOTES + ["quote", "double"]),
    "arithmetic": _any_of(_IN_QUOTES + ["group"]),
    "let": _any_of(_IN_QUOTES + ["group"]),
}


class ShellText(NamedTuple):
    """A text for a shell, the environment that it needs, and the same for somebody to read.

    ``shown`` has the values in it, quoted; a shell would do the same with it.
    """

    text: str
    environment: Dict[str, str]
    shown: str


def shell_text(pieces: Iterable[str]) -> ShellText:
    """Return the shell text of ``pieces``: in turn a piece of the text, and a value in it.

    Raises ``UsageError`` if a value stands where it would not be one word.
    """
    scanner = _Scanner()
    text = shown = ""
    names: Dict[str, str] = {}
    for i, piece in enumerate(pieces):
        if i % 2 == 0:
            scanner.read(piece)
            text += piece
            shown += piece
            continue
        place = scanner.place()
        if place:
            raise UsageError(
                "an expression cannot stand {}: it is quoted as one word by itself; write it "
                "outside, or use the variable's COAIA_ environment variable".format(place)
            )
        name = names.setdefault(piece, _VARIABLE.format(len(names) + 1))
        check_value("an expression", piece)
        text += '"${' + name + '}"'
        shown += quote(piece)
        scanner.pass_value()
    return ShellText(text, {name: value for value, name in names.items()}, shown)


def pieces_of(text: str) -> Optional[List[str]]:
    """Return a text in the pieces that ``Language.pieces`` gives, with an ``x`` for each value.

    ``None`` if it has statements: which of its pieces there are depends on values.
    """
    if "{%" in text:
        return None
    pieces = [""]
    rest = 0
    for tag in TAGS.finditer(text):
        pieces[-1] += text[rest : tag.start()]
        rest = tag.end()
        if tag.group().startswith("{{") and not _RAW_VALUE.search(tag.group()):
            pieces += ["x", ""]
    pieces[-1] += text[rest:]
    return pieces


class _Scanner:
    """Follows the quotes and brackets of a shell text, to tell which place its end is in."""

    def __init__(self) -> None:
        self._open: List[str] = [""]
        self._last = " "

    def read(self, text: str) -> None:
        """Go on to the end of the next piece of the text."""
        at = 0
        while at < len(text) and self._open[-1] not in ("here", "ansi"):
            at = self._after_mark(text, at)

    def pass_value(self) -> None:
        """Go on behind a quoted word."""
        self._last = '"'

    def place(self) -> str:
        """Return in words why a value cannot stand here, an empty text if it can."""
        here = self._open[-1]
        return _REFUSED.get(here) or (_REFUSED["joined"] if self._last in "\\$[" else "")

    def _after_mark(self, text: str, at: int) -> int:
        place = self._open[-1]
        before, self._last = self._last, text[at]
        end = _ENDS.get(place)
        if end and text.startswith(end, at):
            self._open.pop()
            return at + len(end)
        mark = _INSIDE.get(place, _OUTSIDE).match(text, at)
        kind = mark.lastgroup if mark else None
        if not mark or not kind or (kind == "comment" and before not in " \t\n;&|()"):
            return at + 1
        if kind not in ("escape", "string"):
            self._open.append(kind)
        self._last = "x" if len(mark.group()) > 1 else text[at]
        return mark.end()
