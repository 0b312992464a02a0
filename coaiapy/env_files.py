"""Environment files: a JSON object or KEY=VALUE lines on disk, a dict of texts in a program.

What starts with ``{`` or ``[`` is JSON. Anything else is KEY=VALUE lines, read by python-dotenv without
interpolation. A file keeps its format and its line ends, and a KEY=VALUE file its comments, whoever
changes it.
"""

import os
import re
from typing import Any, Callable, Dict, Iterable, List, Mapping, NamedTuple, Optional

from coaiapy import files, shell
from coaiapy.errors import StateError, UsageError

FORMATS = ("json", "env")
METADATA_PREFIX = "_COAIA_"
_EXPANDED = re.compile(r"\$\{[^}:]*(?::-[^}]*)?\}")


class EnvFile(NamedTuple):
    """An environment file as it was read: its variables, metadata included, and its text.

    The text has ``\\n`` at the end of each line, the file ``newline``.
    """

    path: str
    format: str
    variables: Dict[str, str]
    text: str
    newline: str = "\n"


def load(path: str) -> Optional[EnvFile]:
    """Return the file at ``path``, or None when there is none.

    Raises ``StateError``, naming file and line or variable, when it cannot be understood.
    """
    if not os.path.exists(path):
        return None
    raw = files.read_text(path, newline="")
    text = raw.replace("\r\n", "\n").replace("\r", "\n")
    kind = "json" if text.lstrip().startswith(("{", "[")) else "env"
    variables = {}  # type: Dict[str, str]
    for key, value, where in _format(kind).parse(text, path):
        variables[_good_key(key, where)] = _good_value(key, value, where)
    return EnvFile(path, kind, variables, text, "\r\n" if "\r\n" in raw else "\n")


def variables_in(path: str) -> Dict[str, str]:
    """Return the variables of the file at ``path`` without metadata; none if it is missing.

    Raises ``StateError`` when the file is broken.
    """
    found = load(path)
    return without_metadata(found.variables) if found else {}


def expanded_elsewhere(path: str, keys: Iterable[str]) -> List[str]:
    """Return those of ``keys`` whose value in the file at ``path`` is another to most programs.

    In KEY=VALUE lines python-dotenv expands ``${NAME}`` unless it is told not to, and no way to
    write it keeps it from that.
    """
    found = load(path)
    if found is None or found.format != "env":
        return []
    return [key for key in keys if _EXPANDED.search(found.variables.get(key, ""))]


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
            changed = render(variables, found.format, found.text)
            files.write_atomic(path, changed.replace("\n", found.newline))
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
    return str(_format(format).render(variables, text))


def _format(name: str) -> Any:
    """Return the module that parses and renders a format; reading JSON need not load the other."""
    if name == "json":
        from coaiapy import env_format_json

        return env_format_json
    if name == "env":
        from coaiapy import env_format_lines

        return env_format_lines
    raise UsageError("unknown format {!r}: use one of {}".format(name, ", ".join(FORMATS)))


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
