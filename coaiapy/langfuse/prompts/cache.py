"""Copies of prompts on disk, for when the server is down.

There is one file for each prompt and version, and one for each prompt and label, in a folder for
each server and public key. A copy that cannot be read or understood counts as missing.
"""

import json
import os
import shutil
import time
from hashlib import sha256
from typing import Any, List, NamedTuple, Optional

from coaiapy.config.settings import Settings
from coaiapy.errors import NoPlaceError, StateError
from coaiapy.langfuse.client import shapes as langfuse_shapes
from coaiapy.langfuse.records.body import Body
from coaiapy.util import files
from coaiapy.util.paths import make_private_folder, state_folder

FOLDER = "prompts"


class Copy(NamedTuple):
    """A prompt as it was at ``fetched_at`` (seconds since 1970)."""

    prompt: Body
    fetched_at: float

    @property
    def age(self) -> float:
        """The seconds since it was fetched; infinity if the clock was set back since."""
        age = time.time() - self.fetched_at
        return age if age >= 0 else float("inf")


def selector(label: Optional[str], version: Optional[int]) -> str:
    """Return the key of a copy within its prompt: ``version 3`` or ``label production``."""
    return "version {}".format(version) if version else "label {}".format(label)


def keep(settings: Settings, prompt: Body, label: Optional[str]) -> None:
    """Save a copy of a prompt under its version and, if it was fetched by a label, under that.

    Raises ``StateError`` if it cannot be written.
    """
    folder = os.path.join(_project_folder(settings), _digest(prompt["name"]))
    make_private_folder(folder)
    chosen = [selector(None, prompt["version"])]
    if label:
        chosen.append(selector(label, None))
    for words in chosen:
        kept = {"name": prompt["name"], "selector": words}
        text = json.dumps(dict(kept, fetched_at=time.time(), prompt=prompt), ensure_ascii=False)
        files.write_atomic(os.path.join(folder, _digest(words) + ".json"), text)


def find(
    settings: Settings, name: str, label: Optional[str], version: Optional[int]
) -> Optional[Copy]:
    """Return the copy of a prompt, or ``None``; in local mode the newest one of all servers."""
    words = selector(label, version)
    found = []
    try:
        places = _folders(settings)
    except NoPlaceError:
        return None
    for folder in places:
        path = os.path.join(folder, _digest(name), _digest(words) + ".json")
        copy = _read(path, name, words)
        if copy is not None:
            found.append(copy)
    return max(found, key=lambda copy: copy.fetched_at) if found else None


def forget(settings: Settings, name: str) -> None:
    """Remove all copies of a prompt, because it was changed or is gone."""
    try:
        folder = _project_folder(settings)
    except NoPlaceError:
        return
    shutil.rmtree(os.path.join(folder, _digest(name)), ignore_errors=True)


def _read(path: str, name: str, words: str) -> Optional[Copy]:
    if not os.path.exists(path):
        return None
    try:
        kept: Any = json.loads(files.read_text(path))
        if (kept["name"], kept["selector"]) != (name, words):
            return None
        return Copy(langfuse_shapes.PROMPT(kept["prompt"]), float(kept["fetched_at"]))
    except (StateError, ValueError, KeyError, TypeError):
        return None


def _folders(settings: Settings) -> List[str]:
    if settings.has_server:
        return [_project_folder(settings)]
    root = os.path.join(state_folder(), FOLDER)
    try:
        return [os.path.join(root, name) for name in os.listdir(root)]
    except OSError:
        return []


def _project_folder(settings: Settings) -> str:
    """Return the folder of the copies of a project."""
    return os.path.join(state_folder(), FOLDER, owner(settings))


def owner(settings: Settings) -> str:
    """Return a name for the project that the keys belong to, which can be one of a file."""
    return _digest(settings.base_url + "\n" + settings.public_key)


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8")).hexdigest()[:32]
