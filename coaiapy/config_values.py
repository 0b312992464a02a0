"""The value of a setting and where it comes from: OS environment, ``.env``, coaia.json, default."""

import os
import re
from typing import Any, Iterator, List, Mapping, NamedTuple, Optional, Tuple

from coaiapy import config_files, dotenv_file
from coaiapy.config_schema import KEY_OF, checked
from coaiapy.errors import ConfigError
from coaiapy.util.paths import is_home

DEFAULT = "default"
# Other programs replace ${NAME} in such values. A text with spaces, an instruction, may contain it.
_REFERENCE = re.compile(r"\S*\$\{([A-Za-z_][A-Za-z0-9_]*)(?::?[-?+][^}\s]*)?\}\S*\Z")
OS_ENVIRONMENT = "OS environment"


class Layer(NamedTuple):
    """One place that settings come from; ``name`` is what messages call it.

    ``has_paths`` is true for coaia.json, whose keys are dotted paths, and false for variables.
    ``is_of_project`` is true for a file that is read only because of the current folder.
    """

    name: str
    values: Mapping[str, Any]
    has_paths: bool
    is_of_project: bool = False


class Found(NamedTuple):
    """A setting that was found: its raw value, and the name and place it has there.

    ``rank`` is the number of the place; 0 is the one that overrides all others. ``is_of_project``
    says that the place is a file that is read only because of the current folder.
    """

    value: Any
    name: str
    place: str
    rank: int
    is_of_project: bool = False

    @property
    def source(self) -> str:
        """Where the value comes from, for people."""
        return "{} in {}".format(self.name, self.place)


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
                        return Found(value, spelling, layer.name, rank, layer.is_of_project)
        return None

    def only(self, rank: int) -> "ConfigValues":
        """Return only the settings of the place with this rank."""
        return ConfigValues([self.layers[rank]])

    def outside_project(self) -> "ConfigValues":
        """Return only the settings that the user has made for every folder."""
        return ConfigValues([layer for layer in self.layers if not layer.is_of_project])

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
    dotenv = dotenv_file.path_of(env_file)
    layers = [
        Layer(OS_ENVIRONMENT, os.environ, False),
        Layer(dotenv, dotenv_file.read(env_file), False, _is_of_project(dotenv)),
    ]
    for path in config_files.found():
        layers.append(Layer(path, config_files.read(path), True, _is_of_project(path)))
    return ConfigValues(layers)


def _is_of_project(path: str) -> bool:
    """Tell whether a settings file was found in the current folder, and not named by the user."""
    is_unnamed = path in (dotenv_file.NAME, config_files.project_path())
    return is_unnamed and not is_home()


def _spellings(path: str, variables: Tuple[str, ...], layer: Layer) -> Iterator[Tuple[str, Any]]:
    if layer.has_paths:
        yield path, _at_path(layer.values, path)
    for variable in variables:
        for spelling in (variable, variable.lower()):
            value = layer.values.get(spelling)
            if not _names_service(variable, value):
                yield spelling, value


def _names_service(variable: str, value: Any) -> bool:
    """Tell whether a container platform has set a variable, because a service has such a name.

    Beside a service named redis, Kubernetes and Docker set ``REDIS_PORT=tcp://10.0.0.1:6379``.
    """
    is_text = variable.endswith("_PORT") and isinstance(value, str)
    return is_text and re.match(r"\s*(?:tcp|udp|sctp)://", value) is not None


def _at_path(values: Any, path: str) -> Any:
    for step in path.split("."):
        values = values.get(step) if isinstance(values, Mapping) else None
    return values
