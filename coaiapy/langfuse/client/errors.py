"""Turns an error response of a Langfuse server into the exception that the user reads.

The secret key is masked in every message, in case the server repeats it. Responses of a server of
another generation than expected are recognised here.
"""

import re
from typing import Any, Mapping, Optional
from urllib.parse import unquote, urlsplit

from coaiapy.config.settings import Settings
from coaiapy.errors import (
    CoaiaError,
    ConfigError,
    ExitCode,
    NotFoundError,
    RefusedError,
)
from coaiapy.util.http import proxies
from coaiapy.util.http.answers import Answer, is_html, message_of, retry_after, text_of
from coaiapy.util.http.retry import TemporaryError, is_temporary
from coaiapy.util.masking import basic, said, shown_url

# The message of a v4 server about an endpoint that belongs to the other write mode has one of each.
_OTHER_MODE = (("not available ", "only available "), ("events_only", "v4 write mode"))
_REGIONS = "cloud.langfuse.com (EU), us.cloud.langfuse.com, jp.cloud.langfuse.com or "
_REGIONS += "hipaa.cloud.langfuse.com"


def is_other_generation(status: int, body: bytes) -> bool:
    """Tell whether a response means that this server's generation does not have the endpoint.

    An unknown route is answered with 405, or with 404 and an HTML page, before the keys are
    checked. A route of the other write mode is answered with a JSON 404 that names the mode.
    """
    if status == 405:
        return True
    said = text_of(body)
    is_mode = all(any(words in said for words in choice) for choice in _OTHER_MODE)
    return status == 404 and (is_html(body) or is_mode)


def is_event_type_refusal(error: Mapping[str, Any]) -> bool:
    """Tell whether an error in a 207 response is about the server's mode, not the event itself."""
    return error.get("message") == "Event type not accepted"


class UnavailableError(TemporaryError):
    """There was no response, or a failure that may be gone at the next try.

    ``status`` is the HTTP status, ``None`` without a response; ``unsent`` is true if the request
    certainly never reached a server; ``is_page`` is true if something other than Langfuse, such as
    a login page, has answered.
    """

    status: Optional[int] = None
    unsent = False
    is_page = False


class TooHeavyError(RefusedError):
    """The response would be too large or take too long; a request for less may succeed."""


class ConflictError(RefusedError):
    """What should be written belongs to something else: a dataset item's id to another dataset."""


class WrongDialectError(CoaiaError):
    """The server's generation has no such endpoint; nothing need be wrong with the data.

    ``is_unknown_route`` is true if the server does not know the path at all (it answers 404 with an
    HTML page), false if the server's write mode has switched it off.
    """

    exit_code = ExitCode.REFUSED
    is_unknown_route = False


def error_for(answer: Answer, asked: str, settings: Settings) -> CoaiaError:
    """Return the error for a response that is a failure; ``asked`` is its method and path."""
    status, message = answer.status, clean(message_of(answer.body), settings)
    who = shown_url(settings.base_url) + proxies.through(settings.base_url)
    where = "{} answered {} to {}".format(who, status, asked)
    if message:
        where += ": " + message
    if status < 300:
        page = _unavailable(
            answer, "{}; this is not an answer from Langfuse: {}".format(where, _PROXY)
        )
        page.is_page = True
        return page
    if status < 400:
        return _redirected(answer, asked, settings)
    if status in (401, 403):
        return ConfigError("{}; {}".format(where, _credentials_hint(status, message, settings)))
    if is_other_generation(status, answer.body):
        error = WrongDialectError(where + "; this server's version or mode has no such endpoint")
        error.is_unknown_route = status == 404 and is_html(answer.body)
        return error
    if status == 404:
        return NotFoundError(message if _names(message, asked) else where)
    if is_temporary(status):
        return _unavailable(answer, where + "; try again later")
    kinds = {409: ConflictError, 422: TooHeavyError}
    return kinds.get(status, RefusedError)(where)


def _names(message: str, asked: str) -> bool:
    """Tell whether a message says what was looked for: what is read is the last part of the path."""
    if not message or asked.startswith("POST "):
        return bool(message)
    wanted = re.escape(unquote(asked.rsplit("/", 1)[-1]))
    return re.search(r"(?<![\w-]){}(?![\w-])".format(wanted), message) is not None


def no_langfuse(settings: Settings) -> ConfigError:
    """Return the error for a base URL at which something other than Langfuse answers."""
    return ConfigError(
        "there is no Langfuse at {}: set LANGFUSE_BASE_URL to its address".format(
            shown_url(settings.base_url)
        )
    )


_PROXY = "a login page or a proxy answered instead, or LANGFUSE_BASE_URL is wrong"


def _unavailable(answer: Answer, sentence: str) -> UnavailableError:
    error = UnavailableError(sentence, retry_after(answer))
    error.status = answer.status
    return error


def _redirected(answer: Answer, asked: str, settings: Settings) -> ConfigError:
    target = shown_url(answer.headers.get("location", "")) or "another address"
    return ConfigError(
        "{} redirects {} to {}: set LANGFUSE_BASE_URL to the final address".format(
            shown_url(settings.base_url), asked, clean(target, settings)
        )
    )


def _credentials_hint(status: int, said: str, settings: Settings) -> str:
    if "threshold" in said or "suspended" in said.lower():
        return "what was written is kept; send it when the plan allows it"
    if status == 403:
        return "use the keys of a project, not those of an organization"
    host = urlsplit(settings.base_url).hostname or ""
    hint = "check LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY"
    if host == "cloud.langfuse.com" or host.endswith(".cloud.langfuse.com"):
        return (
            hint
            + "; keys belong to one region, so set LANGFUSE_BASE_URL to its address: "
            + (_REGIONS)
        )
    return hint + ", and that they were made on this server"


def clean(text: str, settings: Settings) -> str:
    """Return a text with the secret key masked, also as it stands in the Basic auth header.

    What the server says may be long: after masking it is cut.
    """
    secret = settings.secret_key
    return said(text, [secret, basic(settings.public_key, secret)] if secret else [])
