"""Writes private keys to ``.env.keys``, and keeps that file out of git."""

import os
from typing import Optional

from coaiapy.dotenvx.names import KEY_FILE
from coaiapy.errors import StateError
from coaiapy.util import files

_HEADER = """\
# Private keys: whoever has them can read the encrypted values. Do not commit this file.
"""
_IGNORE = ".gitignore"


def add(path: str, name: str, private: str, encrypted_file: str) -> None:
    """Add a private key at the end of the file ``.env.keys`` at ``path``; no other one is changed.

    The file gets mode 0600. The caller holds the lock of its folder. ``StateError`` if the file is
    a link: keys are not written to where it leads.
    """
    if os.path.islink(path):
        raise StateError(
            "{} is a link, and no private key is written through one: put the file itself "
            "there".format(path)
        )
    before = files.read_text(path, newline="") if os.path.exists(path) else _HEADER
    newline = "\r\n" if "\r\n" in before else "\n"
    if not before.endswith("\n"):
        before += newline
    lines = ["", "# " + os.path.basename(encrypted_file), "{}={}".format(name, private), ""]
    files.write_atomic(path, before + newline.join(lines), through_link=False)


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
    text = files.read_text(ignore, newline="") if os.path.exists(ignore) else ""
    newline = "\r\n" if "\r\n" in text else "\n"
    if text and not text.endswith("\n"):
        text += newline
    files.write_output(ignore, text + KEY_FILE + newline)
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
    for line in files.read_text(path).splitlines():
        pattern = line.strip()
        name = pattern.lstrip("!").rpartition("/")[2]
        if name and not pattern.startswith("#") and fnmatch.fnmatchcase(KEY_FILE, name):
            is_ignored = not pattern.startswith("!")
    return is_ignored
