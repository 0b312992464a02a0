"""Tells of every place that may have a variable whether it does, and which one counts and why."""

import os
from typing import Dict, List, Optional

from coaiapy.env import files as env_files
from coaiapy.env import held
from coaiapy.env.cascade import (
    OS_ENVIRONMENT,
    Layer,
    Reader,
    global_layer,
    is_open,
    os_layer,
    project_layers,
)
from coaiapy.util import shell

EXPLAIN_COLUMNS = {"place": "Place", "line": "Line", "value": "Value", "state": "State"}
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
    layers.append(global_layer(read))
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
    if layer.place != OS_ENVIRONMENT and key in held.for_shell(layer.place, layer.variables).held:
        return USED + ", but not by env run and env source: run coaia trust"
    return USED + ": the first place that has it"


def _line(layer: Layer, key: str) -> Optional[int]:
    if layer.place == OS_ENVIRONMENT or key not in layer.variables:
        return None
    found = env_files.load(layer.place)
    return found.lines.get(key) if found else None
