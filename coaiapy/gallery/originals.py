"""Keeps each installed content as it came, by its hash, in the user's folder.

An update needs it to tell local edits from changes of the source, and a restoration needs no network
then. What is missing here is fetched again.
"""

import os
from typing import Dict, Optional, Sequence, Set

from coaiapy.config import trust
from coaiapy.errors import StateError
from coaiapy.gallery import fetching
from coaiapy.gallery.lockfile import Entry
from coaiapy.gallery.sources import Source
from coaiapy.templating.files import MOST_BYTES
from coaiapy.util import files
from coaiapy.util.paths import entries, make_private_folder, read_regular, state_folder

_FOLDER = "templates-cache"
_MOST = 2000


def keep(content: bytes) -> None:
    """Keep a content. That there is no room for it is no reason to fail."""
    digest = trust.digest(content)
    try:
        path = _path(digest)
        if load(digest) is None:
            make_private_folder(os.path.dirname(path))
            _make_room(os.path.dirname(path))
            files.write_atomic(path, content)
    except (OSError, StateError):
        pass


def load(digest: str) -> Optional[bytes]:
    """Return the content with this hash, ``None`` if it is not kept."""
    try:
        content = read_regular(_path(digest), MOST_BYTES)
    except StateError:
        return None
    return content if trust.digest(content) == digest else None


def contents(entries: Sequence[Entry], may_ask: bool) -> Dict[str, bytes]:
    """Return the contents of entries as they were installed, by hash, each source asked once.

    What is neither kept on this machine nor at its source any more is missing in it.
    """
    found: Dict[str, bytes] = {}
    asked: Set[Source] = set()
    for entry in entries:
        kept = load(entry.sha256)
        if kept is not None:
            found[entry.sha256] = kept
            continue
        source = entry.where()
        at = source._replace(ref=entry.commit or entry.ref)
        if at in asked:
            continue
        asked.add(at)
        for content in fetching.fetch(source, entry.commit, may_ask).files.values():
            found[trust.digest(content)] = content
    return found


def _path(digest: str) -> str:
    return os.path.join(state_folder(), _FOLDER, digest)


def _make_room(folder: str) -> None:
    """Remove the oldest contents when there are too many."""
    paths = [os.path.join(folder, name) for name in entries(folder)]
    if len(paths) >= _MOST:
        for path in sorted(paths, key=os.path.getmtime)[: _MOST // 2]:
            os.unlink(path)
