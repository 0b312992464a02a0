"""The value of a setting and where it comes from: OS environment, ``.env``, coaia.json, default."""

import os
import re
from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Tuple

from coaiapy.config import files
from coaiapy.config.keys import checked
from coaiapy.config.schema import KEY_OF
from coaiapy.dotenvx.names import KEY_FILE, is_encrypted
from coaiapy.dotenvx.opening import Opener
from coaiapy.errors import ConfigError, StateError
from coaiapy.util.files import read_shared_text
from coaiapy.util.paths import is_home
from coaiapy.util.text.notes import tell

DOTENV = ".env"
# The file that a script has chosen for the whole process: a library has no --env option.
_chosen: Optional[str] = None
DEFAULT = "default"
# Other programs replace ${NAME} in such values. A text with spaces, an instruction, may contain it.
_REFERENCE = r"\S*\$\{([A-Za-z_][A-Za-z0-9_]*)(?::?[-?+][^}\s]*)?\}\S*\Z"
OS_ENVIRONMENT = "OS environment"


@contextmanager
def choosing_dotenv(path: Optional[str]) -> Iterator[None]:
    """Use ``path`` as the ``.env`` file of this process, also after the block.

    ``None`` ends an earlier choice. If the block raises, the earlier choice is restored.
    """
    global _chosen
    before, _chosen = _chosen, path
    try:
        yield
    except BaseException:
        _chosen = before
        raise


def dotenv_path(env_file: Optional[str] = None) -> str:
    """Return the file to read: the given one, the chosen one, ``$COAIAPY_ENV_PATH`` or ``.env``."""
    return _named(env_file) or DOTENV


def _named(env_file: Optional[str]) -> Optional[str]:
    return env_file or _chosen or os.environ.get("COAIAPY_ENV_PATH")


def dotenv_variables(env_file: Optional[str] = None) -> Dict[str, str]:
    """Return the variables of the ``.env`` file; ``{}`` if the default file does not exist.

    Raises ``StateError`` when a file that was chosen does not exist, or it cannot be read or
    understood.
    """
    path = dotenv_path(env_file)
    if os.path.isfile(path) or (_named(env_file) and os.path.exists(path)):
        return _variables(path, [])
    if _named(env_file):
        raise StateError("the settings file {} does not exist".format(path))
    if os.path.exists(path) and not os.path.isdir(path):  # folders are environments of Python
        tell("{} is not read, because it is a pipe or a device".format(path))
    return {}


def skipped(env_file: Optional[str] = None) -> List[int]:
    """Return the numbers of the lines of the ``.env`` file that are not KEY=VALUE."""
    path = dotenv_path(env_file)
    lines: List[int] = []
    if os.path.isfile(path):
        _variables(path, lines)
    return lines


def _variables(path: str, skipped_lines: List[int]) -> Dict[str, str]:
    """Return all variables; names are not checked, since other programs use the file as well.

    Their lines that are not KEY=VALUE, such as a bare name, or not UTF-8, are skipped, and their
    numbers added to ``skipped_lines``.
    """
    from coaiapy.util.formats import env_json, env_lines

    def skip(line: int, text: str) -> bool:
        skipped_lines.append(line)
        return not _is_ours(text)

    text = read_shared_text(path)
    if text.lstrip().startswith("{"):
        return {key: value for key, value, _ in env_json.parse(text, path)}
    return {key: value for key, value, _ in env_lines.parse(text, path, skip)}


def _is_ours(line: str) -> bool:
    """Tell whether a line seems to give a value to a setting of coaia."""
    from coaiapy.config.schema import KEY_OF_VARIABLE

    found = re.match(r"\s*(?:export\s+)?['\"]?(\w+)['\"]?\s*\S", line)
    return bool(found) and found.group(1).upper() in KEY_OF_VARIABLE  # type: ignore[union-attr]


class Layer(NamedTuple):
    """One place that settings come from; ``name`` is what messages call it.

    ``has_paths`` is true for coaia.json, whose keys are dotted paths, and false for variables.
    ``is_of_project`` is true for a file that is read only because of the current folder.
    """

    name: str
    values: Mapping[str, Any]
    has_paths: bool
    is_of_project: bool = False

    def opener(self) -> Opener:
        """Return what decrypts values of this place."""
        key_file = KEY_FILE if self.name == OS_ENVIRONMENT else None
        return Opener(self.name, self.values, key_file)


class Found(NamedTuple):
    """A setting that was found: what stands there, and the name and place it has there.

    ``opener`` decrypts ``raw``, if that is encrypted. ``rank`` is the number of the place; 0 is the
    one that overrides all others. ``is_of_project`` says that the place is a file that is read only
    because of the current folder.
    """

    raw: Any
    name: str
    place: str
    rank: int
    is_of_project: bool = False
    opener: Optional[Opener] = None

    @property
    def value(self) -> Any:
        """What was found, decrypted; ``ConfigError`` if the private key for it is missing."""
        return self.opener.open(self.name, self.raw) if self.opener else self.raw

    @property
    def source(self) -> str:
        """Where the value comes from, for people."""
        return "{} in {}".format(self.name, self.place)


class ConfigValues:
    """The settings as they are now; they are looked up by their names in ``config.schema``."""

    def __init__(self, layers: List[Layer]) -> None:
        self.layers = layers

    def found(self, name: str) -> Optional[Found]:
        """Return where the setting is set, or ``None``; an empty value counts as not set."""
        key = KEY_OF[name]
        for variables in (key.variables, key.fallbacks):
            for rank, layer in enumerate(self.layers):
                for spelling, value in _spellings(name, variables, layer):
                    if value is not None and value != "" and str(value).strip():
                        opener = layer.opener() if is_encrypted(value) else None
                        return Found(value, spelling, layer.name, rank, layer.is_of_project, opener)
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
        value = found.value
        reference = re.match(_REFERENCE, value) if isinstance(value, str) else None
        if reference:
            raise ConfigError(
                "{} refers to the variable {}, and coaia does not expand variables: write the value "
                "itself in {}".format(found.name, reference.group(1), found.place)
            )
        try:
            return checked(key, value)
        except ValueError as error:
            shown = "" if key.secret or found.opener else " {!r}".format(value)
            raise ConfigError(
                "{}{} {}: correct it in {}".format(found.name, shown, error, found.place)
            ) from error


def load(env_file: Optional[str] = None) -> ConfigValues:
    """Return the settings as they are now; ``env_file`` is read instead of ``.env``.

    Raises ``ConfigError`` or ``StateError`` for a file that cannot be read or understood.
    """
    dotenv = dotenv_path(env_file)
    layers = [
        Layer(OS_ENVIRONMENT, os.environ, False),
        Layer(dotenv, dotenv_variables(env_file), False, _is_of_project(dotenv)),
    ]
    for path in files.found():
        layers.append(Layer(path, files.read(path), True, _is_of_project(path)))
    return ConfigValues(layers)


def _is_of_project(path: str) -> bool:
    """Tell whether a settings file was found in the current folder, and not named by the user."""
    is_unnamed = path in (DOTENV, files.project_path())
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
