"""Changes environment files: makes one, sets a variable, removes a variable."""

import os
import time
from typing import TYPE_CHECKING, Dict, List, Mapping, Optional

from coaiapy.dotenvx.names import is_encrypted, key_file_beside
from coaiapy.env import files
from coaiapy.env.names import CONTEXT_KEYS
from coaiapy.util import files as util_files
from coaiapy.util import shell

if TYPE_CHECKING:
    from coaiapy.env.encryption import NewKey


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
    """Set ``key`` in the file at ``path`` and return the variables as they stand in the file.

    A variable that is encrypted there stays so.
    """
    files.check_key(key)
    shell.check_value(key, value)

    def edit(variables: Dict[str, str]) -> None:
        if is_encrypted(variables.get(key)) and not is_encrypted(value):
            from coaiapy.env import encryption  # not at the top: few values are encrypted

            encryption.seal(path, variables, key, value)
        else:
            variables[key] = value

    return files.without_metadata(files.change(path, edit, format))


def set_encrypted(path: str, key: str, value: str, format: str = "json") -> Optional["NewKey"]:
    """Set ``key`` to the encrypted ``value``; return the private key that was made, if any."""
    from coaiapy.env import encryption

    files.check_key(key)
    made: List[Optional[NewKey]] = []
    files.change(
        path, lambda variables: made.append(encryption.seal(path, variables, key, value)), format
    )
    return made[0]


def keep_keys_out_of_git(path: str) -> Optional[str]:
    """Have git ignore the ``.env.keys`` beside a project's file, if that is in a repository.

    Returns the path of the ``.gitignore`` that a line was added to, or None.
    """
    from coaiapy.dotenvx import key_file

    with util_files.locked(path):
        return key_file.keep_out_of_git(key_file_beside(path))


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
