"""The hierarchy of variables: the OS environment, then the project's file, then the global one."""

import os
from typing import Dict, Iterable, Iterator, Mapping, NamedTuple, Optional, Sequence, Tuple

from coaiapy import env_files
from coaiapy.env_places import LOCATIONS, path_of
from coaiapy.errors import NotFoundError, StateError
from coaiapy.util import shell

# The ids of the active trace, which ``env_context`` sets and reads; one may be there and empty.
CONTEXT_KEYS = (
    "COAIA_TRACE_ID",
    "COAIA_SESSION_ID",
    "COAIA_USER_ID",
    "COAIA_LAST_OBSERVATION_ID",
    "COAIA_PARENT_OBSERVATION_ID",
)


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
