"""Variables that outlive a shell session, kept in environment files.

The functions work on the path of one file, or on the hierarchy of OS environment, project and
global environment. ``EnvironmentManager`` offers them to scripts of earlier releases.
"""

import os
from typing import Dict, Mapping, Optional

from coaiapy.env.changes import init, set_variable, unset_variable
from coaiapy.env.context import (
    SOURCES,
    Saved,
    check_memory,
    current_context,
    export_commands,
    other_trace,
    remember,
    save_context,
    take_up,
)
from coaiapy.env.files import variables_in
from coaiapy.env.places import (
    CONTEXT_KEYS,
    LOCATIONS,
    Environment,
    EnvironmentConfig,
    environments,
    find,
    find_all,
    path_of,
    resolve,
    resolve_all,
)
from coaiapy.errors import NotFoundError
from coaiapy.published_environment import EnvironmentManager
from coaiapy.util import shell
from coaiapy.util.old_names import with_old_names

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


def existing_variables_in(path: str) -> Dict[str, str]:
    """Return ``variables_in(path)``; raise ``NotFoundError`` when there is no such file."""
    check_exists(path)
    return variables_in(path)


def check_exists(path: str) -> None:
    """Raise ``NotFoundError`` when there is no environment file at ``path``."""
    if not os.path.exists(path):
        raise NotFoundError(
            "the environment file {} does not exist: see coaia env list, or create it "
            "with coaia env init".format(path)
        )


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
    from coaiapy.util.formats.table import fitted, table
    from coaiapy.util.masking import masked
    from coaiapy.util.text import one_line

    shown = variables if reveal else masked(variables)
    rows = [(key, one_line(value)) for key, value in shown.items()]
    headers = ("Variable", "Value")
    return fitted(rows, headers, width).text if width else table(rows, headers)
