"""The ``.env`` file: which file stands for it, and the variables in it."""

import os
from contextlib import contextmanager
from typing import Dict, Iterator, Optional

from coaiapy.errors import ConfigError
from coaiapy.files import read_text

NAME = ".env"

# What a script has chosen for its process: a library has no command line to say it on.
_chosen: Optional[str] = None


@contextmanager
def choosing(path: Optional[str]) -> Iterator[None]:
    """Let ``path`` stand for ``.env`` in this process wherever no other file is given.

    ``None`` ends an earlier choice. If the block raises, the earlier choice counts again.
    """
    global _chosen
    before, _chosen = _chosen, path
    try:
        yield
    except BaseException:
        _chosen = before
        raise


def path_of(env_file: Optional[str] = None) -> str:
    """Return which file stands for ``.env``: the given, the chosen, else ``$COAIAPY_ENV_PATH``."""
    return _named(env_file) or NAME


def _named(env_file: Optional[str]) -> Optional[str]:
    return env_file or _chosen or os.environ.get("COAIAPY_ENV_PATH")


def read(env_file: Optional[str] = None) -> Dict[str, str]:
    """Return the variables of the ``.env`` file; none if it is missing and nobody named it.

    Raises ``ConfigError`` when a named file is missing, ``StateError`` when one is broken.
    """
    path = path_of(env_file)
    if not os.path.isfile(path):
        if _named(env_file):
            raise ConfigError("the settings file {} does not exist".format(path))
        return {}
    return _variables(path)


def _variables(path: str) -> Dict[str, str]:
    """Return all that the file says: a ``.env`` is also for programs that name things freely."""
    from coaiapy import env_format_json, env_format_lines

    text = read_text(path)
    parse = env_format_json.parse if text.lstrip().startswith("{") else env_format_lines.parse
    return {key: value for key, value, _ in parse(text, path)}
