"""Where environment files are, and where a variable is looked for."""

import os
import re
from typing import Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from coaiapy.env import files as env_files
from coaiapy.env.names import CONTEXT_KEYS
from coaiapy.errors import NotFoundError, StateError, UsageError
from coaiapy.util import paths, shell

LOCATIONS = ("project", "global")
VARIABLE_COLUMNS = {
    "environment": "Environment",
    "location": "Location",
    "variable": "Variable",
    "value": "Value",
}
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


class Found(NamedTuple):
    """A value of the hierarchy, and where it comes from: the OS environment or a file."""

    value: str
    place: str


def resolve(key: str) -> Optional[str]:
    """Return the value of ``key`` in the OS environment, the project or the global one, or None.

    An empty trace, session, user or observation id counts as not set.
    """
    return resolve_all([key]).get(key)


def resolve_all(keys: Iterable[str]) -> Dict[str, str]:
    """Return ``resolve(key)`` for each key that has a value; a file is read once, if needed."""
    return {key: found.value for key, found in find_all(keys).items()}


def find_all(keys: Iterable[str]) -> Dict[str, Found]:
    """Return what ``resolve_all`` returns, each value with the place it comes from."""
    wanted = [shell.check_name(key) for key in keys]
    places = ("the OS environment", path_of(None, "project"), path_of(None, "global"))
    return {
        key: Found(value, places[layer]) for key, value, layer in _first(wanted, layers_of(wanted))
    }


def find(key: str) -> str:
    """Return the value of ``key`` in the hierarchy, an empty text for an id that is not set.

    Raises ``NotFoundError`` when no layer has the key.
    """
    value = resolve(key)
    files = (env_files.variables_in(path_of(None, place)) for place in LOCATIONS)
    if value is None and any(key in variables for variables in files):
        return ""
    if value is None:
        raise NotFoundError(
            "{0} is not set in the OS environment, the project or the global environment: "
            "coaia env set {0} VALUE".format(key)
        )
    return value


def is_open(key: str, value: str) -> bool:
    """Tell whether a variable is an id that is not set: ``init`` writes those as empty texts."""
    return value == "" and key in CONTEXT_KEYS


def layers_of(keys: Sequence[str]) -> Iterator[Dict[str, str]]:
    """Yield the layers of the hierarchy, the highest first; a file is read when it is its turn."""
    yield {key: os_value(key) for key in keys if key in os.environ}
    yield env_files.variables_in(path_of(None, "project"))
    yield env_files.variables_in(path_of(None, "global"))


def first_values(keys: Sequence[str], layers: Iterable[Mapping[str, str]]) -> Dict[str, str]:
    """Return the value of each key in the highest layer that has it."""
    return {key: value for key, value, _ in _first(keys, layers)}


def _first(
    keys: Iterable[str], layers: Iterable[Mapping[str, str]]
) -> Iterator[Tuple[str, str, int]]:
    """Yield (key, value, index of the layer) from the highest layer that has the key."""
    missing = list(keys)
    for position, layer in enumerate(layers):
        for key in [key for key in missing if key in layer and not is_open(key, layer[key])]:
            missing.remove(key)
            yield key, layer[key], position
        if not missing:
            break


def os_value(key: str) -> str:
    """Return a variable of this process as UTF-8 text, also in the C locale."""
    try:
        return os.fsencode(os.environ[key]).decode("utf-8")
    except UnicodeError as error:
        raise StateError("the environment variable {} is not UTF-8 text".format(key)) from error
