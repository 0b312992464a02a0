"""Environment files: a JSON object or KEY=VALUE lines on disk, a dict of texts in a program.

What starts with ``{`` is JSON. Anything else is KEY=VALUE lines, read by python-dotenv without
interpolation. A file keeps its format, and a KEY=VALUE file its comments, whoever changes it.
"""

import io
import os
import re
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Tuple

from coaiapy import files, shell
from coaiapy.errors import StateError, UsageError
from coaiapy.packages import require

FORMATS = ("json", "env")
METADATA_PREFIX = "_COAIA_"

# Older python-dotenv takes a closing quote for an escaped one when the value ends with a
# backslash, and reads on into the next lines. So it is given one statement at a time, without
# the comment behind it.
_QUOTED_STATEMENT = re.compile(
    r"""(?P<statement>[^\S\n]*(?:export[^\S\n]+)?(?:'[^'\n]+'|[^=\#\s]+)[^\S\n]*=[^\S\n]*"""
    r"""(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"))[^\S\n]*(?:\#[^\n]*)?(?:\n|\Z)""",
    re.DOTALL,
)
_EXPORT = re.compile(r"\s*export\s")
_SAFE_BARE = re.compile(r"[A-Za-z0-9_/:.,@%+\\-]+\Z")


class EnvFile(NamedTuple):
    """An environment file as it was read: its variables, metadata included, and its text."""

    path: str
    format: str
    variables: Dict[str, str]
    text: str


class _Statement(NamedTuple):
    """A piece of a KEY=VALUE file; comments and empty lines have no key."""

    text: str
    key: Optional[str]
    value: str


def load(path: str) -> Optional[EnvFile]:
    """Return the file at ``path``, or None when there is none.

    Raises ``StateError``, naming file and line or variable, when it cannot be understood.
    """
    if not os.path.exists(path):
        return None
    text = files.read_text(path)
    kind = "json" if text.lstrip().startswith("{") else "env"
    parse = parse_json if kind == "json" else parse_dotenv
    return EnvFile(path, kind, parse(text, path), text)


def variables_in(path: str) -> Dict[str, str]:
    """Return the variables of the file at ``path`` without metadata; none if it is missing.

    Raises ``StateError`` when the file is broken.
    """
    found = load(path)
    return without_metadata(found.variables) if found else {}


def without_metadata(variables: Mapping[str, str]) -> Dict[str, str]:
    """Return ``variables`` without what coaia notes about the file itself."""
    return {key: value for key, value in variables.items() if not key.startswith(METADATA_PREFIX)}


def check_key(key: str) -> None:
    """Raise ``UsageError`` when a user cannot keep a variable under ``key``."""
    shell.check_name(key)
    if key.startswith(METADATA_PREFIX):
        raise UsageError(
            "{} is kept by coaia itself ({}...): choose another name".format(key, METADATA_PREFIX)
        )


def change(
    path: str, edit: Callable[[Dict[str, str]], None], format: str = "json"
) -> Dict[str, str]:
    """Let ``edit`` change the variables of the file at ``path`` in place, and return them.

    No other process changes the file meanwhile; what ``edit`` raises leaves it as it is. A
    missing or empty file gets ``format``; any other keeps its own.
    """
    _make_folder_of(path)
    with files.locked(path):
        found = load(path)
        variables = dict(found.variables) if found else {}
        edit(variables)
        if found is None or not found.text.strip():
            files.write_atomic(path, render(variables, format))
        elif variables != found.variables:
            files.write_atomic(path, render(variables, found.format, found.text))
    return variables


def replace(path: str, variables: Dict[str, str], format: str = "json") -> None:
    """Put ``variables`` into the file at ``path``, whatever was there before."""
    _make_folder_of(path)
    with files.locked(path):
        files.write_atomic(path, render(variables, format))


def remove(path: str) -> bool:
    """Remove the file at ``path``; return False when there was none."""
    if not os.path.lexists(path):
        return False
    with files.locked(path):
        try:
            os.unlink(path)
        except OSError as error:
            raise StateError("cannot remove {}: {}".format(path, files.reason(error))) from error
    return True


def render(variables: Dict[str, str], format: str, text: str = "") -> str:
    """Return the text of a file with ``variables``; ``text`` is what it says until now."""
    for name, value in variables.items():
        shell.check_name(name)
        shell.check_value(name, value)
    if format == "json":
        return render_json(variables)
    if format == "env":
        return render_dotenv(variables, text)
    raise UsageError("unknown format {!r}: use one of {}".format(format, ", ".join(FORMATS)))


def parse_json(text: str, path: str) -> Dict[str, str]:
    """Return the variables of a JSON object; numbers and booleans keep their JSON spelling."""
    import json

    try:
        found = json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except ValueError as error:
        line, what = getattr(error, "lineno", 1), getattr(error, "msg", str(error))
        raise StateError(
            "{} is not valid JSON at line {} ({}): correct it, or remove the file".format(
                path, line, what
            )
        ) from error
    except RecursionError as error:
        raise StateError("{} is nested too deeply for an environment".format(path)) from error
    return {_good_key(key, path): _json_text(key, found[key], path) for key in found}


def render_json(variables: Dict[str, str]) -> str:
    """Return ``variables`` as an indented JSON object."""
    import json

    return json.dumps(variables, indent=2, ensure_ascii=False) + "\n"


def parse_dotenv(text: str, path: str) -> Dict[str, str]:
    """Return the variables of KEY=VALUE lines; of two lines for one variable the last counts."""
    return {
        statement.key: statement.value
        for statement in _statements(text, path)
        if statement.key is not None
    }


def render_dotenv(variables: Dict[str, str], text: str = "") -> str:
    """Return ``text`` with exactly ``variables`` in it: only lines that change are rewritten."""
    statements = _statements(text, "the file")
    last = {statement.key: statement for statement in statements}
    pieces = []  # type: List[str]
    for statement in statements:
        key = statement.key
        if key is None or variables.get(key) == last[key].value:
            pieces.append(statement.text)
        elif key in variables and statement is last[key]:
            export = "export " if _EXPORT.match(statement.text) else ""
            pieces.append(export + _dotenv_line(key, variables[key]))
    if pieces and not pieces[-1].endswith("\n"):
        pieces.append("\n")
    pieces.extend(_dotenv_line(key, variables[key]) for key in variables if key not in last)
    return "".join(pieces)


def quote_dotenv(value: str) -> str:
    """Return ``value`` as python-dotenv reads it back, without interpolation.

    Where dotenv's rules leave a choice, it is the form that is also harmless in a shell.
    """
    if value.endswith("\\") and _SAFE_BARE.match(value):
        return value
    escaped = value.replace("\\", "\\\\")
    if ("$" in value or "`" in value) and "'" not in value and "\r" not in value:
        return "'{}'".format(escaped)
    escaped = escaped.replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return '"{}"'.format(escaped)


def _dotenv_line(key: str, value: str) -> str:
    return "{}={}\n".format(key, quote_dotenv(value))


def _statements(text: str, path: str) -> List[_Statement]:
    position, line = 0, 1
    found = []  # type: List[_Statement]
    while position < len(text):
        quoted = _QUOTED_STATEMENT.match(text, position)
        end = quoted.end() if quoted else text.find("\n", position) + 1 or len(text)
        piece = text[position:end]
        binding = _read_binding(quoted.group("statement") if quoted else piece, line, path)
        found.append(_Statement(piece, *binding))
        position = end
        line += piece.count("\n")
    return found


def _read_binding(text: str, line: int, path: str) -> Tuple[Optional[str], str]:
    if not text.strip() or text.lstrip().startswith("#"):
        return None, ""
    bindings = list(require("dotenv.parser", "python-dotenv").parse_stream(io.StringIO(text)))
    binding = bindings[0]
    if len(bindings) > 1 or binding.error or binding.key is None or binding.value is None:
        raise StateError(
            "{} line {} is not KEY=VALUE (is a quote missing?): correct it".format(path, line)
        )
    where = "{} line {}".format(path, line)
    key = _good_key(binding.key, where)
    return key, _good_value(key, binding.value, where)


def _json_text(key: str, value: Any, path: str) -> str:
    if value is True or value is False:
        return "true" if value else "false"
    if not isinstance(value, str):
        raise StateError(
            "{}: {} must be a text or a number, not {}".format(path, key, _json_kind(value))
        )
    return _good_value(key, value, path)


def _json_kind(value: Any) -> str:
    if value is None:
        return "null"
    return "an object" if isinstance(value, dict) else "a list"


def _good_key(key: str, where: str) -> str:
    if not shell.is_name(key):
        raise StateError(
            "{}: {!r} cannot name a variable (letters, digits and _ only): rename it".format(
                where, key
            )
        )
    return key


def _good_value(key: str, value: str, where: str) -> str:
    try:
        return shell.check_value(key, value)
    except UsageError as error:
        raise StateError("{}: {}".format(where, error)) from error


def _make_folder_of(path: str) -> None:
    folder = os.path.dirname(path)
    if folder and not os.path.isdir(folder):
        files.make_private_folder(folder)
