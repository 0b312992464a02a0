"""What lives on a Langfuse server alone: the client for it, or the sentence that none is set."""

from typing import Optional

from coaiapy.errors import ConfigError
from coaiapy.langfuse_http import LangfuseHttp
from coaiapy.settings import Settings


def client_for(settings: Settings, what: str, seconds: Optional[float] = None) -> LangfuseHttp:
    """Return a client for the server of ``settings``; ``what`` needs it ("prompts").

    ``seconds`` is how long a request is tried, if not as long as usual. Raises ``ConfigError`` in
    local mode.
    """
    check(settings, what)
    return LangfuseHttp(settings, seconds=seconds)


def check(settings: Settings, what: str) -> None:
    """Raise ``ConfigError`` in local mode, since ``what`` needs a server."""
    if settings.is_local:
        raise ConfigError(
            "{} are kept by a Langfuse server, and none is set: set LANGFUSE_PUBLIC_KEY, "
            "LANGFUSE_SECRET_KEY and LANGFUSE_BASE_URL".format(what)
        )
