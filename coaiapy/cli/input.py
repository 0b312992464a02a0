"""What a command reads: a file, what is piped in (``-``), or what a person answers to a question.

A command that wants a text waits for no terminal, and one that asks waits for nothing else.
"""

import io
from contextlib import contextmanager
from typing import IO, Any, Iterator, Optional

from coaiapy.cli.streams import Context, is_terminal
from coaiapy.errors import ConfigError, UsageError
from coaiapy.util.files import open_bytes, read_input_text

STDIN = "-"


def read_input(path: Optional[str], context: Context) -> str:
    """Return the text of a file; without one, what is piped in."""
    return read_stdin(context) if path in (None, STDIN) else read_input_text(str(path))


def input_text(context: Context, text: Optional[str], file: Optional[str]) -> str:
    """Return the text of the file, else of the argument, else of standard input (also ``-``).

    Standard input is read only when nothing else is given. An empty text is a ``UsageError``.
    """
    if text is not None and file is not None:
        context.note("TEXT is ignored, because --file was given")
        text = None
    is_given = file is None and text not in (None, STDIN)
    found = str(text) if is_given else read_input(file, context)
    if not found.strip():
        where = "the text" if is_given else "standard input" if file in (None, STDIN) else file
        raise UsageError(
            "{} is empty: give a text as an argument, with -F FILE or in a pipe".format(where)
        )
    return found


def read_stdin(context: Context) -> str:
    """Return the text that is piped in."""
    _refuse_terminal(context)
    return context.stdin.read()


def read_stdin_line(context: Context) -> str:
    """Return the text that is piped in, without the line break at its end."""
    text = read_stdin(context)
    return text[:-1] if text.endswith("\n") else text


def read_stdin_bytes(context: Context) -> bytes:
    """Return the bytes that are piped in."""
    _refuse_terminal(context)
    return bytes(_binary(context.stdin).read())


@contextmanager
def open_input(path: str, context: Context) -> Iterator[IO[bytes]]:
    """Open a file, or what is piped in, for reading; what is wrong with it is told with its name."""
    with _opened(path, context) as stream:
        try:
            yield stream
        except UsageError as error:
            name = "standard input" if path == STDIN else path
            raise UsageError("{}: {}".format(name, error)) from error


@contextmanager
def _opened(path: str, context: Context) -> Iterator[IO[bytes]]:
    if path == STDIN:
        _refuse_terminal(context)
        yield _binary(context.stdin)
        return
    with open_bytes(path) as stream:
        yield stream


def agrees(context: Context, question: str, otherwise: str = "add --yes") -> bool:
    """Ask a person; whatever is not ``y`` or ``yes`` is a no, and the command ends with 1.

    Where nobody can answer that is a ``ConfigError``, since the command line is no mistake:
    ``otherwise`` says what to do there.
    """
    if not is_terminal(context.stdin):
        raise ConfigError("nobody can be asked to {} ({})".format(question.rstrip("?"), otherwise))
    context.prompt(question + " [y/N] ")
    return context.stdin.readline().strip().lower() in ("y", "yes")


def read_answer(prompt: str, is_secret: bool, context: Context) -> str:
    """Ask for a line, without showing a secret that is typed; return it without white space around."""
    if is_secret and is_terminal(context.stdin):
        import getpass

        # Asked on the controlling terminal itself, wherever stderr goes.
        return getpass.getpass(prompt).strip()
    context.prompt(prompt)
    line = context.stdin.readline()
    if not is_terminal(context.stdin):
        context.stderr.write("\n")
    return line.strip()


def _refuse_terminal(context: Context) -> None:
    if is_terminal(context.stdin):
        raise UsageError("there is no input on standard input: pipe it in or name a file")


def _binary(stdin: Any) -> Any:
    """Return the bytes below standard input; a host's own stream may be text all through."""
    return getattr(stdin, "buffer", None) or io.BytesIO(stdin.read().encode("utf-8"))
