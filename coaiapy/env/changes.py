"""Changes environment files: makes one, sets a variable, removes a variable."""

import os
import time
from typing import Dict, List, Mapping, Optional

from coaiapy.env import files
from coaiapy.env.names import CONTEXT_KEYS
from coaiapy.util import shell


def init(
    path: str,
    name: Optional[str] = None,
    location: str = "project",
    initial: Optional[Mapping[str, str]] = None,
    format: str = "json",
    force: bool = False,
) -> bool:
    """Make an environment file with ``initial`` variables (default: ``CONTEXT_KEYS``, all empty).

    An existing file keeps its values and gets the missing variables; with ``force`` it is replaced.
    Returns whether there was a file before.
    """
    existed = os.path.exists(path)
    start = dict(initial) if initial is not None else {key: "" for key in CONTEXT_KEYS}
    start["_COAIA_ENV_CREATED"] = str(int(time.time()))
    start["_COAIA_ENV_NAME"] = name or "default"
    start["_COAIA_ENV_LOCATION"] = location
    if force:
        files.replace(path, start, format)
    else:
        files.change(path, lambda variables: _add_missing(variables, start), format)
    return existed


def set_variable(path: str, key: str, value: str, format: str = "json") -> Dict[str, str]:
    """Set ``key`` in the file at ``path`` and return the file's variables."""
    files.check_key(key)
    shell.check_value(key, value)
    changed = files.change(path, lambda variables: variables.update({key: value}), format)
    return files.without_metadata(changed)


def unset_variable(path: str, key: str) -> bool:
    """Remove ``key`` from the file at ``path``; return whether it was there."""
    files.check_key(key)
    removed: List[str] = []

    def edit(variables: Dict[str, str]) -> None:
        if key in variables:
            removed.append(variables.pop(key))

    if os.path.exists(path):
        files.change(path, edit)
    return bool(removed)


def _add_missing(variables: Dict[str, str], more: Mapping[str, str]) -> None:
    for key, value in more.items():
        variables.setdefault(key, value)
