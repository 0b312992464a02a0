"""What a command reads: a file by its name, or what is piped in (``-``); no terminal is waited for."""

import io
from contextlib import contextmanager
from typing import IO, Any, Iterator, Optional

from coaiapy.cli_streams import Context, is_terminal
from coaiapy.errors import StateError, UsageError
from coaiapy.files import read_text, reason

STDIN = "-"


def read_input(path: Optional[str], context: Context) -> str:
    """Return the text of a file; without one, what is piped in."""
    return read_stdin(context) if path in (None, STDIN) else read_text(str(path))


def read_stdin(context: Context) -> str:
    """Return the text that is piped in."""
    _refuse_terminal(context)
    return context.stdin.read()


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
    try:
        stream = open(path, "rb")
    except OSError as error:
        raise StateError("cannot read {}: {}".format(path, reason(error))) from error
    with stream:
        yield stream


def _refuse_terminal(context: Context) -> None:
    if is_terminal(context.stdin):
        raise UsageError("nothing to read on standard input: pipe it in, or name a file")


def _binary(stdin: Any) -> Any:
    """Return the bytes below standard input; a host's own stream may be text all through."""
    return getattr(stdin, "buffer", None) or io.BytesIO(stdin.read().encode("utf-8"))
