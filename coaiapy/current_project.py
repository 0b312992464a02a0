"""The Langfuse project that the keys belong to, asked for once and then remembered.

Keys never change their project, so the journal's answer is as good as the server's.
"""

from typing import Any, Dict, NamedTuple, Optional, Tuple

from coaiapy.files import state_folder
from coaiapy.settings import LOCAL, Settings

_SQL = "SELECT project_id, project_name FROM destinations WHERE id = ?"


class Project(NamedTuple):
    """A project; in local mode both are ``local``."""

    id: str
    name: Optional[str]


_KNOWN: Dict[Tuple[str, str, str], Project] = {}


def current_project(settings: Settings) -> Project:
    """Return the project of the keys.

    Asks the server only if nobody has asked before. Raises ``NetworkError`` if there is no answer
    then, ``ConfigError`` for keys that belong to no project.
    """
    if settings.is_local:
        return Project(LOCAL, LOCAL)
    found = remembered(settings)
    return found if found is not None else _asked(settings)


def remembered(settings: Settings) -> Optional[Project]:
    """Return the project of the keys without asking the server, ``None`` if it is not known."""
    if settings.is_local:
        return Project(LOCAL, LOCAL)
    key = (state_folder(), settings.base_url, settings.public_key)
    if key not in _KNOWN:
        from coaiapy.destinations import destination_of
        from coaiapy.journal import Journal

        with Journal() as journal:
            for row in journal.rows(_SQL, destination_of(journal, settings)):
                if row["project_id"]:
                    _KNOWN[key] = Project(row["project_id"], row["project_name"])
    return _KNOWN.get(key)


def recorded_id(settings: Settings) -> Optional[str]:
    """Return the project's id if the journal has it, without touching server or journal."""
    if settings.is_local:
        return LOCAL
    from coaiapy.journal_reads import peek

    sql = "SELECT project_id FROM destinations WHERE base_url = ? AND public_key = ?"
    return next((row[0] for row in peek(sql, settings.base_url, settings.public_key)), None)


def _asked(settings: Settings) -> Project:
    from coaiapy import destinations, langfuse_generation
    from coaiapy.journal import Journal
    from coaiapy.langfuse_http import LangfuseHttp

    project: Any = langfuse_generation.current_project(LangfuseHttp(settings))
    with Journal() as journal:
        own = destinations.destination_of(journal, settings)
        destinations.name_project(journal, own, project)
    found = Project(project["id"], project.get("name"))
    _KNOWN[(state_folder(), settings.base_url, settings.public_key)] = found
    return found
