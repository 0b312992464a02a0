"""Variables that outlive a shell session, kept in environment files.

The functions work on the path of one file, or on the hierarchy of OS environment, project and
global environment. ``EnvironmentManager`` offers them to scripts of earlier releases.
"""

import os
from typing import TYPE_CHECKING, Dict, List, Mapping, Optional, Tuple

from coaiapy.env import changes as env_changes
from coaiapy.env import files as env_files
from coaiapy.env import untrusted
from coaiapy.env.cascade import find, find_all, is_open, resolve, resolve_all
from coaiapy.env.changes import init, set_variable, unset_variable
from coaiapy.env.context import (
    SOURCES,
    Saved,
    check_memory,
    current_context,
    export_commands,
    left_behind,
    other_trace,
    remember,
    save_context,
    take_up,
)
from coaiapy.env.files import check_exists, stored_in, variables_in
from coaiapy.env.names import CONTEXT_KEYS
from coaiapy.env.places import (
    LOCATIONS,
    Environment,
    EnvironmentConfig,
    environments,
    path_of,
)
from coaiapy.errors import CoaiaError, NotFoundError
from coaiapy.util import shell
from coaiapy.util.masking import ENCRYPTED, MASK
from coaiapy.util.old_names import with_old_names
from coaiapy.util.text.notes import tell

if TYPE_CHECKING:
    from pathlib import Path

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
    "stored_in",
    "take_up",
    "unset_variable",
    "variables_in",
]


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
        """Return the variables of one environment; ``{}`` if it has no file."""
        return dict(variables_in(self._path(env_name, location)))

    def get_variable(
        self, key: str, env_name: Optional[str] = None, location: str = "project"
    ) -> Optional[str]:
        """Return the value of ``key`` in this one environment, or None (see also ``resolve``)."""
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

        ``persist=False`` sets it in this process only; ``format`` is used for a new file.
        """
        path = self._path(env_name, location)
        if persist:
            return env_changes.set_variable(path, key, value, format)
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
            env_changes.unset_variable(path, key)
            return dict(variables_in(path))
        os.environ.pop(shell.check_name(key), None)
        return {name: text for name, text in variables_in(path).items() if name != key}

    def source_environment(
        self, env_name: Optional[str] = None, location: str = "project"
    ) -> Dict[str, str]:
        """Put one environment's variables into this process and return them.

        Ids that are not set are returned as empty texts, and do not replace those of the process.
        If the trace changes, the session and observation ids of the previous one are removed. Of a
        project's file that is not trusted, variables that start programs are left out.
        """
        path = self._path(env_name, location)
        given = untrusted.for_shell(path, variables_in(path))
        if given.held:
            tell(untrusted.note(path, given.held))
        variables = given.variables
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
        """Make an environment file and return its path; ``environment.init`` says what it keeps."""
        path = self._path(env_name, location)
        env_changes.init(path, env_name, location, initial_vars, format, force)
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
        """Return the commands that a POSIX shell has to evaluate to export the variables.

        Variables that need trust are left out, as in ``source_environment``.
        """
        path = self._path(env_name, location)
        return export_commands(untrusted.for_shell(path, variables_in(path)).variables)

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
        """Save the active ids in an environment's file and return its path."""
        return _as_path(save_context(self._path(env_name, location), name, force).path)

    def _path(self, env_name: Optional[str], location: str) -> str:
        return path_of(env_name, location, self.config)


def _as_path(path: str) -> "Path":
    from pathlib import Path

    return Path(path)


def existing_variables_in(path: str) -> Mapping[str, str]:
    """Return ``variables_in(path)``; raise ``NotFoundError`` when there is no such file."""
    check_exists(path)
    return variables_in(path)


def existing_stored_in(path: str) -> Dict[str, str]:
    """Return ``stored_in(path)``; raise ``NotFoundError`` when there is no such file."""
    check_exists(path)
    return stored_in(path)


def decrypted(path: str) -> Tuple[Dict[str, str], List[str]]:
    """Return the variables of a file decrypted, and why that failed for some, a sentence each.

    Those are ``encrypted:****``. Raises ``NotFoundError`` when there is no such file.
    """
    found, failures = {}, []
    variables = existing_variables_in(path)
    for name in variables:
        try:
            found[name] = variables[name]
        except CoaiaError as error:
            failures.append(str(error))
            found[name] = ENCRYPTED + MASK
    return found, failures


def find_in(path: str, key: str) -> str:
    """Return the value of ``key`` in the file at ``path``; ``NotFoundError`` if it is not there."""
    variables = existing_variables_in(path)
    if shell.check_name(key) not in variables:
        raise NotFoundError("{} is not set in {}".format(key, path))
    return variables[key]


@with_old_names(env_vars="variables")
def format_environment_table(
    variables: Mapping[str, str], reveal: bool = False, width: Optional[int] = None
) -> str:
    """Return a table with one line for each variable; secrets are masked unless ``reveal``.

    Control characters are shown as escapes. Values are cut so that a line has ``width`` characters.
    """
    from coaiapy.util.formats.tables.table import fitted, table
    from coaiapy.util.masking import masked
    from coaiapy.util.text.wording import one_line

    shown = variables if reveal else masked(variables)
    rows = [(key, one_line(value)) for key, value in shown.items()]
    headers = ("Variable", "Value")
    return fitted(rows, headers, width).text if width else table(rows, headers)
