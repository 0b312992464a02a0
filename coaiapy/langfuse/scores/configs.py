"""Score configs, which say what values a project's scores may have.

A config that was read from the server less than 24 hours ago comes from the cache, without a
request. If it is missing or older, all configs are listed, which fills the whole cache. In local
mode the cache file of the project ``local`` is the only copy, and never stale.
"""

import copy
import time
from typing import Any, Callable, Dict, Iterable, List, Mapping, NamedTuple, Optional

from coaiapy import patience
from coaiapy.config.settings import Settings
from coaiapy.errors import NetworkError, NotFoundError, RefusedError, StateError, UsageError
from coaiapy.langfuse.client.project import current_project, remembered
from coaiapy.langfuse.records import ids
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.scores import config_cache
from coaiapy.langfuse.scores.config_cache import MAX_AGE_HOURS, Snapshot
from coaiapy.langfuse.scores.config_fields import changed, checked, unknown_name
from coaiapy.util import times
from coaiapy.util.text.notes import Note, ignore_note

API = "/api/public/score-configs"


class Made(NamedTuple):
    """The result of creating a config: ``outcome`` is ``created``, ``exists`` or ``refused``.

    ``id`` is the id of the config, if there is one; ``reason`` says why it was refused.
    """

    name: str
    dataType: str  # noqa: N815 (it is a column of a listing, named as in the API)
    outcome: str
    id: Optional[str] = None
    reason: Optional[str] = None


def find(
    settings: Settings,
    name_or_id: str,
    note: Note = ignore_note,
    max_age_hours: float = MAX_AGE_HOURS,
) -> Optional[Body]:
    """Return the config with this id or name (in any case), archived or not, or ``None``.

    ``note`` is called if the config is older than ``max_age_hours`` because the server does not
    respond, and if others have the same name. Raises ``NetworkError`` if there is no response and
    no cached copy.
    """
    return copy.deepcopy(_known(settings, name_or_id, note, max_age_hours).find(name_or_id))


def _known(settings: Settings, name_or_id: str, note: Note, max_age_hours: float) -> Snapshot:
    project = current_project(settings)
    snapshot = config_cache.read(project.id, note)
    found = snapshot.find(name_or_id)
    if not settings.is_local and (
        found is None or config_cache.is_cache_stale(found, max_age_hours)
    ):
        seen_at = None if found is None else str(found.get("cached_at"))
        snapshot = _refreshed(settings, note, snapshot, seen_at)
    others = snapshot.others(name_or_id)
    if others:
        note(
            "{} score configs are named {!r}: the newest is used ({}); name another by its "
            "id".format(len(others) + 1, name_or_id, snapshot.by_name[others[0]["name"]]["id"])
        )
    return snapshot


def get(settings: Settings, name_or_id: str, note: Note = ignore_note) -> Body:
    """Return the config as ``find`` does; ``NotFoundError`` if there is none."""
    known = _known(settings, name_or_id, note, MAX_AGE_HOURS)
    found = known.find(name_or_id)
    if found is None:
        raise NotFoundError(unknown_name(name_or_id, list(known.by_name)))
    return copy.deepcopy(found)


def get_from_server(settings: Settings, name_or_id: str) -> Body:
    """Return a config as the server has it now, or in local mode as this machine has it.

    ``NotFoundError`` if there is none.
    """
    every = _every(settings, ignore_note)
    found = every.find(name_or_id)
    if found is not None:
        return _without_moment(found)
    if not settings.is_local:
        from coaiapy.langfuse.client import reachability
        from coaiapy.langfuse.client.http import quoted

        try:
            with reachability.client(settings) as http:
                answer: Body = http.request("GET", API + "/" + quoted(name_or_id))
                return answer
        except NotFoundError:
            pass
    raise NotFoundError(unknown_name(name_or_id, list(every.by_name)))


def list_all(settings: Settings, with_archived: bool = False) -> List[Body]:
    """Return all configs as the server has them now, the newest first."""
    return _shown(_every(settings, ignore_note), with_archived)


def available(
    settings: Settings, cached_only: bool = False, note: Note = ignore_note
) -> List[Body]:
    """Return the configs that are not archived, the newest first.

    They come from the cache if it was filled completely and is fresh. With ``cached_only`` they
    always come from the cache, and no request is made.
    """
    project = remembered(settings) if cached_only else current_project(settings)
    if project is None:
        return []
    snapshot = config_cache.read(project.id, note)
    whole = {"cached_at": snapshot.data.get("last_sync")}
    if not cached_only and not settings.is_local and config_cache.is_cache_stale(whole):
        snapshot = _refreshed(settings, note, snapshot, whole["cached_at"])
    return _shown(snapshot, with_archived=False)


def create(settings: Settings, values: Mapping[str, Any], allow_duplicates: bool = False) -> Body:
    """Create a config and return it as the server shows it.

    Raises ``UsageError`` for invalid values, and for a name that exists already unless
    ``allow_duplicates``; ``RefusedError`` if the server refuses.
    """
    body = checked(values)
    maker = _ConfigMaker(settings)
    existing = maker.usable.get(config_cache.folded(body["name"]))
    if existing is not None and not allow_duplicates:
        raise UsageError(
            "a score config {!r} already exists ({}): use it, or add --allow-duplicates".format(
                existing["name"], existing["id"]
            )
        )
    return maker.make(body)


def create_all(
    settings: Settings,
    wanted: Iterable[Mapping[str, Any]],
    allow_duplicates: bool = False,
    on_made: Callable[[Made], None] = lambda made: None,
) -> List[Made]:
    """Create configs one after the other, and return the result of each.

    All are checked before the first is created (``UsageError``). A name that exists already is
    skipped unless ``allow_duplicates``. If the server refuses a config, the others are still
    created. ``on_made`` is called after each. Raises ``NetworkError`` when the server does not
    respond; calling again creates the rest.
    """
    bodies = [checked(values) for values in wanted]
    maker = _ConfigMaker(settings)
    every = []
    for body in bodies:
        made = maker.made(body, allow_duplicates)
        every.append(made)
        on_made(made)
    return every


def update(settings: Settings, name_or_id: str, changes: Mapping[str, Any]) -> Body:
    """Change a config and return it.

    ``changes`` may have ``name``, ``description``, ``categories``, ``minValue``, ``maxValue`` and
    ``isArchived``; ``None`` changes nothing. Raises ``UsageError`` for invalid changes or an
    ambiguous name, ``WrongDialectError`` for servers before 3.113, which cannot do that.
    """
    known = _known(settings, name_or_id, ignore_note, MAX_AGE_HOURS)
    config = get(settings, name_or_id)
    others = known.others(name_or_id)
    if others:
        raise UsageError(
            "several score configs are named {!r}: name the one to change by its id ({})".format(
                name_or_id, ", ".join(str(one["id"]) for one in [config] + others)
            )
        )
    body = changed(config, changes)
    if settings.is_local:
        new = dict(config, updatedAt=times.now(), **body)
    else:
        new = _changed_there(settings, config["id"], body)
    _remember(settings, new)
    return _without_moment(new)


def _changed_there(settings: Settings, config_id: str, body: Body) -> Body:
    from coaiapy.langfuse.client import features, reachability
    from coaiapy.langfuse.client.http import quoted
    from coaiapy.langfuse.client.server import needing

    archives = "isArchived" in body
    feature = features.ARCHIVE_SCORE_CONFIGS if archives else features.CHANGE_SCORE_CONFIGS
    with reachability.client(settings) as http, needing(http, feature):
        address = API + "/" + quoted(config_id)
        changed: Body = http.request("PATCH", address, json=body, retry=True)
    return dict(changed, id=config_id)


class _ConfigMaker:
    """Creates configs; knows which exist already."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.project = current_project(settings)
        every = _every(settings, ignore_note)
        self.known = set(every.by_id)
        self.usable = {config_cache.folded(one["name"]): one for one in _shown(every, False)}

    def made(self, body: Body, allow_duplicates: bool) -> Made:
        """Create one config unless its name exists already; return the result."""
        existing = self.usable.get(config_cache.folded(body["name"]))
        if existing is not None and not allow_duplicates:
            return Made(body["name"], body["dataType"], "exists", existing.get("id"))
        try:
            config = self.make(body)
        except RefusedError as error:
            return Made(body["name"], body["dataType"], "refused", reason=str(error))
        return Made(config["name"], config["dataType"], "created", config["id"])

    def make(self, body: Body) -> Body:
        """Create one config, and add it to the cache and to the known ones."""
        made = self._made_here(body) if self.settings.is_local else self._made_there(body)
        _remember(self.settings, made)
        self.known.add(made["id"])
        self.usable[config_cache.folded(made["name"])] = made
        return made

    def _made_here(self, body: Body) -> Body:
        now = times.now()
        own = {"id": ids.new_id(), "isArchived": False, "projectId": self.project.id}
        fields = {"description": None, "categories": None, "minValue": None, "maxValue": None}
        return dict(fields, createdAt=now, updatedAt=now, **dict(body, **own))

    def _made_there(self, body: Body) -> Body:
        from coaiapy.langfuse.client import reachability
        from coaiapy.langfuse.client.http import post_once

        def find() -> Optional[Body]:
            """Return the config of this name that did not exist before."""
            for config in _fetched(self.settings):
                if config["name"] == body["name"] and config["id"] not in self.known:
                    return config
            return None

        with reachability.client(self.settings) as http:
            what = "score config {!r}".format(body["name"])
            return post_once(http, API, body, find, what)


# When a server gave no response (``time.monotonic()``), so that not every look-up waits for it.
_SILENT_SINCE: Dict[str, float] = {}


def _refreshed(settings: Settings, note: Note, old: Snapshot, seen_at: Optional[str]) -> Snapshot:
    """Return all configs from the server, or ``old`` if it does not respond.

    ``seen_at`` is when ``old`` was read; ``None`` says that it is of no use, so that the error is
    raised.
    """
    if seen_at is None:
        return _every(settings, note)
    silent = time.monotonic() - _SILENT_SINCE.get(settings.base_url, -patience.SCORE_CONFIGS_PAUSE)
    try:
        if silent < patience.SCORE_CONFIGS_PAUSE:
            raise NetworkError("the server did not answer a moment ago")
        found = _every(settings, note, hasty=True)
        _SILENT_SINCE.pop(settings.base_url, None)
        return found
    except NetworkError as error:
        if silent >= patience.SCORE_CONFIGS_PAUSE:
            _SILENT_SINCE[settings.base_url] = time.monotonic()
        note(
            "score configs are shown as they were {}: {}".format(
                config_cache.age_of(seen_at), error
            )
        )
        return old


def _every(settings: Settings, note: Note, hasty: bool = False) -> Snapshot:
    """Return all configs as the server has them now, and put them into the cache.

    ``hasty`` waits less: the caller has an older copy to use instead.
    """
    project = current_project(settings)
    if settings.is_local:
        return config_cache.read(project.id, note)
    asked_at = times.now()
    configs = _fetched(settings, hasty)
    try:
        return config_cache.fill(project.id, project.name, configs, asked_at)
    except StateError as error:
        note("the score configs could not be cached: {}".format(error))
        return config_cache.snapshot_of(configs)


def _fetched(settings: Settings, hasty: bool = False) -> List[Body]:
    from coaiapy.langfuse.client import reachability
    from coaiapy.langfuse.client.pages import numbered

    seconds = patience.SCORE_CONFIGS if hasty else None
    with reachability.client(settings, seconds=seconds, hasty=hasty) as http:
        return list(numbered(http, API, {}, None))


def _remember(settings: Settings, config: Body) -> None:
    """Put a config into the cache. In local mode the file is always complete: the only copy."""
    project = current_project(settings)
    about = {"project_name": project.name}
    if settings.is_local:
        about["last_sync"] = times.now()
    config_cache.store(config_cache.get_project_cache_path(project.id), [config], **about)


def _shown(snapshot: Snapshot, with_archived: bool) -> List[Body]:
    every = [_without_moment(one) for one in snapshot.configs]
    return [one for one in every if with_archived or not one.get("isArchived")]


def _without_moment(config: Mapping[str, Any]) -> Body:
    return {key: value for key, value in config.items() if key != "cached_at"}
