"""``coaia.json``: where it is looked for, what is in it, and how a new one is made.

In a new one every key that coaia reads is explained and left empty. An empty value means "not set", so
that the file changes nothing until a value is filled in.
"""

import json
import os
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple

from coaiapy.config.keys import SWITCH, TEXTS, Key
from coaiapy.config.schema import KEYS, PATTERNS
from coaiapy.errors import ConfigError, StateError
from coaiapy.util import files
from coaiapy.util.files import read_text
from coaiapy.util.old_names import with_old_names
from coaiapy.util.paths import make_private_folder, user_home

NAME = "coaia.json"
# Places in the home that older releases supported; used only if neither the project nor the home
# has a file. Folders around the project, which they also searched, may belong to anybody.
_OTHER_HOME_FOLDERS = (".config/jgwill", "Documents")
HELP = "_help"
_ABOUT = (
    "Fill in what you need and leave the rest empty: an empty text or null means not set. "
    "Environment variables and .env take precedence over this file, and ./coaia.json in a project "
    "over ~/coaia.json. To see where each value comes from, run: coaia config show"
)


def home_path() -> str:
    """Return the path of the user's own file, whether it exists or not."""
    return os.path.join(user_home(), NAME)


def project_path() -> str:
    """Return the path of the project's file, whether it exists or not."""
    return NAME


def find_existing() -> Optional[str]:
    """Return the first file that exists (project, home, older places), or ``None``."""
    places = [project_path()] + _in_home("", *_OTHER_HOME_FOLDERS)
    return next((path for path in places if os.path.isfile(path)), None)


def _in_home(*folders: str) -> List[str]:
    """Return the paths in these folders of the home, none if the user has no home."""
    try:
        home = user_home()
    except StateError:
        return []
    return [os.path.join(home, folder, NAME) for folder in folders]


def found() -> List[str]:
    """Return the paths of the files in use, the one that overrides the others first.

    Those are the project's and the home's; if neither exists, the first one in an older place.
    """
    paths = [path for path in [project_path()] + _in_home("") if os.path.exists(path)]
    if len(paths) == 2 and os.path.samefile(*paths):
        paths = paths[1:]
    if not paths:
        other = find_existing()
        paths = [other] if other else []
    return paths


def read(path: str) -> Dict[str, Any]:
    """Return the JSON object in the file at ``path``.

    Raises ``StateError`` when it cannot be read, ``ConfigError`` when it is not a JSON object.
    """
    from coaiapy.util.formats import json_values

    text = read_text(path)
    try:
        value = json_values.parse_unique(text)
    except json_values.DuplicateKeyError as error:
        raise ConfigError("{}: {}".format(path, error)) from error
    except ValueError as error:
        raise ConfigError("{} is not JSON ({}): correct it".format(path, error)) from error
    if not isinstance(value, dict):
        raise ConfigError("{} does not contain a JSON object: correct it".format(path))
    return value


def leaves(
    values: Mapping[str, Any], with_comments: bool = False, prefix: str = ""
) -> Iterator[Tuple[str, Any]]:
    """Yield the dotted path and the value of each setting in nested objects.

    Keys that begin with ``_`` or ``/`` are comments. They are left out unless ``with_comments``.
    """
    for name, value in values.items():
        if name[:1] in ("_", "/") and not with_comments:
            continue
        if isinstance(value, Mapping):
            yield from leaves(value, with_comments, prefix + name + ".")
        else:
            yield prefix + name, value


def merged() -> Dict[str, Any]:
    """Return the home's settings overridden by the project's.

    A key that the project's file leaves empty does not override the home's value.
    """
    result: Dict[str, Any] = {}
    for path in reversed(found()):
        result = merge(result, without_empty(read(path)))
    return result


@with_old_names(base_config="base", override_config="override")
def merge(base: Mapping[str, Any], override: Mapping[str, Any]) -> Dict[str, Any]:
    """Return ``base`` with the values of ``override``; objects in both are merged key by key."""
    result = dict(base)
    for key, value in override.items():
        old = result.get(key)
        both = isinstance(old, dict) and isinstance(value, dict)
        result[key] = merge(old, value) if both else value  # type: ignore[arg-type]
    return result


def without_empty(values: Mapping[str, Any]) -> Dict[str, Any]:
    """Return ``values`` without keys that were left empty: ``""`` and ``null`` mean not set."""
    return {
        key: without_empty(value) if isinstance(value, dict) else value
        for key, value in values.items()
        if value is not None and value != ""
    }


def sample(answers: Mapping[str, Any]) -> Dict[str, Any]:
    """Return the content of a new coaia.json; ``answers`` are values to fill in, by key."""
    values: Dict[str, Any] = {HELP: _help()}
    for key in KEYS:
        empty = "" if key.kind in TEXTS else None
        put_key(values, key.name, answers.get(key.name, empty))
    return values


def put_key(values: Dict[str, Any], path: str, value: Any) -> None:
    """Set the value at a dotted ``path``; missing objects on the way are created."""
    *folders, name = path.split(".")
    for folder in folders:
        values = values.setdefault(folder, {})
    values[name] = value


def create(path: str, answers: Mapping[str, Any]) -> bool:
    """Write a new coaia.json (mode 0600) to ``path``; if one exists, leave it and return False.

    Raises ``StateError`` when it cannot be written.
    """
    text = json.dumps(sample(answers), ensure_ascii=False, indent=2) + "\n"
    folder = os.path.dirname(path)
    if folder and not os.path.isdir(folder):
        make_private_folder(folder)
    with files.locked(path):
        if os.path.lexists(path):
            return False
        files.write_atomic(path, text)
    return True


def _help() -> Dict[str, str]:
    texts = {"about": _ABOUT}
    texts.update((key.name, described(key)) for key in KEYS + PATTERNS)
    return texts


def described(key: Key) -> str:
    """Return one line about a key: its purpose, type, default and variables."""
    notes = [] if key.kind in TEXTS else [key.kind]
    if key.default is not None:
        default = json.dumps(key.default) if key.kind == SWITCH else key.default
        notes.append("default: {}".format(default))
    if key.variables:
        notes.append("variable: " + " or ".join(key.variables))
    return "{} ({})".format(key.description, "; ".join(notes)) if notes else key.description
