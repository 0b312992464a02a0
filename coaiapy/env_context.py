"""The hierarchy of variables, and the context: the ids of the trace that is being worked on.

A variable is looked up in the OS environment, then the project's ``.coaia-env``, then the
global environment. The context is made of five variables that commands set and read.
"""

import os
from typing import Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from coaiapy import env_files, shell
from coaiapy.env_places import path_of
from coaiapy.errors import CoaiaError, NotFoundError, StateError

CONTEXT_KEYS = (
    "COAIA_TRACE_ID",
    "COAIA_SESSION_ID",
    "COAIA_USER_ID",
    "COAIA_LAST_OBSERVATION_ID",
    "COAIA_PARENT_OBSERVATION_ID",
)
# What belongs to one trace and ends with it; the user goes on to the next one.
KEYS_OF_ONE_TRACE = (
    "COAIA_SESSION_ID",
    "COAIA_LAST_OBSERVATION_ID",
    "COAIA_PARENT_OBSERVATION_ID",
)
# Where the trace to save can come from: this process, or the project's file.
SOURCES = ("shell", "project")

_TRACE = "COAIA_TRACE_ID"
# The trace that the shell had when ``remember`` put another one into the file.
_REPLACED = env_files.METADATA_PREFIX + "REPLACED_TRACE_ID"


class Found(NamedTuple):
    """A value of the hierarchy, and where it stands: the OS environment or a file."""

    value: str
    place: str


class Saved(NamedTuple):
    """What ``save_context`` kept, and where.

    ``source`` is one of ``SOURCES``; ``passed_over`` is the other source's trace, if it has another.
    """

    path: str
    variables: Dict[str, str]
    source: str = SOURCES[0]
    passed_over: Optional[str] = None


def resolve(key: str) -> Optional[str]:
    """Return what the hierarchy says of ``key``: OS environment, project, global, or None.

    An empty trace, session, user or observation id is a place left open, not a value.
    """
    return resolve_all([key]).get(key)


def resolve_all(keys: Iterable[str]) -> Dict[str, str]:
    """Return those of ``keys`` that ``resolve`` knows; each file is read once, if at all."""
    return {key: found.value for key, found in find_all(keys).items()}


def find_all(keys: Iterable[str]) -> Dict[str, Found]:
    """Return what ``resolve_all`` does, each with the place that it stands in."""
    wanted = [shell.check_name(key) for key in keys]
    places = ("the OS environment", path_of(None, "project"), path_of(None, "global"))
    return {
        key: Found(value, places[layer]) for key, value, layer in _first(wanted, _layers(wanted))
    }


def is_open(key: str, value: str) -> bool:
    """Tell whether ``value`` only holds the place of an id, as ``init`` writes it."""
    return value == "" and key in CONTEXT_KEYS


def current_context(source: str = SOURCES[0]) -> Dict[str, str]:
    """Return the active ids among ``CONTEXT_KEYS``; ``source`` says whose trace counts first.

    A session or an observation id that stands beside another trace's id is not part of the context.
    """
    layers = list(_layers(CONTEXT_KEYS))
    if source == "project":
        layers.insert(0, layers.pop(1))
    found = _first_values(CONTEXT_KEYS, layers)
    of_this_trace = [
        layer for layer in layers if layer.get(_TRACE) in (found.get(_TRACE), "", None)
    ]
    for key in KEYS_OF_ONE_TRACE:
        found.pop(key, None)
    found.update(_first_values(KEYS_OF_ONE_TRACE, of_this_trace))
    return found


def remember(variables: Mapping[str, str]) -> str:
    """Merge ``variables`` into the project's environment and return its path.

    When they start another trace, the session and the observation ids of the former one are
    dropped. Where this process still has another trace, the file notes which.
    """
    trace, replaced = variables.get(_TRACE), other_trace(variables)

    def edit(known: Dict[str, str]) -> None:
        if trace and known.get(_TRACE) not in (trace, "", None):
            _drop(known, KEYS_OF_ONE_TRACE)
        if trace:
            _drop(known, [_REPLACED])
        known.update(variables)
        if replaced:
            known[_REPLACED] = replaced

    for key in variables:
        env_files.check_key(key)
    path = path_of()
    env_files.change(path, edit)
    return path


def check_memory() -> None:
    """Raise ``StateError`` if ``remember`` would fail for what the project's file says."""
    env_files.load(path_of())
    _shell_trace()


def take_up(variables: Mapping[str, str]) -> None:
    """Note that a shell goes on with the trace in ``variables``: it is no longer a replaced one.

    A project's file that cannot be read or changed stays as it is: it keeps nobody from going on.
    """
    try:
        found = env_files.load(path_of())
        if found and found.variables.get(_REPLACED) == variables.get(_TRACE, ""):
            env_files.change(found.path, lambda known: _drop(known, [_REPLACED]))
    except StateError:
        pass


def other_trace(variables: Mapping[str, str]) -> Optional[str]:
    """Return the trace of this process, if ``variables`` name another one."""
    known = _shell_trace()
    return known if known and variables.get(_TRACE) not in (known, "", None) else None


def left_behind(variables: Mapping[str, str]) -> List[str]:
    """Return which ids of this process belong to a trace that ends when ``variables`` are set."""
    ending = KEYS_OF_ONE_TRACE if other_trace(variables) else ()
    return [key for key in ending if os.environ.get(key) and not variables.get(key)]


def export_commands(variables: Mapping[str, str], shell_name: str = "posix") -> List[str]:
    """Return the lines that export ``variables``, without metadata and ids left open.

    Where they start another trace than this process has, lines that remove the session and the
    observation ids of that one come after them.
    """
    given = {key: variables[key] for key in variables if not is_open(key, variables[key])}
    ended = [shell.unset_line(key, shell_name) for key in left_behind(given)]
    return shell.export_lines(given, shell_name) + ended


def save_context(
    path: str,
    context_name: Optional[str] = None,
    force: bool = False,
    format: str = "json",
    source: Optional[str] = None,
) -> Saved:
    """Keep the current context in the file at ``path``, beside what else it holds.

    ``source`` says whose trace it is. Without it, it is the one that came last: this process's,
    unless ``remember`` has put another one into the project's file since.

    Raises ``NotFoundError`` when no id is active, and ``CoaiaError`` when the file holds other
    ids and ``force`` is not given. Observation ids of the same trace may move on, and so may a file
    with this process's trace to the newer one.
    """
    origin, passed_over = _origin(source)
    former = passed_over if origin == "project" else None
    context = current_context(origin)
    if not context:
        raise NotFoundError(
            "nothing to save: none of {} is set (pipeline create --export-env and "
            "traces create --export-env set them)".format(", ".join(CONTEXT_KEYS))
        )

    def edit(variables: Dict[str, str]) -> None:
        different = _differences(variables, context)
        if different and not force and (not former or variables.get(_TRACE) != former):
            raise CoaiaError(
                "{} holds another context ({}): choose another --name, or replace it "
                "with --force".format(path, "; ".join(different))
            )
        _drop(variables, CONTEXT_KEYS if different else ())
        variables.update(context)
        if context_name is not None:
            variables["_COAIA_CONTEXT_NAME"] = context_name

    env_files.change(path, edit, format)
    return Saved(path, context, origin, passed_over)


def _origin(wished: Optional[str]) -> Tuple[str, Optional[str]]:
    """Return the source whose trace is saved, and the trace of the other source if it differs."""
    found = env_files.load(path_of())
    known = found.variables if found else {}
    traces = {"shell": _shell_trace(), "project": known.get(_TRACE, "")}
    if wished and not traces[wished]:
        place = path_of() if wished == "project" else "this shell"
        raise NotFoundError("{} is not set in {}".format(_TRACE, place))
    is_newer = traces["project"] and known.get(_REPLACED) == traces["shell"]
    origin = wished or ("project" if is_newer else "shell")
    other = traces["shell" if origin == "project" else "project"]
    return origin, other if other and traces[origin] not in (other, "") else None


def _layers(keys: Sequence[str]) -> Iterator[Dict[str, str]]:
    """Yield the hierarchy, highest first; a file is read only when the caller goes on."""
    yield {key: _os_value(key) for key in keys if key in os.environ}
    yield env_files.variables_in(path_of(None, "project"))
    yield env_files.variables_in(path_of(None, "global"))


def _first_values(keys: Sequence[str], layers: Iterable[Mapping[str, str]]) -> Dict[str, str]:
    return {key: value for key, value, _ in _first(keys, layers)}


def _first(
    keys: Iterable[str], layers: Iterable[Mapping[str, str]]
) -> Iterator[Tuple[str, str, int]]:
    """Yield each key's value in the highest layer that has one, and that layer's position."""
    missing = list(keys)
    for position, layer in enumerate(layers):
        for key in [key for key in missing if key in layer and not is_open(key, layer[key])]:
            missing.remove(key)
            yield key, layer[key], position
        if not missing:
            break


def _os_value(key: str) -> str:
    """Return a variable of this process as UTF-8 text, also in the C locale."""
    try:
        return os.fsencode(os.environ[key]).decode("utf-8")
    except UnicodeError as error:
        raise StateError("the environment variable {} is not UTF-8 text".format(key)) from error


def _shell_trace() -> str:
    return _os_value(_TRACE) if _TRACE in os.environ else ""


def _drop(variables: Dict[str, str], keys: Iterable[str]) -> None:
    for key in keys:
        variables.pop(key, None)


def _differences(variables: Mapping[str, str], context: Mapping[str, str]) -> List[str]:
    same_trace = variables.get(_TRACE) == context.get(_TRACE)
    return [
        "{} is {!r}, would become {!r}".format(key, variables[key], context[key])
        for key in CONTEXT_KEYS
        if variables.get(key)
        and key in context
        and variables[key] != context[key]
        and not (same_trace and key.endswith("_OBSERVATION_ID"))
    ]
