"""Shell text that means one thing: the names of variables, and lines that a shell evaluates.

A line must survive ``eval "$(...)"`` and the unquoted ``eval $(...)``. The second splits the
text at white space, expands file patterns and joins what is left with single spaces, so only a
value without a run of white space, without a pattern and without a backslash may stand in it
as it is; any other is spelled in octal. Only ASCII is printed: no locale can change it.
"""

import re
from typing import List, Mapping

from coaiapy.errors import UsageError

SHELLS = ("posix", "fish", "powershell")

_WORD = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:@,=+"
_PLAIN_IN_PRINTF = frozenset(_WORD.encode("ascii"))
_PLAIN_IN_QUOTES = frozenset(_WORD + " -%#$&;<>{}]!^~`\"'")
# PowerShell ends a quoted text at any of these, and takes a doubled one for itself.
_POWERSHELL_QUOTES = "(['\u2018\u2019\u201a\u201b])"


def is_name(text: str) -> bool:
    """Tell whether every POSIX shell takes ``text`` for the name of a variable."""
    return text.isidentifier() and len(text.encode("utf-8")) == len(text)


def check_name(name: str) -> str:
    """Return ``name``; raise ``UsageError`` when it cannot name a variable."""
    if not is_name(name):
        raise UsageError(
            "{!r} cannot name a variable: use letters, digits and _, and no digit in front".format(
                name
            )
        )
    return name


def check_value(name: str, value: str) -> str:
    """Return ``value``; raise ``UsageError`` when no environment can hold it."""
    if not isinstance(value, str):
        raise UsageError("the value of {} must be text, not {!r}".format(name, value))
    if "\0" in value:
        raise UsageError("the value of {} contains a NUL character: remove it".format(name))
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise UsageError(
            "the value of {} is not valid Unicode text (position {})".format(name, error.start)
        ) from error
    return value


def export_line(name: str, value: str, shell: str = "posix") -> str:
    """Return one line that sets and exports ``name`` when ``shell`` evaluates it.

    ``shell`` is one of ``SHELLS``. The POSIX line may be evaluated quoted or unquoted; for fish
    use ``... | source``, for PowerShell ``... | Out-String | Invoke-Expression``.
    """
    check_name(name)
    check_value(name, value)
    return {
        "posix": _export_posix,
        "fish": _export_fish,
        "powershell": _export_powershell,
    }[_known(shell)](name, value)


def export_lines(variables: Mapping[str, str], shell: str = "posix") -> List[str]:
    """Return an ``export_line`` for each of ``variables``; one bad name or value refuses all."""
    return [export_line(name, value, shell) for name, value in variables.items()]


def unset_line(name: str, shell: str = "posix") -> str:
    """Return one line that removes ``name`` when ``shell`` evaluates it."""
    return {
        "posix": "unset {};",
        "fish": "set -e {};",
        "powershell": "Remove-Item Env:{} -ErrorAction SilentlyContinue;",
    }[_known(shell)].format(check_name(name))


def _known(shell: str) -> str:
    if shell not in SHELLS:
        raise UsageError("unknown shell {!r}: use one of {}".format(shell, ", ".join(SHELLS)))
    return shell


def _export_posix(name: str, value: str) -> str:
    if _survives_eval(value):
        return "export {}='{}';".format(name, value.replace("'", "'\"'\"'"))
    # $() drops line ends at the end of its text; the full stop keeps them from being the end.
    return 'export {0}="$(printf \'{1}.\')"; {0}="${{{0}%.}}";'.format(name, _octal(value))


def _survives_eval(value: str) -> bool:
    return _PLAIN_IN_QUOTES.issuperset(value) and "  " not in value and value == value.strip()


def _octal(value: str) -> str:
    return "".join(
        chr(byte) if byte in _PLAIN_IN_PRINTF else "\\{:03o}".format(byte)
        for byte in value.encode("utf-8")
    )


def _export_fish(name: str, value: str) -> str:
    pieces = [
        {"\n": "\\n", "\r": "\\r"}.get(
            piece, "'{}'".format(piece.replace("\\", "\\\\").replace("'", "\\'"))
        )
        for piece in _pieces(value)
    ]
    return "set -gx {} {};".format(name, "".join(pieces))


def _export_powershell(name: str, value: str) -> str:
    pieces = [
        {"\n": '"`n"', "\r": '"`r"'}.get(
            piece, "'{}'".format(re.sub(_POWERSHELL_QUOTES, r"\1\1", piece))
        )
        for piece in _pieces(value)
    ]
    return "$env:{} = {};".format(name, " + ".join(pieces))


def _pieces(value: str) -> List[str]:
    """Return the value cut at line ends, which stay as pieces; one line must hold it all."""
    return [piece for piece in re.split(r"([\r\n])", value) if piece] or [""]
