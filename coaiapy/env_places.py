"""Where environment files are, and what their names may be.

A project's variables are in ``./.coaia-env``, those of a named environment in
``./.coaia-env.NAME``; the global ones are in ``~/.coaia/global.env`` and ``global.env.NAME``.
"""

import os
import re
from typing import List, NamedTuple, Optional, Sequence

from coaiapy import env_files, files
from coaiapy.errors import UsageError

LOCATIONS = ("project", "global")

_DEFAULT_GLOBAL_FILE = "~/.coaia/global.env"
_ENVIRONMENT_NAME = r"[A-Za-z0-9_][A-Za-z0-9._-]*\Z"
# What locks, editors and interrupted programs leave beside a file is no environment.
_LEFTOVER = r"(?:.*\.)?(?:lock|swp|tmp)\Z"


class EnvironmentConfig(NamedTuple):
    """Where the environments are; the global file's default moves with ``COAIA_HOME``."""

    project_env_file: str = ".coaia-env"
    global_env_file: str = _DEFAULT_GLOBAL_FILE
    supported_formats: Sequence[str] = env_files.FORMATS


DEFAULT_CONFIG = EnvironmentConfig()


class Environment(NamedTuple):
    """One environment that has a file; ``name`` is None for the unnamed one of its location."""

    name: Optional[str]
    location: str
    path: str


def path_of(
    name: Optional[str] = None,
    location: str = "project",
    config: EnvironmentConfig = DEFAULT_CONFIG,
) -> str:
    """Return the path of the file of an environment, whether it exists or not."""
    if location not in LOCATIONS:
        raise UsageError("unknown location {!r}: use project or global".format(location))
    path = config.project_env_file
    if location == "global":
        path = os.path.expanduser(config.global_env_file)
        if config.global_env_file == _DEFAULT_GLOBAL_FILE:
            path = os.path.join(files.state_folder(), "global.env")
    return path if name is None else "{}.{}".format(path, _check_environment_name(name))


def environments(config: EnvironmentConfig = DEFAULT_CONFIG) -> List[Environment]:
    """Return every environment of the project, then every global one, the unnamed ones first."""
    found = []  # type: List[Environment]
    for location in LOCATIONS:
        path = path_of(None, location, config)
        folder, base = os.path.split(path)
        try:
            entries = sorted(os.listdir(folder or "."))
        except OSError:
            continue
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
