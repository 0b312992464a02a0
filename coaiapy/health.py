"""Whether a Langfuse server answers, which one it is, and what it says of itself."""

import time
from typing import Any

from coaiapy.errors import ConfigError
from coaiapy.langfuse_answers import is_html, parsed_object
from coaiapy.langfuse_errors import clean, error_for
from coaiapy.langfuse_generation import HEALTH
from coaiapy.langfuse_http import LangfuseHttp
from coaiapy.record_fields import Body
from coaiapy.settings import Settings


def check(settings: Settings) -> Body:
    """Return ``{"url", "status", "version", "milliseconds"}``; asks once, within the timeout.

    Raises ``NetworkError`` if there is no answer or the server says that it is unwell,
    ``ConfigError`` in local mode or if it is no Langfuse.
    """
    if settings.is_local:
        raise ConfigError(
            "there is no server in local mode: set LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY"
        )
    http = LangfuseHttp(settings, seconds=settings.timeout)
    started = time.monotonic()
    answer = http.look(HEALTH)
    milliseconds = int((time.monotonic() - started) * 1000)
    said = parsed_object(answer.body)
    if answer.status == 404 or answer.status == 200 and (is_html(answer.body) or not said):
        raise ConfigError(
            "there is no Langfuse at {}: set LANGFUSE_BASE_URL to its address".format(
                http.shown_url
            )
        )
    if answer.status != 200:
        raise error_for(answer, "GET " + HEALTH, settings)
    return {
        "url": http.shown_url,
        "status": _said(said.get("status"), settings),
        "version": _said(said.get("version"), settings),
        "milliseconds": milliseconds,
    }


def _said(value: Any, settings: Settings) -> Any:
    return clean(value, settings) if isinstance(value, str) else value
