"""The Langfuse project that the keys belong to."""

from typing import Any, List

from coaiapy.errors import ConfigError
from coaiapy.record_fields import Body
from coaiapy.settings import Settings


def list_projects(settings: Settings) -> List[Body]:
    """Return the project of the keys as the server describes it, ``id`` and ``name`` at least.

    Raises ``ConfigError`` in local mode, which has no projects.
    """
    if settings.is_local:
        raise ConfigError(
            "there are no projects in local mode: set LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY"
        )
    from coaiapy.langfuse_generation import PROJECTS
    from coaiapy.langfuse_http import LangfuseHttp

    answer: Any = LangfuseHttp(settings).request("GET", PROJECTS) or {}
    return list(answer.get("data") or [])
