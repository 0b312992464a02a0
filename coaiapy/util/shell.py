"""Names and values of shell variables, and commands that set them when a shell evaluates them.

A command must work in ``eval "$(...)"`` and in the unquoted ``eval $(...)``. The latter splits the
text at white space, expands file patterns and joins the result with single spaces. A value is
therefore written as it is only if it has no run of white space, no pattern and no backslash; any
other is written as octal escapes. All output is ASCII, so that the locale does not matter.
"""

import re
from typing import List, Mapping

from coaiapy.errors import UsageError

SHELLS = ("posix", "fish", "powershell")

_WORD = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:@,=+"
_PLAIN_IN_PRINTF = frozenset(_WORD.encode("ascii"))
_PLAIN_IN_QUOTES = frozenset(_WORD + " -%#$&;<>{}]!^~`\"'")
# PowerShell ends a quoted text at any of these characters; a doubled one stands for itself.
_POWERSHELL_QUOTES = "(['\u2018\u2019\u201a\u201b])"


def is_name(text: str) -> bool:
    """Tell whether ``text`` is a valid variable name in every POSIX shell."""
    return text.isidentifier() and len(text.encode("utf-8")) == len(text)


def check_name(name: str) -> str:
    """Return ``name``; ``UsageError`` if it is not a valid variable name."""
    if not is_name(name):
        raise UsageError(
            "{!r} cannot name a variable: use letters, digits and _, and do not begin with a "
            "digit".format(name)
        )
    return name


def check_value(name: str, value: str) -> str:
    """Return ``value``; ``UsageError`` if an environment variable cannot have it."""
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
    """Return an ``export_line`` for each variable; ``UsageError`` if one of them is invalid."""
    return [export_line(name, value, shell) for name, value in variables.items()]


def unset_line(name: str, shell: str = "posix") -> str:
    """Return one line that removes ``name`` when ``shell`` evaluates it."""
    return {
        "posix": "unset {};",
        "fish": "set -e {};",
        "powershell": "Remove-Item Env:{} -ErrorAction SilentlyContinue;",
    }[_known(shell)].format(check_name(name))


def exit_line(code: int, shell: str = "posix") -> str:
    """Return one line that fails with ``code`` when ``shell`` evaluates it, and does not end it."""
    return {
        "posix": "(exit {});",
        "fish": "sh -c 'exit {}';",
        "powershell": "$global:LASTEXITCODE = {0}; Write-Error 'coaia failed with exit code {0}';",
    }[_known(shell)].format(int(code))


def _known(shell: str) -> str:
    if shell not in SHELLS:
        raise UsageError("unknown shell {!r}: use one of {}".format(shell, ", ".join(SHELLS)))
    return shell


def _export_posix(name: str, value: str) -> str:
    if _survives_eval(value):
        return "export {}='{}';".format(name, value.replace("'", "'\"'\"'"))
    # $() removes line ends at the end of its output. A full stop is put after them and removed.
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
    """Return the value split at line ends, with the line ends as pieces of their own.

    The command must be one line, so that line ends are written as escapes.
    """
    return [piece for piece in re.split(r"([\r\n])", value) if piece] or [""]
