"""Tells which place a variable comes from and why, and in what two environments differ."""

import os
from typing import Dict, List, Optional

from coaiapy.env import command_environment, untrusted
from coaiapy.env import files as env_files
from coaiapy.env.cascade import (
    OS_ENVIRONMENT,
    Layer,
    Reader,
    global_layers,
    is_open,
    os_layer,
    project_layers,
    together,
)
from coaiapy.env.places import UNNAMED, cascade_of, is_path, path_of
from coaiapy.errors import CoaiaError
from coaiapy.util import shell

EXPLAIN_COLUMNS = {"place": "Place", "line": "Line", "value": "Value", "state": "State"}
DIFF_COLUMNS = {"variable": "Variable", "state": "State", "first": "First", "second": "Second"}
USED = "used"


def explained(
    key: str,
    name: Optional[str] = None,
    dotenv: Optional[bool] = None,
    read: Reader = env_files.variables_in,
) -> List[Dict[str, object]]:
    """Return a row with ``EXPLAIN_COLUMNS`` for each place that ``key`` is looked for in.

    The strongest place comes first; the first one that has a value is ``used``.
    """
    shell.check_name(key)
    layers = [os_layer([key])]
    layers += list(project_layers(name, dotenv, read))
    layers += global_layers(name, read)
    rows: List[Dict[str, object]] = []
    winner = ""
    for layer in layers:
        state = _state(layer, key, winner)
        if state.startswith(USED):
            winner = layer.place
        value = layer.variables.get(key)
        rows.append(
            {"place": layer.place, "line": _line(layer, key), "value": value, "state": state}
        )
    return rows


def _state(layer: Layer, key: str, winner: str) -> str:
    value = layer.variables.get(key)
    if value is None:
        is_there = layer.place == OS_ENVIRONMENT or os.path.exists(layer.place)
        return "not set here" if is_there else "no such file"
    if is_open(key, value):
        return "an empty id counts as not set"
    if winner:
        return "hidden by {}".format(winner)
    if (
        layer.place != OS_ENVIRONMENT
        and key in untrusted.for_shell(layer.place, layer.variables).held
    ):
        return USED + ", but not by env run and env source: run coaia trust"
    return USED + ": the first place that has it"


def _line(layer: Layer, key: str) -> Optional[int]:
    if layer.place == OS_ENVIRONMENT or key not in layer.variables:
        return None
    found = env_files.load(layer.place)
    return found.lines.get(key) if found else None


def differences(
    first: str,
    second: str,
    dotenv: Optional[bool] = None,
    read: Reader = env_files.variables_in,
) -> List[Dict[str, object]]:
    """Return a row with ``DIFF_COLUMNS`` for each variable in which two environments differ.

    Each is a name, for its cascade as ``coaia env run`` reads it (``default`` is the unnamed one), or
    a path, for that file alone. Encrypted values are compared decrypted where that can be done; the
    rows have what ``read`` returns. Raises ``NotFoundError`` if an environment does not exist.
    """
    one, other = (_variables_of(word, dotenv, _opened) for word in (first, second))
    shown, shown_other = (_variables_of(word, dotenv, read) for word in (first, second))
    rows = []  # type: List[Dict[str, object]]
    for key in sorted(set(one).union(other)):
        if one.get(key) == other.get(key):
            continue
        state = "differs"
        if key not in one or key not in other:
            state = "only in " + (first if key in one else second)
        values = {"first": shown.get(key), "second": shown_other.get(key)}
        rows.append(dict(values, variable=key, state=state))
    return rows


def _variables_of(word: str, dotenv: Optional[bool], read: Reader) -> Dict[str, str]:
    if is_path(word):
        env_files.check_exists(word)
        return dict(read(word))
    name = None if word == UNNAMED else word
    if name:
        command_environment.check_any(name, dotenv)
    elif not any(os.path.exists(path) for path in cascade_of(None, dotenv)):
        env_files.check_exists(path_of())
    layers = list(project_layers(name, dotenv, read))
    if name:  # the user's file without a name is the same for all
        layers += list(global_layers(name, read))[:1]
    return together(layers)


def _opened(path: str) -> Dict[str, str]:
    """Return the variables of a file, decrypted where the key and the package for it are there."""
    variables, stored = env_files.variables_in(path), env_files.stored_in(path)
    for name in stored:
        try:
            stored[name] = variables[name]
        except CoaiaError:
            pass  # then it is compared as it stands there
    return stored
