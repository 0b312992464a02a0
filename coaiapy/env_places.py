"""The paths of environment files, and which names environments may have.

A project's variables are in ``./.coaia-env``, those of a named environment in
``./.coaia-env.NAME``; the global ones are in ``~/.coaia/global.env`` and ``global.env.NAME``.
"""

import os
import re
from typing import List, NamedTuple, Optional, Sequence

from coaiapy import env_files
from coaiapy.errors import UsageError
from coaiapy.util import paths

LOCATIONS = ("project", "global")

_DEFAULT_GLOBAL_FILE = "~/.coaia/global.env"
_ENVIRONMENT_NAME = r"[A-Za-z0-9_][A-Za-z0-9._-]*\Z"
# Files beside an environment file that locks, editors and interrupted programs leave behind.
_LEFTOVER = r"(?:.*\.)?(?:lock|swp|tmp)\Z"


class EnvironmentConfig(NamedTuple):
    """The paths of the environment files. ``COAIA_HOME`` moves the default global file."""

    project_env_file: str = ".coaia-env"
    global_env_file: str = _DEFAULT_GLOBAL_FILE
    supported_formats: Sequence[str] = env_files.FORMATS


DEFAULT_CONFIG = EnvironmentConfig()


class Environment(NamedTuple):
    """An environment that has a file; ``name`` is None for the unnamed one of its location."""

    name: Optional[str]
    location: str
    path: str


def path_of(
    name: Optional[str] = None,
    location: str = "project",
    config: EnvironmentConfig = DEFAULT_CONFIG,
) -> str:
    """Return the path of an environment's file, whether it exists or not.

    Raises ``UsageError`` for an unknown location or a name that is not allowed.
    """
    if location not in LOCATIONS:
        raise UsageError("unknown location {!r}: use project or global".format(location))
    path = config.project_env_file
    if location == "global":
        path = os.path.expanduser(config.global_env_file)
        if config.global_env_file == _DEFAULT_GLOBAL_FILE:
            path = os.path.join(paths.state_folder(), "global.env")
    return path if name is None else "{}.{}".format(path, _check_environment_name(name))


def environments(config: EnvironmentConfig = DEFAULT_CONFIG) -> List[Environment]:
    """Return the project's environments, then the global ones; in each the unnamed one first."""
    found = []  # type: List[Environment]
    for location in LOCATIONS:
        path = path_of(None, location, config)
        folder, base = os.path.split(path)
        entries = paths.entries(folder or ".")
        if base in entries:
            found.append(Environment(None, location, path))
        names = [entry[len(base) + 1 :] for entry in entries if entry.startswith(base + ".")]
        found.extend(
            Environment(name, location, path_of(name, location, config))
            for name in names
            if _is_environment_name(name)
        )
    return found


def _is_environment_name(name: str) -> bool:
    return bool(re.match(_ENVIRONMENT_NAME, name)) and not re.match(_LEFTOVER, name)


def _check_environment_name(name: str) -> str:
    if not _is_environment_name(name):
        raise UsageError(
            "{!r} cannot name an environment: use letters, digits, '.', '_' and '-', "
            "and no .lock, .swp or .tmp at the end".format(name)
        )
    return name
