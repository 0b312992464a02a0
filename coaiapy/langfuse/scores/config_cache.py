"""The cached score configs of a project: ``score-configs/<project id>.json`` in the state folder.

``{"project_id", "project_name", "last_sync", "configs": [{... fields of the API, "cached_at"}]}``.
``cached_at`` is when a config was last read from the server, ``last_sync`` when all of them were.
Every change is made under a lock, so that no change of another process is lost. In local mode the
file of the project ``local`` is not a cache but the only copy.
"""

import glob
import json
import os
import re
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Tuple, Union

from coaiapy.errors import ConfigError, NoPlaceError, StateError
from coaiapy.langfuse.client import shapes as langfuse_shapes
from coaiapy.langfuse.client.shapes import CACHED_CONFIG
from coaiapy.langfuse.records.body import Body
from coaiapy.util import times
from coaiapy.util.files import locked, read_text, reason, write_atomic
from coaiapy.util.formats.shapes import each, record
from coaiapy.util.old_names import with_old_names
from coaiapy.util.paths import make_private_folder, state_folder
from coaiapy.util.text.notes import Note
from coaiapy.util.text.wording import counted

FOLDER = "score-configs"
MAX_AGE_HOURS = 24.0
# Seconds: a time further in the future than clocks usually differ counts as stale.
CLOCK_SKEW_SECONDS = 300.0

# What a file must look like; one of another shape is set aside and filled anew.
_CACHE = record("a cache of score configs", {"configs": each(CACHED_CONFIG)})
_ZONED = re.compile(r"(Z|[+-]\d\d:?\d\d)\Z", re.IGNORECASE | re.ASCII)


class Snapshot(NamedTuple):
    """The content of a cache file, with indexes by id and name. It must not be modified."""

    data: Body
    by_id: Mapping[str, Body]
    by_name: Mapping[str, Body]
    by_folded_name: Mapping[str, Body]

    @property
    def configs(self) -> List[Body]:
        """All configs, also archived ones, the newest first."""
        found: List[Body] = self.data["configs"]
        return found

    def find(self, name_or_id: str) -> Optional[Body]:
        """Return the config with this id or name (in any case), preferably not an archived one."""
        for index, key in (
            (self.by_id, name_or_id),
            (self.by_name, name_or_id),
            (self.by_folded_name, folded(name_or_id)),
        ):
            if key in index:
                return index[key]
        return None

    def others(self, name: str) -> List[Body]:
        """Return other active configs with the same name as the one that ``find`` returns."""
        found = self.find(name)
        if found is None or found.get("isArchived") or name == found.get("id"):
            return []
        same = [one for one in self.configs if one["name"] == found["name"]]
        return [one for one in same if one is not found and not one.get("isArchived")]


def folded(name: str) -> str:
    """Return a name in the form for comparison: case, white space, and & or "and" do not matter."""
    return " ".join(name.replace("&", " and ").split()).casefold()


class BadProjectIdError(ConfigError, ValueError):
    """A project id that cannot be a file name."""


def get_project_cache_path(project_id: str) -> Path:
    """Return the path of a project's cache file; its folder is created if it is missing.

    In the file's name characters other than letters, digits, ``-``, ``_`` and ``.`` become ``_``,
    and only the first 100 are kept. Raises ``ValueError`` for an invalid project id.
    """
    path = _path_of(project_id)
    make_private_folder(os.path.dirname(path))
    return Path(path)


def _path_of(project_id: str) -> str:
    if not isinstance(project_id, str) or not project_id.strip():
        raise BadProjectIdError("{!r} is not a project id".format(project_id))
    try:
        safe = re.sub(r"[^A-Za-z0-9._-]", "_", langfuse_shapes.project_id(project_id))[:100]
    except ValueError:
        raise BadProjectIdError(
            "the project id {!r} cannot be used as a file name".format(project_id)
        ) from None
    return os.path.join(state_folder(), FOLDER, safe + ".json")


def load_project_cache(project_id: str) -> Optional[Body]:
    """Return the content of a project's cache file, or ``None``; a broken file is renamed.

    Raises ``StateError`` for a file that cannot be read.
    """
    path = str(get_project_cache_path(project_id))
    data = _read(path)
    if data is None and os.path.exists(path):
        _set_aside(path)
    return data


@with_old_names(cache_data="data")
def save_project_cache(project_id: str, data: Mapping[str, Any]) -> bool:
    """Replace a project's cache file; return ``False`` if it cannot be written."""
    try:
        path = str(get_project_cache_path(project_id))
        with locked(path):
            _write(path, dict({"project_id": project_id, "project_name": None}, **data))
    except StateError:
        return False
    return True


def is_cache_stale(cached_config: Mapping[str, Any], max_age_hours: float = MAX_AGE_HOURS) -> bool:
    """Tell whether ``cached_at`` is too long ago, in the future, or not a time with a zone."""
    text = cached_config.get("cached_at")
    if not isinstance(text, str) or not _ZONED.search(text):
        return True
    try:
        moment = times.from_text(text)
    except (ValueError, OverflowError):
        return True
    age = (datetime.now(timezone.utc) - moment).total_seconds()
    return not -CLOCK_SKEW_SECONDS <= age < max_age_hours * 3600


def age_of(cached_at: str) -> str:
    """Return how long ago a time was, in words: ``2 hours ago``."""
    try:
        age = (datetime.now(timezone.utc) - times.from_text(cached_at)).total_seconds()
    except (ValueError, OverflowError):
        return "at an unknown time"
    for unit, seconds in (("day", 86400), ("hour", 3600), ("minute", 60)):
        count = int(age // seconds)
        if count >= 1:
            return "{} ago".format(counted(count, unit))
    return "a moment ago"


def cache_score_config(cache_path: Union[str, Path], config: Mapping[str, Any]) -> bool:
    """Add one config to a cache file, or replace it; return ``False`` if it cannot be written."""
    try:
        store(cache_path, [config])
    except StateError:
        return False
    return True


def store(cache_path: Union[str, Path], configs: Iterable[Mapping[str, Any]], **about: Any) -> None:
    """Add configs to a cache file, or replace those with the same id (or name, without an id).

    ``about`` are other fields of the file to set: ``project_name``, ``last_sync``.
    """
    path = str(cache_path)
    make_private_folder(os.path.dirname(path))
    with locked(path):
        data = _read_or_set_aside(path)
        for config in configs:
            data["project_id"] = data.get("project_id") or config.get("projectId")
            kept = [one for one in data["configs"] if not _is_same(one, config)]
            data["configs"] = [dict(config, cached_at=times.now())] + kept
        _write(path, dict(data, **about))


def fill(
    project_id: str, project_name: Optional[str], configs: Iterable[Body], asked_at: str
) -> Snapshot:
    """Replace a project's cache by the full list of its configs from the server.

    Configs that other processes have cached after ``asked_at``, when the server was asked, are
    kept: they may be newer than the list.
    """
    path = str(get_project_cache_path(project_id))
    now = times.now()
    with locked(path):
        data = _read_or_set_aside(path)
        newer = {one.get("id"): one for one in data["configs"] if _cached_since(one, asked_at)}
        listed = [newer.pop(one["id"], dict(one, cached_at=now)) for one in configs]
        data.update(project_id=project_id, project_name=project_name, last_sync=now)
        data["configs"] = list(newer.values()) + listed
        _write(path, data)
    return _snapshot(data)


def snapshot_of(configs: Iterable[Body]) -> Snapshot:
    """Return a snapshot of configs that are not from a file."""
    return _snapshot(dict(_nothing(), configs=list(configs)))


def read(project_id: str, note: Note) -> Snapshot:
    """Return a project's cache; ``note`` is called if the file cannot be used.

    A file that has not changed since this process read it is not read again.
    """
    try:
        path = _path_of(project_id)
    except NoPlaceError:
        return _snapshot(_nothing())
    signature = _signature(path)
    known = _READ.get(path)
    if known is not None and known[0] == signature:
        return known[1]
    try:
        data = _read(path)
        if data is None and signature is not None:
            note("{} could not be read as a cache: it is now {}".format(path, _set_aside(path)))
    except StateError as error:
        note(str(error))
        data = None
    snapshot = _snapshot(data or _nothing())
    _READ[path] = (signature, snapshot)
    return snapshot


_READ: Dict[str, Tuple[Any, Snapshot]] = {}


def peek(project_id: str) -> List[Body]:
    """Return a project's cached configs without changing anything on disk.

    The list is empty if the file is missing or broken; ``StateError`` if it cannot be read.
    """
    data = _read(_path_of(project_id))
    return data["configs"] if data else []


def _signature(path: str) -> Any:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _snapshot(data: Body) -> Snapshot:
    """Return a cache file's content with its indexes.

    If several configs have one name, an index keeps the last: archived and older ones come first.
    """
    configs = sorted(data["configs"][::-1], key=lambda one: not one.get("isArchived"))
    return Snapshot(
        data,
        {one["id"]: one for one in configs if one.get("id")},
        {one["name"]: one for one in configs},
        {folded(one["name"]): one for one in configs},
    )


def _nothing() -> Body:
    return {"project_id": None, "project_name": None, "last_sync": None, "configs": []}


def _read(path: str) -> Optional[Body]:
    """Return a cache file's content, ``None`` if it is missing or broken."""
    if not os.path.exists(path):
        return None
    try:
        data = json.loads(read_text(path))
    except StateError as error:
        if isinstance(error.__cause__, UnicodeDecodeError):
            return None
        raise
    except (ValueError, RecursionError):
        return None
    try:
        return dict(_nothing(), **_CACHE(data))
    except ValueError:
        return None


def _read_or_set_aside(path: str) -> Body:
    """Return a cache file's content to change it; a broken file is renamed. Needs the lock."""
    data = _read(path)
    if data is None and os.path.exists(path):
        _move_aside(path)
    return data or _nothing()


def _set_aside(path: str) -> str:
    """Rename a broken file, unless another process has repaired it meanwhile; return its path."""
    with locked(path):
        return path if _read(path) is not None else _move_aside(path)


def _move_aside(path: str) -> str:
    aside = "{}.corrupt-{:%Y%m%d%H%M%S%f}".format(path, datetime.now(timezone.utc))
    try:
        os.replace(path, aside)
    except FileNotFoundError:
        return aside
    except OSError as error:
        raise StateError("cannot move {} away: {}".format(path, reason(error))) from error
    _remove_older(path, aside)
    return aside


def _remove_older(path: str, aside: str) -> None:
    """Delete older broken files; only the newest is kept for the user to look at."""
    for old in glob.glob(glob.escape(path) + ".corrupt-*"):
        if old != aside:
            try:
                os.unlink(old)
            except OSError:
                pass  # tried again when the next broken file is renamed


def _write(path: str, data: Mapping[str, Any]) -> None:
    write_atomic(path, json.dumps(data, ensure_ascii=False, indent=2, default=str) + "\n")


def _is_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    if one.get("id") and other.get("id"):
        return bool(one["id"] == other["id"])
    return folded(one["name"]) == folded(str(other.get("name")))


def _cached_since(config: Mapping[str, Any], moment: str) -> bool:
    text = config.get("cached_at")
    try:
        return isinstance(text, str) and times.from_text(text) >= times.from_text(moment)
    except (ValueError, OverflowError):
        return False
