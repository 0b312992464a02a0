"""The client for things that exist only on a Langfuse server; an error in local mode."""

from typing import Optional

from coaiapy.errors import ConfigError
from coaiapy.langfuse_http import LangfuseHttp
from coaiapy.settings import Settings


def client_for(settings: Settings, what: str, seconds: Optional[float] = None) -> LangfuseHttp:
    """Return a client for the server of ``settings``.

    ``what`` is a word for the error, such as "prompts". ``seconds`` is how long to try a request,
    by default ``langfuse_http.DEFAULT_SECONDS``. Raises ``ConfigError`` in local mode.
    """
    check(settings, what)
    return LangfuseHttp(settings, seconds=seconds)


def check(settings: Settings, what: str) -> None:
    """Raise ``ConfigError`` in local mode; ``what`` is a word for the error ("prompts")."""
    if not settings.has_server:
        raise ConfigError(
            "{} are kept by a Langfuse server, and none is set: set LANGFUSE_PUBLIC_KEY, "
            "LANGFUSE_SECRET_KEY and LANGFUSE_BASE_URL".format(what)
        )
