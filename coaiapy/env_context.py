"""The hierarchy of variables, and the context: the ids of the trace that is being worked on.

A variable is looked up in the OS environment, then the project's ``.coaia-env``, then the
global environment. The context is made of five variables that commands set and read.
"""

import os
from typing import Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Sequence

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
OBSERVATION_KEYS = ("COAIA_LAST_OBSERVATION_ID", "COAIA_PARENT_OBSERVATION_ID")


class Saved(NamedTuple):
    """What ``save_context`` kept, and where."""

    path: str
    variables: Dict[str, str]


def resolve(key: str) -> Optional[str]:
    """Return what the hierarchy says of ``key``: OS environment, project, global, or None.

    An empty trace, session, user or observation id is a place left open, not a value.
    """
    return resolve_all([key]).get(key)


def resolve_all(keys: Iterable[str]) -> Dict[str, str]:
    """Return those of ``keys`` that ``resolve`` knows; each file is read once, if at all."""
    wanted = [shell.check_name(key) for key in keys]
    return _first_values(wanted, _layers(wanted))


def is_open(key: str, value: str) -> bool:
    """Tell whether ``value`` only holds the place of an id, as ``init`` writes it."""
    return value == "" and key in CONTEXT_KEYS


def current_context() -> Dict[str, str]:
    """Return the active ids among ``CONTEXT_KEYS``.

    An observation id that stands beside another trace's id is not part of the context.
    """
    layers = list(_layers(CONTEXT_KEYS))
    found = _first_values(CONTEXT_KEYS, layers)
    trace = found.get("COAIA_TRACE_ID")
    of_this_trace = [layer for layer in layers if layer.get("COAIA_TRACE_ID") in (trace, "", None)]
    for key in OBSERVATION_KEYS:
        found.pop(key, None)
    found.update(_first_values(OBSERVATION_KEYS, of_this_trace))
    return found


def remember(variables: Mapping[str, str]) -> str:
    """Merge ``variables`` into the project's environment and return its path.

    When they start another trace, the observation ids of the former one are dropped.
    """

    def edit(known: Dict[str, str]) -> None:
        _leave_other_trace(known, variables)
        known.update(variables)

    for key in variables:
        env_files.check_key(key)
    path = path_of()
    env_files.change(path, edit)
    return path


def save_context(
    path: str, context_name: Optional[str] = None, force: bool = False, format: str = "json"
) -> Saved:
    """Keep the current context in the file at ``path``, beside what else it holds.

    Raises ``NotFoundError`` when no id is active, and ``CoaiaError`` when the file holds other
    ids and ``force`` is not given; observation ids of the same trace may move on.
    """
    context = current_context()
    if not context:
        raise NotFoundError(
            "nothing to save: none of {} is set (pipeline create --export-env and "
            "traces create --export-env set them)".format(", ".join(CONTEXT_KEYS))
        )

    def edit(variables: Dict[str, str]) -> None:
        different = _differences(variables, context)
        if different and not force:
            raise CoaiaError(
                "{} holds another context ({}): choose another --name, or replace it "
                "with --force".format(path, "; ".join(different))
            )
        for key in CONTEXT_KEYS if different else ():
            variables.pop(key, None)
        variables.update(context)
        if context_name is not None:
            variables["_COAIA_CONTEXT_NAME"] = context_name

    env_files.change(path, edit, format)
    return Saved(path, context)


def _layers(keys: Sequence[str]) -> Iterator[Dict[str, str]]:
    """Yield the hierarchy, highest first; a file is read only when the caller goes on."""
    yield {key: _os_value(key) for key in keys if key in os.environ}
    yield env_files.variables_in(path_of(None, "project"))
    yield env_files.variables_in(path_of(None, "global"))


def _first_values(keys: Sequence[str], layers: Iterable[Mapping[str, str]]) -> Dict[str, str]:
    """Return each key's value in the highest layer that has one; stop when all are found."""
    found = {}  # type: Dict[str, str]
    for layer in layers:
        for key in keys:
            if key not in found and key in layer and not is_open(key, layer[key]):
                found[key] = layer[key]
        if len(found) == len(set(keys)):
            break
    return found


def _os_value(key: str) -> str:
    """Return a variable of this process as UTF-8 text, also in the C locale."""
    try:
        return os.fsencode(os.environ[key]).decode("utf-8")
    except UnicodeError as error:
        raise StateError("the environment variable {} is not UTF-8 text".format(key)) from error


def _leave_other_trace(known: Dict[str, str], new: Mapping[str, str]) -> None:
    trace = new.get("COAIA_TRACE_ID")
    if trace and known.get("COAIA_TRACE_ID") not in (trace, "", None):
        for key in OBSERVATION_KEYS:
            known.pop(key, None)


def _differences(variables: Mapping[str, str], context: Mapping[str, str]) -> List[str]:
    same_trace = variables.get("COAIA_TRACE_ID") == context.get("COAIA_TRACE_ID")
    return [
        "{} is {!r}, would become {!r}".format(key, variables[key], context[key])
        for key in CONTEXT_KEYS
        if variables.get(key)
        and key in context
        and variables[key] != context[key]
        and not (same_trace and key in OBSERVATION_KEYS)
    ]
