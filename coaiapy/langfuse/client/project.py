"""The Langfuse project that the keys belong to.

The server is asked once and the answer kept in the journal: keys never move to another project.
"""

from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Optional, Tuple

from coaiapy.config.settings import LOCAL, Settings
from coaiapy.errors import ConfigError, NoPlaceError
from coaiapy.langfuse.client.http import LangfuseHttp
from coaiapy.langfuse.client.online import client_for
from coaiapy.langfuse.journal import destinations
from coaiapy.langfuse.journal import reads as journal_reads
from coaiapy.langfuse.journal.db import Journal, open_to_read
from coaiapy.langfuse.records.body import Body
from coaiapy.util.deadlines import Deadline
from coaiapy.util.paths import state_folder

PROJECTS = "/api/public/projects"
_SQL = (
    "SELECT project_id, project_name FROM destinations"
    " WHERE base_url = ? AND public_key = ? AND project_id IS NOT NULL"
)
COLUMNS = {"id": "Project", "name": "Name", "organization": "Organization"}


class Project(NamedTuple):
    """A project; in local mode id and name are both ``local``."""

    id: str
    name: Optional[str]


_KNOWN: Dict[Tuple[str, str, str], Project] = {}


def current_project(settings: Settings) -> Project:
    """Return the project of the keys.

    Asks the server if the journal does not know it. Raises ``NetworkError`` if there is no
    response then, ``ConfigError`` for keys that belong to no project.
    """
    found = remembered(settings)
    if found is not None:
        return found
    from coaiapy.langfuse.client import reachability

    with open_to_read(False) as journal, reachability.client(settings, journal) as http:
        return learn(http, journal)


def remembered(settings: Settings) -> Optional[Project]:
    """Return the project of the keys from the journal, ``None`` if it is not there."""

    def from_journal(sql: str, *values: str) -> Iterable[Any]:
        with open_to_read(settings.is_local) as journal:
            return list(journal.rows(sql, *values))

    return _known(settings, from_journal)


def recorded(settings: Settings) -> Optional[Project]:
    """Return what ``remembered`` returns, but without creating or locking the journal.

    It may miss what was written a moment ago.
    """
    return _known(settings, journal_reads.peek)


def learn(http: LangfuseHttp, journal: Journal, deadline: Optional[Deadline] = None) -> Project:
    """Ask the server for the project of the keys, and save it in the journal."""
    settings = http.settings
    project = ask(http, deadline)
    own = destinations.destination_of(journal, settings)
    destinations.name_project(journal, own, project)
    found = Project(project["id"], project.get("name"))
    _KNOWN[_key(settings)] = found
    return found


def ask(http: LangfuseHttp, deadline: Optional[Deadline] = None) -> Body:
    """Return the project of the keys as the server describes it: ``id``, ``name`` and more.

    Raises ``ConfigError`` for keys that belong to no project.
    """
    rows: List[Body] = http.request("GET", PROJECTS, deadline=deadline)["data"]
    if not rows:
        raise ConfigError(
            "the keys for {} do not belong to a project: use the keys of a project, not those of "
            "an organization".format(http.shown_url)
        )
    return rows[0]


def _known(settings: Settings, rows: Callable[..., Iterable[Any]]) -> Optional[Project]:
    if settings.is_local:
        return Project(LOCAL, LOCAL)
    key = _key(settings)
    if key not in _KNOWN:
        for row in rows(_SQL, settings.base_url, settings.public_key):
            _KNOWN[key] = Project(row[0], row[1])
    return _KNOWN.get(key)


def _key(settings: Settings) -> Tuple[str, str, str]:
    try:
        folder = state_folder()
    except NoPlaceError:
        folder = ""
    return folder, settings.base_url, settings.public_key


def list_projects(settings: Settings) -> List[Body]:
    """Return a list with the project of the keys as the server describes it: ``id``, ``name``...

    Raises ``ConfigError`` in local mode, which has no projects, and for keys that belong to no
    project.
    """
    with client_for(settings, "projects") as http:
        return [ask(http)]
