"""What a command that prints lines for ``eval`` prints when it fails.

``eval "$(coaia ... --export-env)"`` has the exit code of the lines, not that of coaia: without any
lines a script with ``set -e`` would go on with the old trace.
"""

from typing import Sequence

from coaiapy.cli.streams import Context, flush, is_terminal, write_text
from coaiapy.errors import CoaiaError
from coaiapy.util.shell import SHELLS, exit_line


def pass_on(words: Sequence[str], context: Context, code: int) -> None:
    """Print a line that passes ``code`` on if ``words``, a command line, asks for lines."""
    if not _prints_lines(words) or is_terminal(context.stdout):
        return
    try:
        write_text(context.stdout, exit_line(code, _shell(words)) + "\n")
        flush(context.stdout)
    except (OSError, CoaiaError):
        pass  # nobody reads the lines, so that nobody evaluates them


def _prints_lines(given: Sequence[str]) -> bool:
    words = given[: given.index("--")] if "--" in given else given  # not those of another program
    if "--export-env" in words:
        return True
    of_env = "env" in words or "environment" in words
    return of_env and not {"--export", "--temp", "save"}.isdisjoint(words)


def _shell(words: Sequence[str]) -> str:
    """Return the shell that ``--shell`` names, ``posix`` if it names none that coaia knows."""
    for word, following in zip(words, list(words[1:]) + [""]):
        named = following if word == "--shell" else word.partition("--shell=")[2]
        if named in SHELLS:
            return named
    return "posix"
