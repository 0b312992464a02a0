"""The value of a setting and where it comes from: OS environment, ``.env``, coaia.json, default."""

import os
from typing import Any, Iterator, List, Mapping, NamedTuple, Optional, Tuple

from coaiapy import config_files, dotenv_file
from coaiapy.config_schema import KEY_OF, checked
from coaiapy.errors import ConfigError
from coaiapy.files import user_home

DEFAULT = "default"
OS_ENVIRONMENT = "OS environment"


class Layer(NamedTuple):
    """One place that settings stand in; ``name`` is how a user knows it."""

    name: str
    values: Mapping[str, Any]
    has_paths: bool


class Found(NamedTuple):
    """A setting as somebody gave it: the raw value, under which name, in which place.

    ``rank`` counts the places from 0, the strongest.
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
        """Whether it stands in a file that counts because of the folder that we are in."""
        is_unnamed = (
            self.place == dotenv_file.NAME or os.path.basename(self.place) == config_files.NAME
        )
        if not is_unnamed or os.path.isabs(self.place):
            return False
        return os.path.realpath(os.getcwd()) != os.path.realpath(user_home())


class ConfigValues:
    """The settings of one moment, looked up by their names in ``config_schema``."""

    def __init__(self, layers: List[Layer]) -> None:
        self.layers = layers

    def found(self, name: str) -> Optional[Found]:
        """Return where the setting is given, or ``None``; what is empty is not given."""
        key = KEY_OF[name]
        for variables in (key.variables, key.fallbacks):
            for rank, layer in enumerate(self.layers):
                for spelling, value in _spellings(name, variables, layer):
                    if value is not None and value != "" and str(value).strip():
                        return Found(value, spelling, layer.name, rank)
        return None

    def only(self, rank: int) -> "ConfigValues":
        """Return what stands in one place, whatever stands in the others."""
        return ConfigValues([self.layers[rank]])

    def get(self, name: str) -> Any:
        """Return the setting in its type, else its default.

        Raises ``ConfigError`` naming the place of a value that is of another type.
        """
        found = self.found(name)
        key = KEY_OF[name]
        if found is None:
            return key.default
        try:
            return checked(key, found.value)
        except ValueError as error:
            shown = "" if key.secret else " {!r}".format(found.value)
            raise ConfigError(
                "{}{} {}: correct it in {}".format(found.name, shown, error, found.place)
            ) from error


def load(env_file: Optional[str] = None) -> ConfigValues:
    """Return the settings of this moment; ``env_file`` stands for ``.env``.

    Raises ``ConfigError`` or ``StateError`` for a file that cannot be understood.
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
