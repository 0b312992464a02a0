"""What changes an environment file: made anew, a variable set, a variable removed."""

import os
import time
from typing import Dict, List, Mapping, Optional

from coaiapy import env_files, shell
from coaiapy.env_context import CONTEXT_KEYS


def init(
    path: str,
    name: Optional[str] = None,
    location: str = "project",
    initial: Optional[Mapping[str, str]] = None,
    format: str = "json",
    force: bool = False,
) -> bool:
    """Make an environment file with ``initial`` variables (default: the open context ids).

    An existing file keeps its values and gets what it lacks; with ``force`` it starts anew.
    Returns whether there was a file before.
    """
    existed = os.path.exists(path)
    start = dict(initial) if initial is not None else {key: "" for key in CONTEXT_KEYS}
    start["_COAIA_ENV_CREATED"] = str(int(time.time()))
    start["_COAIA_ENV_NAME"] = name or "default"
    start["_COAIA_ENV_LOCATION"] = location
    if force:
        env_files.replace(path, start, format)
    else:
        env_files.change(path, lambda variables: _add_missing(variables, start), format)
    return existed


def set_variable(path: str, key: str, value: str, format: str = "json") -> Dict[str, str]:
    """Keep ``key`` in the file at ``path`` and return its variables."""
    env_files.check_key(key)
    shell.check_value(key, value)
    changed = env_files.change(path, lambda variables: variables.update({key: value}), format)
    return env_files.without_metadata(changed)


def unset_variable(path: str, key: str) -> bool:
    """Remove ``key`` from the file at ``path``; return whether it was there."""
    env_files.check_key(key)
    removed: List[str] = []

    def edit(variables: Dict[str, str]) -> None:
        if key in variables:
            removed.append(variables.pop(key))

    if os.path.exists(path):
        env_files.change(path, edit)
    return bool(removed)


def _add_missing(variables: Dict[str, str], more: Mapping[str, str]) -> None:
    for key, value in more.items():
        variables.setdefault(key, value)
