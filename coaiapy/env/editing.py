"""Copies an environment file, and has one edited: on a private copy, of which nothing is lost."""

import os
import time
from typing import NamedTuple, Optional

from coaiapy.config import trust
from coaiapy.env import files as env_files
from coaiapy.env import untrusted
from coaiapy.errors import CoaiaError, StateError
from coaiapy.util import files, paths

FOLDER = "edits"
_NAME = env_files.METADATA_PREFIX + "ENV_NAME"
_CREATED = env_files.METADATA_PREFIX + "ENV_CREATED"


def copy(source: str, target: str, name: Optional[str], force: bool = False) -> None:
    """Copy the environment file ``source``, with its comments, to ``target``.

    ``name`` is what coaia's notes in it are to say, ``None`` for what they say already. Encrypted
    values stay encrypted, for the same keys. Raises ``NotFoundError`` without a source, and
    ``CoaiaError`` if there is a target and ``force`` is not given.
    """
    env_files.check_exists(source)
    found = env_files.understood(source, str(env_files.raw_text(source)))
    before = env_files.raw_text(target)
    if before is not None and not force:
        raise CoaiaError("{} exists: replace it with --force".format(target))
    text = found.text
    if name and _NAME in found.variables:
        news = {_NAME: name, _CREATED: str(int(time.time()))}
        text = env_files.render(dict(found.variables, **news), found.format, text)
    is_own = env_files.is_all_own(source, found.variables)
    env_files.rewrite(target, text.replace("\n", found.newline), before, is_own)


class Draft(NamedTuple):
    """A private copy of an environment file that is edited.

    ``place`` is where it is, ``before`` the text of the file. ``is_kept`` says that an earlier edit
    has left it.
    """

    path: str
    place: str
    before: Optional[str]
    is_kept: bool

    @property
    def is_changed(self) -> bool:
        """Whether it differs from the file."""
        return env_files.raw_text(self.place) not in (None, self.before)


def open_draft(path: str) -> Draft:
    """Return the copy of the environment file at ``path`` to edit; ``NotFoundError`` without a file."""
    env_files.check_exists(path)
    place = _place_of(path)
    before = env_files.raw_text(path)
    is_kept = os.path.exists(place)
    if not is_kept:
        paths.make_private_folder(os.path.dirname(place))
        files.write_atomic(place, files.shared_bytes(before or ""))
    return Draft(path, place, before, is_kept)


def finish(draft: Draft) -> bool:
    """Write the draft to its file, and remove it; return whether that changed anything.

    Raises ``StateError`` if the text cannot be understood, or the file was changed meanwhile; the
    draft stays then.
    """
    changed = draft.is_changed
    if changed:
        text = str(env_files.raw_text(draft.place))
        env_files.rewrite(draft.path, text, draft.before, _was_own(draft))
    discard(draft)
    return changed


def _was_own(draft: Draft) -> bool:
    try:
        found = env_files.understood(draft.path, draft.before or "", is_lenient=True)
    except StateError:  # nobody knows what is in it, and this edit mends it
        return untrusted.is_trusted(draft.path)
    return env_files.is_all_own(draft.path, found.variables)


def discard(draft: Draft) -> None:
    """Remove a draft, with what the editor has left beside it."""
    folder = os.path.dirname(draft.place)
    for name in paths.entries(folder):
        files.remove_quietly(os.path.join(folder, name))
    try:
        os.rmdir(folder)
    except OSError:
        pass  # something else is in it


def _place_of(path: str) -> str:
    folder = trust.digest(os.fsencode(trust.place_of(path)))[:16]
    return os.path.join(paths.state_folder(), FOLDER, folder, os.path.basename(path))
