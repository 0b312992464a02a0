"""The Langfuse project that the keys belong to."""

from typing import List, Optional

from coaiapy import current_project
from coaiapy.errors import ConfigError
from coaiapy.record_fields import Body
from coaiapy.settings import Settings


def list_projects(settings: Settings, seconds: Optional[float] = None) -> List[Body]:
    """Return a list with the project of the keys as the server describes it: ``id``, ``name``...

    ``seconds`` limits the time for all tries. Raises ``ConfigError`` in local mode, which has no
    projects, and for keys that belong to no project.
    """
    if settings.is_local:
        raise ConfigError(
            "there are no projects in local mode: set LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY"
        )
    from coaiapy.langfuse_http import LangfuseHttp

    with LangfuseHttp(settings, total=seconds) as http:
        return [current_project.ask(http)]
