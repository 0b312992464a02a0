"""Files that a command reads as bytes: by name, or from standard input."""

import io
from contextlib import contextmanager
from typing import IO, Any, Iterator

from coaiapy.cli_common import Context, is_terminal
from coaiapy.errors import StateError, UsageError
from coaiapy.files import reason


@contextmanager
def open_input(path: str, context: Context) -> Iterator[IO[bytes]]:
    """Open ``path`` for reading, ``-`` being what is piped in; a terminal is not waited for."""
    if path == "-":
        if is_terminal(context.stdin):
            raise UsageError("nothing to read on standard input: pipe it in, or name a file")
        yield _binary(context.stdin)
        return
    try:
        stream = open(path, "rb")
    except OSError as error:
        raise StateError("cannot read {}: {}".format(path, reason(error))) from error
    with stream:
        yield stream


def _binary(stdin: Any) -> Any:
    """Return the bytes below standard input; a host's own stream may be text all through."""
    return getattr(stdin, "buffer", None) or io.BytesIO(stdin.read().encode("utf-8"))
