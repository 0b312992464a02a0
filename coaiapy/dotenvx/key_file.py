"""Writes private keys to ``.env.keys``, and keeps that file out of git."""

import errno
import os
from typing import Optional

from coaiapy.dotenvx.names import KEY_FILE
from coaiapy.errors import StateError
from coaiapy.util import files

_HEADER = """\
# Private keys: whoever has them can read the encrypted values. Do not commit this file.
"""
_IGNORE = ".gitignore"
# Windows has no such flag, and no links that others could have made.
_APPENDING = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)


def add(path: str, name: str, private: str, encrypted_file: str) -> None:
    """Add a private key at the end of the file ``.env.keys`` at ``path``, which gets mode 0600.

    Nothing else in the file is touched, whatever happens. ``StateError`` if it cannot be written, or
    is a link: keys are not written to where it leads.
    """
    lines = "\n# {}\n{}={}\n".format(os.path.basename(encrypted_file), name, private)
    if os.path.islink(path):
        raise StateError(
            "{} is a link, and no private key is written through one: put the file itself "
            "there".format(path)
        )
    try:
        descriptor = os.open(path, _APPENDING, files.PRIVATE_FILE)
        try:
            os.chmod(path, files.PRIVATE_FILE)
            _append(descriptor, lines)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise StateError("cannot write {}: {}".format(path, files.reason(error))) from error


def _append(descriptor: int, lines: str) -> None:
    """Write ``lines`` at the end of a file, all of them or nothing."""
    size = os.fstat(descriptor).st_size
    content = ((_HEADER if size == 0 else "") + lines).encode("utf-8")
    try:
        if os.write(descriptor, content) != len(content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, size)
        raise


def keep_out_of_git(path: str) -> Optional[str]:
    """Have git ignore the key file at ``path``, if that is in a repository.

    The caller holds the lock of its folder. Returns the path of the ``.gitignore`` that a line was
    added to, or None.
    """
    folder = os.path.dirname(path)
    repository = _repository(folder)
    if repository is None or any(_ignores(one) for one in {files.real(folder or "."), repository}):
        return None
    ignore = os.path.join(folder, _IGNORE)
    text = files.read_shared_text(ignore, newline="") if os.path.exists(ignore) else ""
    newline = "\r\n" if "\r\n" in text else "\n"
    if text and not text.endswith("\n"):
        text += newline
    files.write_output(ignore, files.shared_bytes(text + KEY_FILE + newline))
    return ignore


def _repository(folder: str) -> Optional[str]:
    """Return the folder of the git repository that ``folder`` is in."""
    place = files.real(folder or ".")
    while True:
        if os.path.exists(os.path.join(place, ".git")):
            return place
        above = os.path.dirname(place)
        if above == place:
            return None
        place = above


def _ignores(folder: str) -> bool:
    """Tell whether the ``.gitignore`` of a folder names the key file; the last line counts."""
    import fnmatch

    path = os.path.join(folder, _IGNORE)
    if not os.path.isfile(path):
        return False
    is_ignored = False
    for line in files.read_shared_text(path).splitlines():
        pattern = line.strip()
        name = pattern.lstrip("!").rpartition("/")[2]
        if name and not pattern.startswith("#") and fnmatch.fnmatchcase(KEY_FILE, name):
            is_ignored = not pattern.startswith("!")
    return is_ignored
