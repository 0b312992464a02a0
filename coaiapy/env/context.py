"""The context: the ids of the active trace, in five variables that commands set and read."""

import os
from typing import Dict, Iterable, List, Mapping, NamedTuple, Optional, Tuple

from coaiapy.env import files
from coaiapy.env.cascade import (
    global_layers,
    is_open,
    of_one_trace,
    os_layer,
    os_value,
    project_layers,
)
from coaiapy.env.names import CONTEXT_KEYS, KEYS_OF_ONE_TRACE
from coaiapy.env.names import TRACE_KEY as _TRACE
from coaiapy.env.places import chosen, path_of
from coaiapy.errors import CoaiaError, NotFoundError, StateError
from coaiapy.util import shell

# Where the context to save can come from: this process, or the project's file.
SOURCES = ("shell", "project")

# A variable in the file: the trace that this process had when ``remember`` wrote another one. While
# the shell still has that trace, the one in the file is the newer one.
_REPLACED = files.METADATA_PREFIX + "REPLACED_TRACE_ID"


class Saved(NamedTuple):
    """What ``save_context`` saved, and where.

    ``source`` is one of ``SOURCES``. ``passed_over`` is the trace of the other source, if it has a
    different one.
    """

    path: str
    variables: Dict[str, str]
    source: str = SOURCES[0]
    passed_over: Optional[str] = None


def current_context(source: str = SOURCES[0]) -> Dict[str, str]:
    """Return the active ids among ``CONTEXT_KEYS``.

    ``source`` says whether the trace of this process ("shell") or of the project's files comes
    first. Session and observation ids are only taken from places that have the same trace or none.
    """
    name = chosen()
    layers = [os_layer(CONTEXT_KEYS)] + list(project_layers(name))
    if source == "project":
        layers.append(layers.pop(0))
    found = of_one_trace(CONTEXT_KEYS, layers + list(global_layers(name)))
    return {key: one.value for key, one in found.items()}


def remember(variables: Mapping[str, str]) -> str:
    """Save ``variables`` in the project's environment file and return its path.

    If they begin another trace, the session and observation ids of the previous one are removed.
    If this process still has another trace, the file notes which one, see ``_REPLACED``.
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
        files.check_key(key)
    path = path_of()
    files.change(path, edit)
    return path


def check_memory() -> None:
    """Raise ``StateError`` if ``remember`` would fail because the project's file is broken."""
    files.load(path_of())
    _shell_trace()


def take_up(variables: Mapping[str, str]) -> None:
    """Note in the project's file that a shell continues the trace in ``variables``.

    From then on that trace no longer counts as replaced. If the file cannot be read or changed,
    nothing happens: the note is not worth an error.
    """
    try:
        found = files.load(path_of())
        if found and found.variables.get(_REPLACED) == variables.get(_TRACE, ""):
            files.change(found.path, lambda known: _drop(known, [_REPLACED]))
    except StateError:
        pass


def other_trace(variables: Mapping[str, str]) -> Optional[str]:
    """Return the trace of this process if ``variables`` have another one, else ``None``."""
    known = _shell_trace()
    return known if known and variables.get(_TRACE) not in (known, "", None) else None


def left_behind(variables: Mapping[str, str]) -> List[str]:
    """Return the keys of this process's ids that end when ``variables`` begin another trace."""
    ending = KEYS_OF_ONE_TRACE if other_trace(variables) else ()
    return [key for key in ending if os.environ.get(key) and not variables.get(key)]


def export_commands(variables: Mapping[str, str], shell_name: str = "posix") -> List[str]:
    """Return the shell commands that export ``variables``, without ids that are not set.

    If they begin another trace than this process has, commands that unset the session and
    observation ids of the previous one follow.
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
    """Save the current context in the file at ``path``; its other variables stay.

    ``source`` says whose context it is. By default it is the newer one: that of this process,
    unless ``remember`` has written another trace to the project's file since.

    Raises ``NotFoundError`` when no id is active, and ``CoaiaError`` when the file has other ids
    and ``force`` is not given. Other observation ids of the same trace are replaced without
    ``force``, and so is the trace of this process by the newer one of the project.
    """
    origin, passed_over = _origin(source)
    former = passed_over if origin == "project" else None
    context = current_context(origin)
    if not context:
        raise NotFoundError(
            "there is nothing to save, because none of {} is set (pipeline create --export-env and "
            "traces create --export-env set them)".format(", ".join(CONTEXT_KEYS))
        )

    def edit(variables: Dict[str, str]) -> None:
        different = _differences(variables, context)
        if different and not force and (not former or variables.get(_TRACE) != former):
            raise CoaiaError(
                "{} contains another context ({}): choose another --name, or replace it "
                "with --force".format(path, "; ".join(different))
            )
        _drop(variables, CONTEXT_KEYS if different else ())
        variables.update(context)
        if context_name is not None:
            variables["_COAIA_CONTEXT_NAME"] = context_name

    files.change(path, edit, format)
    return Saved(path, context, origin, passed_over)


def _origin(wished: Optional[str]) -> Tuple[str, Optional[str]]:
    """Return the source to save from, and the trace of the other source if it differs."""
    found = files.load(path_of())
    known = found.variables if found else {}
    traces = {"shell": _shell_trace(), "project": known.get(_TRACE, "")}
    if wished and not traces[wished]:
        place = path_of() if wished == "project" else "this shell"
        raise NotFoundError("{} is not set in {}".format(_TRACE, place))
    is_newer = traces["project"] and known.get(_REPLACED) == traces["shell"]
    origin = wished or ("project" if is_newer else "shell")
    other = traces["shell" if origin == "project" else "project"]
    return origin, other if other and traces[origin] not in (other, "") else None


def _shell_trace() -> str:
    return os_value(_TRACE) if _TRACE in os.environ else ""


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
