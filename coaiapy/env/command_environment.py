"""The variables that a command is started with: those of this process and of an environment."""

import os
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

from coaiapy.env import files as env_files
from coaiapy.env import untrusted
from coaiapy.env.cascade import (
    OS_ENVIRONMENT,
    Layer,
    global_layers,
    is_open,
    of_one_trace,
    project_layers,
)
from coaiapy.env.names import KEYS_OF_ONE_TRACE
from coaiapy.env.places import cascade_of, path_of
from coaiapy.errors import NotFoundError


class CommandEnvironment(NamedTuple):
    """The whole environment of a command, and what to say about it, a sentence each.

    ``hidden`` are the variables of files that this process has with another value, which counts.
    """

    environment: Dict[str, str]
    hidden: List[str]
    remarks: List[str]


def for_command(
    name: Optional[str] = None, dotenv: Optional[bool] = None, override: bool = False
) -> CommandEnvironment:
    """Return the environment for a command: that of this process and the cascade of ``name``.

    Where both have a variable that of this process counts, with ``override`` that of the files. Of
    files that are not trusted, variables that start programs are left out.

    Raises ``StateError`` for a file that cannot be understood.
    """
    read = list(project_layers(name, dotenv)) + list(global_layers(name))
    layers, remarks = without_held(read)
    for path in cascade_of(name, dotenv):
        remarks.extend(_left_to_others(path))
    own = Layer(OS_ENVIRONMENT, os.environ)
    keys = sorted({key for layer in layers for key in layer.variables}.union(KEYS_OF_ONE_TRACE))
    found = of_one_trace(keys, layers + [own] if override else [own] + layers)
    environment = {key: value for key, value in os.environ.items() if key not in KEYS_OF_ONE_TRACE}
    hidden = []
    for key, one in found.items():
        environment[key] = one.value if one.place == OS_ENVIRONMENT else _as_os(one.value)
        others = [layer.variables[key] for layer in layers if key in layer.variables][:1]
        if one.place == OS_ENVIRONMENT and others not in ([], [one.value]):
            hidden += [] if is_open(key, others[0]) else [key]
    return CommandEnvironment(environment, hidden, remarks)


def check_any(name: str, dotenv: Optional[bool] = None) -> None:
    """Raise ``NotFoundError`` if no file of the project or the user is that of the environment."""
    own = [path for path in cascade_of(name, dotenv) if path not in cascade_of(None, dotenv)]
    if not any(os.path.exists(path) for path in own + [path_of(name), path_of(name, "global")]):
        raise NotFoundError(
            "there is no environment {!r} ({}): see coaia env list, or create it with coaia env "
            "init --name {}".format(name, " or ".join(reversed(own)), name)
        )


def without_held(layers: Sequence[Layer]) -> Tuple[List[Layer], List[str]]:
    """Return the layers without what needs trust and has none, and a sentence for each file."""
    sorted_ones = [untrusted.for_shell(layer.place, layer.variables) for layer in layers]
    pairs = list(zip(layers, sorted_ones))
    kept = [Layer(layer.place, given.variables) for layer, given in pairs]
    return kept, [untrusted.note(layer.place, given.held) for layer, given in pairs if given.held]


def _left_to_others(path: str) -> List[str]:
    """Return what to say of a ``.env`` file that other programs read in another way."""
    found = env_files.load(path) if env_files.is_dotenv(path) else None
    if found is None:
        return []
    said = []
    if found.skipped:
        said.append("{}: no variable in {}".format(path, _lines(found.skipped)))
    for key in env_files.expanded_elsewhere(path, found.variables):
        said.append("{} in {} contains ${{...}}, which coaia passes on as it is".format(key, path))
    return said


def _lines(numbers: Sequence[int]) -> str:
    first = ", ".join(str(number) for number in numbers[:5])
    return "line{} {}{}".format("s" * (len(numbers) > 1), first, ", ..." * (len(numbers) > 5))


def _as_os(value: str) -> str:
    """Return a value of a file as this process would have it, also in the C locale."""
    return os.fsdecode(value.encode("utf-8"))
