"""Where environment files are, and which of them make one environment together."""

import os
import re
from typing import List, NamedTuple, Optional, Sequence

from coaiapy.config import values as config_values
from coaiapy.config.values import DOTENV
from coaiapy.dotenvx.names import KEY_FILE
from coaiapy.env import files as env_files
from coaiapy.errors import ConfigError, UsageError
from coaiapy.util import paths

LOCATIONS = ("project", "global")
VARIABLE_COLUMNS = {
    "environment": "Environment",
    "location": "Location",
    "variable": "Variable",
    "value": "Value",
}
# What the environment without a name is called where a name is needed.
UNNAMED = "default"
# Ends the name of a file that stays on one machine.
LOCAL = ".local"
# Files beside .env that are no environments: patterns for people, schemas and keys of other tools.
_NO_ENVIRONMENT = r"(?:.*\.)?(?:example|sample|template|tpl|dist|defaults|schema|keys|vault|me)\Z"
# Dotenv tools leave .env.local out where this is the environment: all machines test the same.
_WITHOUT_LOCAL = "test"
_DEFAULT_GLOBAL_FILE = "~/.coaia/global.env"
_ENVIRONMENT_NAME = r"[A-Za-z0-9_][A-Za-z0-9._-]*\Z"
# Files beside an environment file: its schema, and what locks, editors and interrupted programs leave.
_LEFTOVER = r"(?:.*\.)?(?:lock|swp|tmp|schema\.json)\Z"


class EnvironmentConfig(NamedTuple):
    """The paths of the environment files. ``COAIA_HOME`` moves the default global file."""

    project_env_file: str = ".coaia-env"
    global_env_file: str = _DEFAULT_GLOBAL_FILE
    supported_formats: Sequence[str] = env_files.FORMATS


DEFAULT_CONFIG = EnvironmentConfig()


class Environment(NamedTuple):
    """An environment that has a file; ``name`` is None for the unnamed one of its location."""

    name: Optional[str]
    location: str
    path: str


def path_of(
    name: Optional[str] = None,
    location: str = "project",
    config: EnvironmentConfig = DEFAULT_CONFIG,
) -> str:
    """Return the path of an environment's file, whether it exists or not.

    ``UNNAMED`` names the unnamed one, as listings do, unless a file has exactly this name.
    Raises ``UsageError`` for an unknown location or a name that is not allowed.
    """
    if location not in LOCATIONS:
        raise UsageError("unknown location {!r}: use project or global".format(location))
    path = config.project_env_file
    if location == "global":
        path = os.path.expanduser(config.global_env_file)
        if config.global_env_file == _DEFAULT_GLOBAL_FILE:
            path = os.path.join(paths.state_folder(), "global.env")
    if name is None:
        return path
    named = "{}.{}".format(path, _check_environment_name(name))
    return path if name == UNNAMED and not os.path.lexists(named) else named


def environments(config: EnvironmentConfig = DEFAULT_CONFIG) -> List[Environment]:
    """Return the project's environments, then the global ones; in each the unnamed one first."""
    found = []  # type: List[Environment]
    for location in LOCATIONS:
        path = path_of(None, location, config)
        folder, base = os.path.split(path)
        entries = paths.entries(folder or ".")
        if base in entries:
            found.append(Environment(None, location, path))
        names = [entry[len(base) + 1 :] for entry in entries if entry.startswith(base + ".")]
        found.extend(
            Environment(name, location, path_of(name, location, config))
            for name in names
            if _is_environment_name(name)
        )
    return found


def _is_environment_name(name: str) -> bool:
    return bool(re.match(_ENVIRONMENT_NAME, name)) and not re.match(_LEFTOVER, name)


def _check_environment_name(name: str) -> str:
    if not _is_environment_name(name):
        raise UsageError(_not_a_name(name))
    return name


def _not_a_name(name: str) -> str:
    return (
        "{!r} cannot name an environment: use letters, digits, '.', '_' and '-', and no .lock, "
        ".swp, .tmp or schema.json at the end".format(name)
    )


def is_path(word: str) -> bool:
    """Tell whether a word that stands for an environment is the path of a file, and no name."""
    return word.startswith(".") or os.sep in word or "/" in word


def path_or_name(word: str) -> str:
    """Return the path of the file that a word stands for: a path, a name or ``UNNAMED``."""
    return word if is_path(word) else path_of(None if word == UNNAMED else word)


def chosen(given: Optional[str] = None) -> Optional[str]:
    """Return the name ``given``, else that of the environment that ``COAIA_ENV`` chooses for reading.

    Raises ``ConfigError`` for a name there that is not allowed.
    """
    if given is not None:
        return given
    name = os.environ.get("COAIA_ENV")
    if name and not _is_environment_name(name):
        raise ConfigError("COAIA_ENV " + _not_a_name(name))
    return name or None


def cascade_of(name: Optional[str] = None, dotenv: Optional[bool] = None) -> List[str]:
    """Return the paths of the project's files for an environment, the strongest first.

    They may not exist. ``dotenv`` says whether ``.env`` files are among them, in the order that
    dotenv tools have; by default the setting ``env.dotenv`` says it, and is asked only where there
    are such files. Raises ``UsageError`` for a name that is not allowed.
    """
    ends = ["." + _check_environment_name(name)] if name is not None else []
    if name and not name.endswith(LOCAL[1:]):
        ends.insert(0, ends[0] + LOCAL)
    own = [path_of() + end for end in ends + [""]]
    shared = [LOCAL, ""] if name != _WITHOUT_LOCAL else [""]
    order = ends[:-1] + shared[:-1] + ends[-1:] + [""]
    others = [DOTENV + end for end in dict.fromkeys(order) if DOTENV + end != KEY_FILE]
    if dotenv is None:
        dotenv = any(os.path.exists(path) for path in others) and _uses_dotenv()
    return own + (others if dotenv else [])


def is_own_name(file_name: str) -> bool:
    """Tell whether a file of a project is an environment of coaia's, with a name or without."""
    start, _, name = file_name.partition(DEFAULT_CONFIG.project_env_file)
    return not start and (not name or name[0] == "." and _is_environment_name(name[1:]))


def is_shared_name(file_name: str) -> bool:
    """Tell whether a file beside ``.env``, such as ``.env.production``, is an environment."""
    start, _, name = file_name.partition(DOTENV + ".")
    return not start and _is_environment_name(name) and not re.match(_NO_ENVIRONMENT, name)


def _uses_dotenv() -> bool:
    return bool(config_values.load().get("env.dotenv"))
