"""The value of a setting and where it comes from: OS environment, ``.env``, coaia.json, default."""

import os
import re
from typing import Any, Iterator, List, Mapping, NamedTuple, Optional, Tuple

from coaiapy import config_files, dotenv_file
from coaiapy.config_schema import KEY_OF, checked
from coaiapy.errors import ConfigError
from coaiapy.folders import user_home

DEFAULT = "default"
# Other programs replace ${NAME} in such values. A text with spaces, an instruction, may contain it.
_REFERENCE = re.compile(r"\S*\$\{([A-Za-z_][A-Za-z0-9_]*)(?::?[-?+][^}\s]*)?\}\S*\Z")
OS_ENVIRONMENT = "OS environment"


class Layer(NamedTuple):
    """One place that settings come from; ``name`` is what messages call it.

    ``has_paths`` is true for coaia.json, whose keys are dotted paths, and false for variables.
    """

    name: str
    values: Mapping[str, Any]
    has_paths: bool


class Found(NamedTuple):
    """A setting that was found: its raw value, and the name and place it has there.

    ``rank`` is the number of the place; 0 is the one that overrides all others.
    """

    value: Any
    name: str
    place: str
    rank: int

    @property
    def source(self) -> str:
        """Where the value comes from, for people."""
        return "{} in {}".format(self.name, self.place)

    @property
    def is_of_project(self) -> bool:
        """Whether it comes from a file that is read only because of the current folder."""
        is_unnamed = (
            self.place == dotenv_file.NAME or os.path.basename(self.place) == config_files.NAME
        )
        if not is_unnamed or os.path.isabs(self.place):
            return False
        return os.path.realpath(os.getcwd()) != os.path.realpath(user_home())


class ConfigValues:
    """The settings as they are now; they are looked up by their names in ``config_schema``."""

    def __init__(self, layers: List[Layer]) -> None:
        self.layers = layers

    def found(self, name: str) -> Optional[Found]:
        """Return where the setting is set, or ``None``; an empty value counts as not set."""
        key = KEY_OF[name]
        for variables in (key.variables, key.fallbacks):
            for rank, layer in enumerate(self.layers):
                for spelling, value in _spellings(name, variables, layer):
                    if value is not None and value != "" and str(value).strip():
                        return Found(value, spelling, layer.name, rank)
        return None

    def only(self, rank: int) -> "ConfigValues":
        """Return only the settings of the place with this rank."""
        return ConfigValues([self.layers[rank]])

    def get(self, name: str) -> Any:
        """Return the setting converted to its type, or its default if it is not set.

        Raises ``ConfigError`` for a value of another type; the message says where it is set.
        """
        found = self.found(name)
        key = KEY_OF[name]
        if found is None:
            return key.default
        reference = _REFERENCE.match(found.value) if isinstance(found.value, str) else None
        if reference:
            raise ConfigError(
                "{} refers to the variable {}, and coaia does not expand variables: write the value "
                "itself in {}".format(found.name, reference.group(1), found.place)
            )
        try:
            return checked(key, found.value)
        except ValueError as error:
            shown = "" if key.secret else " {!r}".format(found.value)
            raise ConfigError(
                "{}{} {}: correct it in {}".format(found.name, shown, error, found.place)
            ) from error


def load(env_file: Optional[str] = None) -> ConfigValues:
    """Return the settings as they are now; ``env_file`` is read instead of ``.env``.

    Raises ``ConfigError`` or ``StateError`` for a file that cannot be read or understood.
    """
    layers = [
        Layer(OS_ENVIRONMENT, os.environ, False),
        Layer(dotenv_file.path_of(env_file), dotenv_file.read(env_file), False),
    ]
    layers.extend(Layer(path, config_files.read(path), True) for path in config_files.found())
    return ConfigValues(layers)


def _spellings(path: str, variables: Tuple[str, ...], layer: Layer) -> Iterator[Tuple[str, Any]]:
    if layer.has_paths:
        yield path, _at_path(layer.values, path)
    for variable in variables:
        for spelling in (variable, variable.lower()):
            yield spelling, layer.values.get(spelling)


def _at_path(values: Any, path: str) -> Any:
    for step in path.split("."):
        values = values.get(step) if isinstance(values, Mapping) else None
    return values
