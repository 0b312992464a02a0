"""The Langfuse project that the keys belong to."""

from typing import List, Optional

from coaiapy import current_project, server_only
from coaiapy.langfuse_http import LangfuseHttp
from coaiapy.record_fields import Body
from coaiapy.settings import Settings


def list_projects(settings: Settings, seconds: Optional[float] = None) -> List[Body]:
    """Return a list with the project of the keys as the server describes it: ``id``, ``name``...

    ``seconds`` limits the time for all tries. Raises ``ConfigError`` in local mode, which has no
    projects, and for keys that belong to no project.
    """
    server_only.check(settings, "projects")
    with LangfuseHttp(settings, total=seconds) as http:
        return [current_project.ask(http)]
