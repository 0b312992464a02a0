"""Makes a new coaia.json: every key that coaia reads, each explained and left empty.

An empty value means "not set", so that the file changes nothing until a value is filled in.
"""

import json
import os
from typing import Any, Dict, Mapping

from coaiapy.config_schema import KEYS, PATTERNS, SWITCH, TEXT, Key
from coaiapy.util import files
from coaiapy.util.paths import make_private_folder

HELP = "_help"
_ABOUT = (
    "Fill in what you need and leave the rest empty: an empty text or null means not set. "
    "Environment variables and .env take precedence over this file, and ./coaia.json in a project "
    "over ~/coaia.json. To see where each value comes from, run: coaia config show"
)


def sample(answers: Mapping[str, Any]) -> Dict[str, Any]:
    """Return the content of a new coaia.json; ``answers`` are values to fill in, by key."""
    values: Dict[str, Any] = {HELP: _help()}
    for key in KEYS:
        empty = "" if key.kind == TEXT else None
        put(values, key.name, answers.get(key.name, empty))
    return values


def put(values: Dict[str, Any], path: str, value: Any) -> None:
    """Set the value at a dotted ``path``; missing objects on the way are created."""
    *folders, name = path.split(".")
    for folder in folders:
        values = values.setdefault(folder, {})
    values[name] = value


def create(path: str, answers: Mapping[str, Any]) -> bool:
    """Write a new coaia.json (mode 0600) to ``path``; if one exists, leave it and return False.

    Raises ``StateError`` when it cannot be written.
    """
    text = json.dumps(sample(answers), ensure_ascii=False, indent=2) + "\n"
    folder = os.path.dirname(path)
    if folder and not os.path.isdir(folder):
        make_private_folder(folder)
    with files.locked(path):
        if os.path.lexists(path):
            return False
        files.write_atomic(path, text)
    return True


def _help() -> Dict[str, str]:
    texts = {"about": _ABOUT}
    texts.update((key.name, described(key)) for key in KEYS + PATTERNS)
    return texts


def described(key: Key) -> str:
    """Return one line about a key: its purpose, type, default and variables."""
    notes = [] if key.kind == TEXT else [key.kind]
    if key.default is not None:
        default = json.dumps(key.default) if key.kind == SWITCH else key.default
        notes.append("default: {}".format(default))
    if key.variables:
        notes.append("variable: " + " or ".join(key.variables))
    return "{} ({})".format(key.description, "; ".join(notes)) if notes else key.description
