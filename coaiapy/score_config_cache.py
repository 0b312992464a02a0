"""The score configs of a project on disk: ``score-configs/<project id>.json`` in the state folder.

``{"project_id", "project_name", "last_sync", "configs": [{... as the API shows it, "cached_at"}]}``.
``cached_at`` is when a config was last seen on the server, ``last_sync`` when all of them were.
Every change is made under a lock, so that processes that write at once lose nothing. In local mode
the file of the project ``local`` is the store itself.
"""

import glob
import json
import os
import re
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, Mapping, NamedTuple, Optional, Tuple, Union

from coaiapy import times
from coaiapy.errors import ConfigError, StateError
from coaiapy.files import locked, make_private_folder, read_text, reason, state_folder, write_atomic
from coaiapy.record_fields import Body

# Who is told what deserves to be known but is no failure.
Note = Callable[[str], None]

FOLDER = "score-configs"
MAX_AGE_HOURS = 24.0
# Clocks differ; a moment further in the future than this says nothing about age.
CLOCK_SKEW_SECONDS = 300.0

_ZONED = re.compile(r"(Z|[+-]\d\d:?\d\d)\Z", re.IGNORECASE | re.ASCII)


class Snapshot(NamedTuple):
    """A cache file at one moment, with its configs by what people call them. Not to be changed."""

    data: Body
    by_id: Mapping[str, Body]
    by_name: Mapping[str, Body]
    by_folded_name: Mapping[str, Body]

    @property
    def configs(self) -> List[Body]:
        """Every config, archived ones too, the newest first."""
        found: List[Body] = self.data["configs"]
        return found

    def find(self, name_or_id: str) -> Optional[Body]:
        """Return the config of this id or name (regardless of case); archived ones come last."""
        for index, key in (
            (self.by_id, name_or_id),
            (self.by_name, name_or_id),
            (self.by_folded_name, folded(name_or_id)),
        ):
            if key in index:
                return index[key]
        return None

    def others(self, name: str) -> List[Body]:
        """Return the usable configs of exactly the name that ``find`` finds, besides that one."""
        found = self.find(name)
        if found is None or found.get("isArchived") or name == found.get("id"):
            return []
        same = [one for one in self.configs if one["name"] == found["name"]]
        return [one for one in same if one is not found and not one.get("isArchived")]


def folded(name: str) -> str:
    """Return what names that mean the same have in common."""
    return " ".join(name.replace("&", " and ").split()).casefold()


class BadProjectIdError(ConfigError, ValueError):
    """A project id that can name no file."""


def get_project_cache_path(project_id: str) -> Path:
    """Return where a project's configs are kept; the folder is made if it is missing.

    Characters other than letters, digits, ``-``, ``_`` and ``.`` become ``_``, and 100 are kept.
    Raises ``ValueError`` for what is no project id.
    """
    path = _path_of(project_id)
    make_private_folder(os.path.dirname(path))
    return Path(path)


def _path_of(project_id: str) -> str:
    if not isinstance(project_id, str) or not project_id.strip():
        raise BadProjectIdError("{!r} is not a project id".format(project_id))
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", project_id)[:100]
    if ".." in project_id or re.search(r"[/\\]", project_id) or not safe.strip("_."):
        raise BadProjectIdError("{!r} is no project id that can name a file".format(project_id))
    return os.path.join(state_folder(), FOLDER, safe + ".json")


def load_project_cache(project_id: str) -> Optional[Body]:
    """Return what is cached for a project, or ``None``; a broken file is set aside.

    Raises ``StateError`` for a file that cannot be read.
    """
    path = str(get_project_cache_path(project_id))
    data = _read(path)
    if data is None and os.path.exists(path):
        _set_aside(path)
    return data


def save_project_cache(project_id: str, data: Mapping[str, Any]) -> bool:
    """Replace what is cached for a project; ``False`` if it cannot be written."""
    try:
        path = str(get_project_cache_path(project_id))
        with locked(path):
            _write(path, dict({"project_id": project_id, "project_name": None}, **data))
    except StateError:
        return False
    return True


def is_cache_stale(cached_config: Mapping[str, Any], max_age_hours: float = MAX_AGE_HOURS) -> bool:
    """Tell whether ``cached_at`` is too long ago, in the future or no moment with a zone."""
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
    """Return in words when a config was last seen."""
    try:
        age = (datetime.now(timezone.utc) - times.from_text(cached_at)).total_seconds()
    except (ValueError, OverflowError):
        return "at an unknown time"
    for unit, seconds in (("day", 86400), ("hour", 3600), ("minute", 60)):
        count = int(age // seconds)
        if count >= 1:
            return "{} {}{} ago".format(count, unit, "" if count == 1 else "s")
    return "a moment ago"


def cache_score_config(cache_path: Union[str, Path], config: Mapping[str, Any]) -> bool:
    """Add one config to a cache file, or replace it there; ``False`` if it cannot be written."""
    try:
        store(cache_path, [config])
    except StateError:
        return False
    return True


def store(cache_path: Union[str, Path], configs: Iterable[Mapping[str, Any]], **about: Any) -> None:
    """Add configs to a cache file, or replace them there (by id, else by name).

    ``about`` is what else is known for the file: ``project_name``, ``last_sync``.
    """
    path = str(cache_path)
    make_private_folder(os.path.dirname(os.path.abspath(path)))
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
    """Replace the cache of a project by all its configs, as the server listed them.

    What other processes have cached since ``asked_at`` (the list cannot know it) stays.
    """
    path = str(get_project_cache_path(project_id))
    now = times.now()
    with locked(path):
        data = _read_or_set_aside(path)
        newer = {one.get("id"): one for one in data["configs"] if _since(one, asked_at)}
        listed = [newer.pop(one["id"], dict(one, cached_at=now)) for one in configs]
        data.update(project_id=project_id, project_name=project_name, last_sync=now)
        data["configs"] = list(newer.values()) + listed
        _write(path, data)
    return _snapshot(data)


def snapshot_of(configs: Iterable[Body]) -> Snapshot:
    """Return configs that are in no file as if they were."""
    return _snapshot(dict(_nothing(), configs=list(configs)))


def read(project_id: str, note: Note) -> Snapshot:
    """Return what is cached for a project; ``note`` is told of a file that cannot be used.

    A file that has not changed since this process read it is not read again.
    """
    path = str(get_project_cache_path(project_id))
    signature = _signature(path)
    known = _READ.get(path)
    if known is not None and known[0] == signature:
        return known[1]
    try:
        data = _read(path)
        if data is None and signature is not None:
            note("{} was not readable as a cache: it is now {}".format(path, _set_aside(path)))
    except StateError as error:
        note(str(error))
        data = None
    snapshot = _snapshot(data or _nothing())
    _READ[path] = (signature, snapshot)
    return snapshot


_READ: Dict[str, Tuple[Any, Snapshot]] = {}


def peek(project_id: str) -> List[Body]:
    """Return the configs that are cached for a project, and leave the file as it is.

    None are there if it is missing or broken; ``StateError`` if it cannot be read.
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
    """Later entries of an index win, so the archived and the oldest are put in first."""
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
    configs = data.get("configs") if isinstance(data, dict) else None
    if not isinstance(configs, list) or not all(map(_is_config, configs)):
        return None
    return dict(_nothing(), **data)


def _is_config(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("name"), str)


def _read_or_set_aside(path: str) -> Body:
    """Return what is there to be changed; to be called under the lock."""
    data = _read(path)
    if data is None and os.path.exists(path):
        _move_aside(path)
    return data or _nothing()


def _set_aside(path: str) -> str:
    """Move a broken file away, unless another process has repaired it meanwhile."""
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
    """Keep only the newest broken file: they are there to be looked at, not to pile up."""
    for old in glob.glob(glob.escape(path) + ".corrupt-*"):
        if old != aside:
            try:
                os.unlink(old)
            except OSError:
                pass  # the next one that is set aside will try again


def _write(path: str, data: Mapping[str, Any]) -> None:
    write_atomic(path, json.dumps(data, ensure_ascii=False, indent=2, default=str) + "\n")


def _is_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    if one.get("id") and other.get("id"):
        return bool(one["id"] == other["id"])
    return folded(one["name"]) == folded(str(other.get("name")))


def _since(config: Mapping[str, Any], moment: str) -> bool:
    text = config.get("cached_at")
    try:
        return isinstance(text, str) and times.from_text(text) >= times.from_text(moment)
    except (ValueError, OverflowError):
        return False
