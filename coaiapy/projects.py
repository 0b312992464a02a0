"""The Langfuse project that the keys belong to."""

from typing import List

from coaiapy import current_project
from coaiapy.config.settings import Settings
from coaiapy.langfuse.records.fields import Body
from coaiapy.server_only import client_for


def list_projects(settings: Settings) -> List[Body]:
    """Return a list with the project of the keys as the server describes it: ``id``, ``name``...

    Raises ``ConfigError`` in local mode, which has no
    projects, and for keys that belong to no project.
    """
    with client_for(settings, "projects") as http:
        return [current_project.ask(http)]
