"""The client for things that exist only on a Langfuse server; an error in local mode."""

from typing import Any, ContextManager

from coaiapy.config.settings import Settings
from coaiapy.errors import ConfigError
from coaiapy.langfuse.client import reachability
from coaiapy.langfuse.client.http import LangfuseHttp


def client_for(settings: Settings, what: str, **options: Any) -> ContextManager[LangfuseHttp]:
    """Return a client for the server of ``settings``, to be used in a ``with`` block.

    ``what`` is a word for the error, such as "prompts"; ``options`` are those of ``LangfuseHttp``.
    Raises ``ConfigError`` in local mode.
    """
    require_server(settings, what)
    return reachability.client(settings, **options)


def require_server(settings: Settings, what: str) -> None:
    """Raise ``ConfigError`` in local mode; ``what`` is a word for the error ("prompts")."""
    if not settings.has_server:
        raise ConfigError(
            "{} are kept by a Langfuse server, and none is set: set LANGFUSE_PUBLIC_KEY, "
            "LANGFUSE_SECRET_KEY and LANGFUSE_BASE_URL".format(what)
        )
