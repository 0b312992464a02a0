"""Asks a Langfuse server for its health and its version."""

import time
from typing import Any

from coaiapy.config.settings import Settings
from coaiapy.errors import ConfigError
from coaiapy.langfuse.records.fields import Body
from coaiapy.langfuse_errors import clean, error_for, no_langfuse
from coaiapy.langfuse_generation import HEALTH
from coaiapy.langfuse_http import LangfuseHttp
from coaiapy.util.http.answers import Answer, parsed_object


def check(settings: Settings) -> Body:
    """Return ``{"url", "status", "version", "milliseconds"}``; asks once, without retries.

    Raises ``NetworkError`` if there is no response or the server reports a problem,
    ``ConfigError`` in local mode or if the server is not Langfuse.
    """
    if not settings.has_server:
        raise ConfigError(
            "there is no server in local mode: set LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY"
        )
    with LangfuseHttp(settings, seconds=settings.timeout) as http:
        started = time.monotonic()
        said = parsed_object(ask(http).body)
        milliseconds = int((time.monotonic() - started) * 1000)
    return {
        "url": http.shown_url,
        "status": _said(said.get("status"), settings),
        "version": _said(said.get("version"), settings),
        "milliseconds": milliseconds,
    }


def ask(http: LangfuseHttp) -> Answer:
    """Return the response of a healthy server; asks once, without retries.

    Raises ``NetworkError`` if there is no response, if the server reports a problem or if a web
    page answers in its place, ``ConfigError`` if it is not Langfuse.
    """
    answer = http.look(HEALTH)
    if answer.status == 404:
        raise no_langfuse(http.settings)
    if answer.status != 200 or not parsed_object(answer.body):
        raise error_for(answer, "GET " + HEALTH, http.settings)
    return answer


def _said(value: Any, settings: Settings) -> Any:
    return clean(value, settings) if isinstance(value, str) else value
