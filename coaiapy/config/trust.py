"""The store of trust: files of projects that the user has read and trusts, by their content.

A project may come from somebody else. What its files may do to the user is held back until the
user trusts them, and again as soon as their content changes. The store is a private folder with one
small file for each trusted one: a change of one does not touch the others.
"""

import json
import os
import time
from typing import Any, Iterator, NamedTuple, Optional

from coaiapy.errors import NoPlaceError, StateError
from coaiapy.util import files
from coaiapy.util.paths import (
    absolute,
    entries,
    make_private_folder,
    read_regular,
    real,
    state_folder,
)

FOLDER = "trust"
COLUMNS = {"path": "File", "state": "State", "since": "Since"}


class Trusted(NamedTuple):
    """An entry of the store: a file's path, the hash of its trusted content, and since when.

    ``since`` is in seconds since 1970.
    """

    path: str
    digest: str
    since: float

    @property
    def state(self) -> str:
        """``trusted``, ``changed`` if the content is another by now, or ``missing``."""
        if not os.path.lexists(self.path):
            return "missing"
        return "trusted" if digest_of(self.path) == self.digest else "changed"


def digest(content: bytes) -> str:
    """Return the hash that stands for a file's content."""
    from hashlib import sha256  # not at the top: most commands ask for no trust

    return sha256(content).hexdigest()


def digest_of(path: str) -> Optional[str]:
    """Return the hash of the content of a file, ``None`` if it cannot be read."""
    try:
        return digest(read_regular(path))
    except StateError:
        return None


def is_trusted(path: str, content_hash: Optional[str]) -> bool:
    """Tell whether the file at ``path`` is trusted with this content (see ``digest``)."""
    try:
        entry = _read(_entry_of(path))
    except NoPlaceError:  # nothing is trusted without a place for the store
        return False
    return content_hash is not None and entry is not None and entry.digest == content_hash


def trust(path: str, content_hash: str) -> None:
    """Trust the file at ``path`` as long as its content has this hash; ``StateError`` if not kept."""
    entry = _entry_of(path)
    make_private_folder(os.path.dirname(entry))
    kept = {"path": place_of(path), "sha256": content_hash, "since": time.time()}
    files.write_atomic(entry, json.dumps(kept, ensure_ascii=False) + "\n")


def untrust(path: str) -> int:
    """Trust the file at ``path``, or all files below that folder, no more; return how many."""
    place = place_of(path)
    inside = os.path.join(real(path), "")
    gone = 0
    for one in listed():
        if one.path == place or one.path.startswith(inside):
            try:
                os.unlink(_entry_of(one.path))
            except OSError as error:
                said = "cannot change the trust in {}: {}".format(one.path, files.reason(error))
                raise StateError(said) from error
            gone += 1
    return gone


def listed() -> Iterator[Trusted]:
    """Yield the entries of the store, in the order of their paths."""
    folder = _folder()
    every = [_read(os.path.join(folder, name)) for name in entries(folder)]
    return iter(sorted(entry for entry in every if entry is not None))


def place_of(path: str) -> str:
    """Return the path that the store knows a file by: its own name in the real path of its folder.

    A link is another file than the one that it leads to: somebody may make it lead elsewhere.
    """
    folder, name = os.path.split(absolute(path))
    return os.path.join(real(folder), name)


def _folder() -> str:
    return os.path.join(state_folder(), FOLDER)


def _entry_of(path: str) -> str:
    name = digest(os.fsencode(place_of(path)))[:32]
    return os.path.join(_folder(), name + ".json")


def _read(entry: str) -> Optional[Trusted]:
    """Return an entry of the store, ``None`` if it is missing or damaged."""
    try:
        kept: Any = json.loads(files.read_text(entry))
        return Trusted(str(kept["path"]), str(kept["sha256"]), float(kept["since"]))
    except (StateError, ValueError, KeyError, TypeError):
        return None
