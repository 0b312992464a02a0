"""Which value counts where several places have a variable: this process, the project, the user.

From the strongest place to the weakest: the OS environment, the project's environment files, the
global ones. The project's files are a cascade themselves, see ``places.cascade_of``; without
``COAIA_ENV`` and without ``.env`` files it is ``.coaia-env`` alone.
"""

import os
from typing import Callable, Dict, Iterable, Iterator, Mapping, NamedTuple, Optional, Sequence

from coaiapy.env import files as env_files
from coaiapy.env.names import CONTEXT_KEYS, KEYS_OF_ONE_TRACE, TRACE_KEY
from coaiapy.env.places import cascade_of, chosen, path_of
from coaiapy.errors import NotFoundError, StateError
from coaiapy.util import shell

OS_ENVIRONMENT = "the OS environment"
# Reads the variables of a file: ``files.variables_in``, which decrypts them, or ``files.stored_in``.
Reader = Callable[[str], Mapping[str, str]]


class Found(NamedTuple):
    """A value of the hierarchy, and where it comes from: the OS environment or a file."""

    value: str
    place: str


class Layer(NamedTuple):
    """One place of the hierarchy, as messages name it, and its variables."""

    place: str
    variables: Mapping[str, str]


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
    return strongest(wanted, layers_of(wanted))


def find(key: str, dotenv: Optional[bool] = None) -> str:
    """Return the value of ``key`` in the hierarchy, an empty text for an id that is not set.

    ``dotenv`` says whether ``.env`` files take part (default: the setting). Raises
    ``NotFoundError`` when no layer has the key.
    """
    found = strongest([shell.check_name(key)], layers_of([key], dotenv))
    if key in found:
        return found[key].value
    if any(key in layer.variables for layer in layers_of([], dotenv)):
        return ""
    raise NotFoundError(
        "{0} is not set in the OS environment, the project or the global environment: "
        "coaia env set {0} VALUE".format(key)
    )


def is_open(key: str, value: str) -> bool:
    """Tell whether a variable is an id that is not set: ``init`` writes those as empty texts."""
    return value == "" and key in CONTEXT_KEYS


def layers_of(keys: Sequence[str], dotenv: Optional[bool] = None) -> Iterator[Layer]:
    """Yield the layers of the hierarchy, the strongest first; a file is read when it is its turn."""
    yield os_layer(keys)
    yield from project_layers(chosen(), dotenv)
    yield from global_layers(chosen())


def os_layer(keys: Sequence[str]) -> Layer:
    """Return those of ``keys`` that this process has."""
    return Layer(OS_ENVIRONMENT, {key: os_value(key) for key in keys if key in os.environ})


def project_layers(
    name: Optional[str], dotenv: Optional[bool] = None, read: Reader = env_files.variables_in
) -> Iterator[Layer]:
    """Yield the cascade of the project for an environment, the strongest file first."""
    for path in cascade_of(name, dotenv):
        yield Layer(path, read(path))


def global_layers(name: Optional[str], read: Reader = env_files.variables_in) -> Iterator[Layer]:
    """Yield the user's own files for an environment, that with its name first."""
    for path in dict.fromkeys([path_of(name, "global"), path_of(None, "global")]):
        yield Layer(path, read(path))


def strongest(keys: Iterable[str], layers: Iterable[Layer]) -> Dict[str, Found]:
    """Return the value of each key in the first layer that has it; no further layer is read."""
    missing = list(keys)
    found = {}  # type: Dict[str, Found]
    for layer in layers:
        for key in [key for key in missing if _has(layer, key)]:
            missing.remove(key)
            found[key] = Found(layer.variables[key], layer.place)
        if not missing:
            break
    return found


def of_one_trace(keys: Sequence[str], layers: Sequence[Layer]) -> Dict[str, Found]:
    """Return what ``strongest`` does, without mixing the ids of two traces.

    Session and observation ids are only taken from layers that have the same trace or none.
    """
    found = strongest(keys, layers)
    trace = strongest([TRACE_KEY], layers).get(TRACE_KEY)
    same = (trace.value if trace else None, "", None)
    with_trace = [layer for layer in layers if layer.variables.get(TRACE_KEY) in same]
    ids = [key for key in keys if key in KEYS_OF_ONE_TRACE]
    for key in ids:
        found.pop(key, None)
    found.update(strongest(ids, with_trace))
    return found


def together(layers: Sequence[Layer]) -> Dict[str, str]:
    """Return all variables of the layers, each from the strongest one, the weakest layer's first."""
    if len(layers) == 1:
        return dict(layers[0].variables)
    keys = list(dict.fromkeys(key for layer in reversed(layers) for key in layer.variables))
    found = of_one_trace(keys, layers)
    return {key: found[key].value for key in keys if key in found}


def _has(layer: Layer, key: str) -> bool:
    return key in layer.variables and not is_open(key, layer.variables[key])


def os_value(key: str) -> str:
    """Return a variable of this process as UTF-8 text, also in the C locale."""
    try:
        return os.fsencode(os.environ[key]).decode("utf-8")
    except UnicodeError as error:
        raise StateError("the environment variable {} is not UTF-8 text".format(key)) from error
