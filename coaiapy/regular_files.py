"""The one way to read a file that may be somebody else's: a regular one, up to a size.

In a project that comes from a stranger any name may be a link to a device that never ends, or a
pipe that nobody writes to. Such a file is refused before it is opened.
"""

import errno
import os
import stat

from coaiapy.errors import StateError

# Bytes: far more than any settings, template, session or prompt has.
LARGEST = 10 << 20
_BLOCK = 1 << 20
# Not to wait for a file that is a pipe by now; Windows needs to be told that it is not text.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def content(path: str, most: int = LARGEST) -> bytes:
    """Return the bytes of the regular file at ``path``, or that it links to.

    Raises ``StateError`` for anything else, and for a file of more than ``most`` bytes.
    """
    try:
        _check_kind(path, os.stat(path))
        descriptor = os.open(path, _FLAGS)
        try:
            _check_kind(path, os.fstat(descriptor))
            return _read(path, descriptor, most)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:  # a path with a NUL character is a ValueError
        raise StateError("cannot read {}: {}".format(path, reason(error))) from error


def _check_kind(path: str, status: os.stat_result) -> None:
    if stat.S_ISREG(status.st_mode):
        return
    for is_kind, kind in _KINDS:
        if is_kind(status.st_mode):
            raise StateError("cannot read {}: it is {} and not a file".format(path, kind))
    raise StateError("cannot read {}: it is not a file".format(path))


def _read(path: str, descriptor: int, most: int) -> bytes:
    found = bytearray()
    while len(found) <= most:
        block = os.read(descriptor, _BLOCK)
        if not block:
            return bytes(found)
        found += block
    raise StateError("cannot read {}: it is larger than {} bytes".format(path, most))


def reason(error: Exception) -> str:
    """Return the operating system's message without the path, which the caller names itself."""
    if getattr(error, "errno", None) == errno.ELOOP:
        return "its links lead in a circle"
    return getattr(error, "strerror", None) or str(error)
