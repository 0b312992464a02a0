"""The ``.env`` file: which file is read as such, and the variables in it."""

import os
import re
from contextlib import contextmanager
from typing import Dict, Iterator, List, Optional

from coaiapy.errors import StateError
from coaiapy.util.files import read_text

NAME = ".env"

# The file that a script has chosen for the whole process: a library has no --env option.
_chosen: Optional[str] = None


@contextmanager
def choosing(path: Optional[str]) -> Iterator[None]:
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


def path_of(env_file: Optional[str] = None) -> str:
    """Return the file to read: the given one, the chosen one, ``$COAIAPY_ENV_PATH`` or ``.env``."""
    return _named(env_file) or NAME


def _named(env_file: Optional[str]) -> Optional[str]:
    return env_file or _chosen or os.environ.get("COAIAPY_ENV_PATH")


def read(env_file: Optional[str] = None) -> Dict[str, str]:
    """Return the variables of the ``.env`` file; ``{}`` if the default file does not exist.

    Raises ``StateError`` when a file that was chosen does not exist, or it cannot be read or
    understood.
    """
    path = path_of(env_file)
    if not os.path.isfile(path):
        if _named(env_file):
            raise StateError("the settings file {} does not exist".format(path))
        return {}
    return _variables(path, [])


def skipped(env_file: Optional[str] = None) -> List[int]:
    """Return the numbers of the lines of the ``.env`` file that are not KEY=VALUE."""
    path = path_of(env_file)
    lines: List[int] = []
    if os.path.isfile(path):
        _variables(path, lines)
    return lines


def _variables(path: str, skipped_lines: List[int]) -> Dict[str, str]:
    """Return all variables; names are not checked, since other programs use the file as well.

    Their lines that are not KEY=VALUE, such as a bare name, are skipped, and their numbers added to
    ``skipped_lines``.
    """
    from coaiapy.util.formats import env_json, env_lines

    def skip(line: int, text: str) -> bool:
        skipped_lines.append(line)
        return not _is_ours(text)

    text = read_text(path)
    if text.lstrip().startswith("{"):
        return {key: value for key, value, _ in env_json.parse(text, path)}
    return {key: value for key, value, _ in env_lines.parse(text, path, skip)}


def _is_ours(line: str) -> bool:
    """Tell whether a line seems to give a value to a setting of coaia."""
    from coaiapy.config_schema import KEY_OF_VARIABLE

    found = re.match(r"\s*(?:export\s+)?['\"]?(\w+)['\"]?\s*\S", line)
    return bool(found) and found.group(1).upper() in KEY_OF_VARIABLE  # type: ignore[union-attr]
