"""Environment files that are KEY=VALUE lines, as python-dotenv reads them."""

import io
import re
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from coaiapy.errors import StateError
from coaiapy.util.masking import ENCRYPTED
from coaiapy.util.packages import require
from coaiapy.util.shell import is_name
from coaiapy.util.text.parsing import is_utf8

# Older versions of python-dotenv take the closing quote of a value that ends with a backslash for
# an escaped one, and read on into the next lines. They are therefore given one statement at a time,
# without the comment after it.
_QUOTED_STATEMENT = re.compile(
    r"""(?P<statement>[^\S\n]*(?:export[^\S\n]+)?(?:'[^'\n]+'|[^=\#\s]+)[^\S\n]*=[^\S\n]*"""
    r"""(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"))[^\S\n]*(?:\#[^\n]*)?(?:\n|\Z)""",
    re.DOTALL,
)
_EXPORT = re.compile(r"\s*export\s")
_BASE64 = re.compile(r"[A-Za-z0-9+/=]*\Z")
_SAFE_BARE = re.compile(r"[A-Za-z0-9_/:.,@%+\\-]+\Z")


class _Statement(NamedTuple):
    """A piece of a KEY=VALUE file; comments and empty lines have no key."""

    line: int
    text: str
    key: Optional[str]
    value: str


# Called with the number and the text of a line that is not KEY=VALUE, or not UTF-8; tells whether to
# skip it.
Skip = Callable[[int, str], bool]


def skip_none(line: int, text: str) -> bool:
    """Skip no line: each must be KEY=VALUE."""
    return False


def parse(text: str, path: str, skip: Skip = skip_none) -> List[Tuple[str, str, int]]:
    """Return (key, value, line) for each line that gives a value; a later line of a key overrides.

    Raises ``StateError`` for a line that is not KEY=VALUE, unless ``skip`` says to skip it. Comments
    need not be UTF-8.
    """
    return [
        (statement.key, statement.value, statement.line)
        for statement in _statements(text, path, skip)
        if statement.key is not None
    ]


class Described(NamedTuple):
    """A variable of a KEY=VALUE file, and the comments right above it, each with its line."""

    key: str
    value: str
    line: int
    comments: List[Tuple[int, str]]


def described(text: str, path: str) -> List[Described]:
    """Return the variables of a file with their comments, without ``#``; other lines are skipped."""
    found = []  # type: List[Described]
    comments = []  # type: List[Tuple[int, str]]
    for statement in _statements(text, path, lambda line, piece: True):
        said = statement.text.strip()
        if statement.key is not None:
            found.append(Described(statement.key, statement.value, statement.line, comments))
            comments = []
        elif said.startswith("#") and said.strip("#-=* "):
            comments.append((statement.line, said.lstrip("#").strip()))
        else:
            comments = []
    return found


def render(variables: Dict[str, str], text: str = "") -> str:
    """Return ``text`` changed so that it has exactly ``variables``.

    The other lines stay, and so do those of other programs: no variable, or a name that none can have.
    """
    _dotenv()  # fails without python-dotenv: the file could not be read back
    statements = _statements(text, "the file", lambda line, text: True)
    last = {statement.key: statement for statement in statements}
    pieces = []  # type: List[str]
    for statement in statements:
        key = statement.key
        if key is None or (key not in variables and not is_name(key)):
            pieces.append(statement.text)
        elif variables.get(key) == last[key].value:
            pieces.append(statement.text)
        elif key in variables and statement is last[key]:
            export = "export " if _EXPORT.match(statement.text) else ""
            pieces.append(export + _dotenv_line(key, variables[key]))
    if pieces and not pieces[-1].endswith("\n"):
        pieces.append("\n")
    pieces.extend(_dotenv_line(key, variables[key]) for key in variables if key not in last)
    return "".join(pieces)


def quote(value: str) -> str:
    """Return ``value`` quoted so that python-dotenv, without interpolation, reads it back.

    Where there is a choice, it is the form that is also safe in a shell.
    """
    if value.endswith("\\") and _SAFE_BARE.match(value):
        return value
    if value.startswith(ENCRYPTED) and _BASE64.match(value, len(ENCRYPTED)):
        return "'{}'".format(value)  # in other quotes dotenvx expands what it has decrypted
    escaped = value.replace("\\", "\\\\")
    if ("$" in value or "`" in value) and "'" not in value and "\r" not in value:
        return "'{}'".format(escaped)
    escaped = escaped.replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return '"{}"'.format(escaped)


def _dotenv_line(key: str, value: str) -> str:
    return "{}={}\n".format(key, quote(value))


def _statements(text: str, path: str, skip: Skip = skip_none) -> List[_Statement]:
    position, line = 0, 1
    found = []  # type: List[_Statement]
    while position < len(text):
        quoted = _QUOTED_STATEMENT.match(text, position)
        end = quoted.end() if quoted else text.find("\n", position) + 1 or len(text)
        piece = text[position:end]
        binding = _read_binding(quoted.group("statement") if quoted else piece)
        if binding is None and not skip(line, piece):
            what = "KEY=VALUE (is a quote missing?)" if is_utf8(piece) else "UTF-8 text"
            raise StateError("{} line {} is not {}: correct it".format(path, line, what))
        found.append(_Statement(line, piece, *(binding or (None, ""))))
        position = end
        line += piece.count("\n")
    return found


def _read_binding(text: str) -> Optional[Tuple[Optional[str], str]]:
    """Return key and value of a statement, no key for a comment, ``None`` for anything else."""
    if not text.strip() or text.lstrip().startswith("#"):
        return None, ""
    bindings = list(_dotenv().parse_stream(io.StringIO(text)))
    binding = bindings[0]
    if len(bindings) > 1 or binding.error or binding.key is None or binding.value is None:
        return None
    if not is_utf8(binding.key + binding.value):
        return None
    return binding.key, binding.value


def _dotenv() -> Any:
    return require("dotenv.parser", "python-dotenv")
