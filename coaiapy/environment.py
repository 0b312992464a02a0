"""Variables that outlive a shell session: the OS environment, the project's, the global one.

Plain functions on the path of one environment file, or on the hierarchy; ``EnvironmentManager``
offers them under the names that scripts import.
"""

import os
import time
from typing import TYPE_CHECKING, Dict, List, Mapping, Optional

from coaiapy import env_files, shell
from coaiapy.env_context import (
    CONTEXT_KEYS,
    SOURCES,
    Saved,
    check_memory,
    current_context,
    find_all,
    is_open,
    left_behind,
    other_trace,
    remember,
    resolve,
    resolve_all,
    save_context,
    take_up,
)
from coaiapy.env_files import variables_in
from coaiapy.env_places import (
    LOCATIONS,
    Environment,
    EnvironmentConfig,
    environments,
    path_of,
)
from coaiapy.errors import NotFoundError

__all__ = [
    "CONTEXT_KEYS",
    "LOCATIONS",
    "SOURCES",
    "Environment",
    "EnvironmentConfig",
    "EnvironmentManager",
    "Saved",
    "check_exists",
    "check_memory",
    "current_context",
    "environments",
    "existing_variables_in",
    "export_commands",
    "find",
    "find_all",
    "find_in",
    "format_environment_table",
    "init",
    "other_trace",
    "path_of",
    "remember",
    "resolve",
    "resolve_all",
    "save_context",
    "set_variable",
    "take_up",
    "unset_variable",
    "variables_in",
]

if TYPE_CHECKING:
    from pathlib import Path


def existing_variables_in(path: str) -> Dict[str, str]:
    """Return ``variables_in(path)``; raise ``NotFoundError`` when there is no such file."""
    check_exists(path)
    return variables_in(path)


def check_exists(path: str) -> None:
    """Raise ``NotFoundError`` when there is no environment file at ``path``."""
    if not os.path.exists(path):
        raise NotFoundError(
            "there is no environment file {}: coaia env list shows which there are, "
            "coaia env init makes one".format(path)
        )


def find(key: str) -> str:
    """Return what the hierarchy says of ``key``, or an empty text where an id is left open.

    Raises ``NotFoundError`` when no layer knows the key.
    """
    value = resolve(key)
    if value is None and any(key in variables_in(path_of(None, place)) for place in LOCATIONS):
        return ""
    if value is None:
        raise NotFoundError(
            "{0} is not set in the OS environment, the project or the global environment: "
            "coaia env set {0} VALUE".format(key)
        )
    return value


def find_in(path: str, key: str) -> str:
    """Return ``key`` as the file at ``path`` has it; raise ``NotFoundError`` if it has not."""
    variables = existing_variables_in(path)
    if shell.check_name(key) not in variables:
        raise NotFoundError("{} is not set in {}".format(key, path))
    return variables[key]


def init(
    path: str,
    name: Optional[str] = None,
    location: str = "project",
    initial: Optional[Mapping[str, str]] = None,
    format: str = "json",
    force: bool = False,
) -> bool:
    """Make an environment file with ``initial`` variables (default: the open context ids).

    An existing file keeps its values and gets what it lacks; with ``force`` it starts anew.
    Returns whether there was a file before.
    """
    existed = os.path.exists(path)
    start = dict(initial) if initial is not None else {key: "" for key in CONTEXT_KEYS}
    start["_COAIA_ENV_CREATED"] = str(int(time.time()))
    start["_COAIA_ENV_NAME"] = name or "default"
    start["_COAIA_ENV_LOCATION"] = location
    if force:
        env_files.replace(path, start, format)
    else:
        env_files.change(path, lambda variables: _add_missing(variables, start), format)
    return existed


def set_variable(path: str, key: str, value: str, format: str = "json") -> Dict[str, str]:
    """Keep ``key`` in the file at ``path`` and return its variables."""
    env_files.check_key(key)
    shell.check_value(key, value)
    changed = env_files.change(path, lambda variables: variables.update({key: value}), format)
    return env_files.without_metadata(changed)


def unset_variable(path: str, key: str) -> bool:
    """Remove ``key`` from the file at ``path``; return whether it was there."""
    env_files.check_key(key)
    removed = []  # type: List[str]

    def edit(variables: Dict[str, str]) -> None:
        if key in variables:
            removed.append(variables.pop(key))

    if os.path.exists(path):
        env_files.change(path, edit)
    return bool(removed)


def export_commands(variables: Mapping[str, str], shell_name: str = "posix") -> List[str]:
    """Return the lines that export ``variables``, without metadata and ids left open.

    Where they start another trace than this process has, lines that remove the session and the
    observation ids of that one come after them.
    """
    given = {key: variables[key] for key in variables if not is_open(key, variables[key])}
    ended = [shell.unset_line(key, shell_name) for key in left_behind(given)]
    return shell.export_lines(given, shell_name) + ended


def _add_missing(variables: Dict[str, str], more: Mapping[str, str]) -> None:
    for key, value in more.items():
        variables.setdefault(key, value)


def format_environment_table(
    variables: Mapping[str, str], reveal: bool = False, width: Optional[int] = None
) -> str:
    """Return a table of ``variables``, one line each; secrets are hidden unless ``reveal``.

    Control characters are shown as escapes. ``width`` cuts values that would be wider.
    """
    from coaiapy.masking import masked
    from coaiapy.table import table

    shown = variables if reveal else masked(variables)
    rows = [(key, _one_line(value)) for key, value in shown.items()]
    return table(rows, ("Variable", "Value"), width)


def _one_line(text: str) -> str:
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in text
    )


class EnvironmentManager:
    """The environments of one configuration, under the names that scripts import.

    ``env_name`` None means the unnamed environment of its ``location`` (project or global).
    Failures raise ``CoaiaError``; nothing is printed.
    """

    def __init__(self, config: Optional[EnvironmentConfig] = None) -> None:
        self.config = config or EnvironmentConfig()

    def load_environment(
        self, env_name: Optional[str] = None, location: str = "project"
    ) -> Dict[str, str]:
        """Return the variables of one environment; none if it has no file."""
        return variables_in(self._path(env_name, location))

    def get_variable(
        self, key: str, env_name: Optional[str] = None, location: str = "project"
    ) -> Optional[str]:
        """Return ``key`` as this one environment has it, or None; ``resolve`` asks them all."""
        return self.load_environment(env_name, location).get(key)

    def set_variable(
        self,
        key: str,
        value: str,
        env_name: Optional[str] = None,
        location: str = "project",
        persist: bool = True,
        format: str = "json",
    ) -> Dict[str, str]:
        """Set ``key`` and return the environment's variables.

        ``persist=False`` sets it in this process only; ``format`` counts for a new file.
        """
        path = self._path(env_name, location)
        if persist:
            return set_variable(path, key, value, format)
        env_files.check_key(key)
        os.environ[key] = shell.check_value(key, value)
        return dict(variables_in(path), **{key: value})

    def unset_variable(
        self,
        key: str,
        env_name: Optional[str] = None,
        location: str = "project",
        persist: bool = True,
        format: str = "json",
    ) -> Dict[str, str]:
        """Remove ``key`` and return the environment's variables.

        ``persist=False`` removes it from this process only.
        """
        path = self._path(env_name, location)
        if persist:
            unset_variable(path, key)
            return variables_in(path)
        os.environ.pop(shell.check_name(key), None)
        return {name: text for name, text in variables_in(path).items() if name != key}

    def source_environment(
        self, env_name: Optional[str] = None, location: str = "project"
    ) -> Dict[str, str]:
        """Put one environment's variables into this process and return them.

        Ids left open are returned, but do not replace what the process has. The session and the
        observation ids of another trace are removed.
        """
        variables = self.load_environment(env_name, location)
        for key in left_behind(variables):
            del os.environ[key]
        os.environ.update(
            {key: value for key, value in variables.items() if not is_open(key, value)}
        )
        return variables

    def init_environment(
        self,
        env_name: Optional[str] = None,
        location: str = "project",
        initial_vars: Optional[Mapping[str, str]] = None,
        format: str = "json",
        force: bool = False,
    ) -> "Path":
        """Make an environment file and return its path; see ``init`` for an existing one."""
        path = self._path(env_name, location)
        init(path, env_name, location, initial_vars, format, force)
        return _as_path(path)

    def clear_environment(self, env_name: Optional[str] = None, location: str = "project") -> bool:
        """Remove an environment's file; return False when there was none."""
        return env_files.remove(self._path(env_name, location))

    def list_environments(self) -> Dict[str, List[str]]:
        """Return the names by location; ``default`` is the unnamed one."""
        found = {location: [] for location in LOCATIONS}  # type: Dict[str, List[str]]
        for environment in environments(self.config):
            found[environment.location].append(environment.name or "default")
        return found

    def export_shell_commands(
        self, env_name: Optional[str] = None, location: str = "project"
    ) -> List[str]:
        """Return the lines that a POSIX shell evaluates, quoted or not."""
        return export_commands(self.load_environment(env_name, location))

    def get_current_context(self) -> Dict[str, Optional[str]]:
        """Return each of ``CONTEXT_KEYS`` with its active value or None."""
        context = current_context()
        return {key: context.get(key) for key in CONTEXT_KEYS}

    def save_current_context(
        self,
        env_name: Optional[str] = None,
        location: str = "project",
        name: Optional[str] = None,
        force: bool = False,
    ) -> "Path":
        """Keep the active ids in an environment's file and return its path."""
        return _as_path(save_context(self._path(env_name, location), name, force).path)

    def _path(self, env_name: Optional[str], location: str) -> str:
        return path_of(env_name, location, self.config)


def _as_path(path: str) -> "Path":
    from pathlib import Path

    return Path(path)
