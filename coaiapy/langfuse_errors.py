"""A Langfuse server's no, as the error that the user reads.

No message holds the secret key, whatever the server has put into its answer.
"""

from typing import Optional
from urllib.parse import urlsplit

from coaiapy.errors import (
    CoaiaError,
    ConfigError,
    ExitCode,
    NotFoundError,
    RefusedError,
)
from coaiapy.http_answers import Answer, is_html, message_of, retry_after
from coaiapy.http_retry import TemporaryError, is_temporary
from coaiapy.langfuse_answers import is_other_generation
from coaiapy.masking import shown_url
from coaiapy.redaction import basic, hidden
from coaiapy.settings import Settings

_REGIONS = "cloud.langfuse.com (EU), us.cloud.langfuse.com, jp.cloud.langfuse.com or "
_REGIONS += "hipaa.cloud.langfuse.com"


class UnavailableError(TemporaryError):
    """No answer, or one that may be different next time.

    ``status`` is the HTTP status, ``None`` without an answer; ``unsent`` whether the request
    certainly never reached a server; ``is_page`` whether something that is not Langfuse has
    answered.
    """

    status: Optional[int] = None
    unsent = False
    is_page = False


class TooHeavyError(RefusedError):
    """The answer would be too big, or would take too long: less may be asked for at once."""


class WrongDialectError(CoaiaError):
    """The server's generation has no such endpoint: the data may be good, the dialect is not.

    ``is_unknown_route``: the server has never heard of the path (an HTML 404), as opposed to
    having it switched off by its write mode.
    """

    exit_code = ExitCode.REFUSED
    is_unknown_route = False


def error_for(answer: Answer, asked: str, settings: Settings) -> CoaiaError:
    """Return the error for an answer that is not a good one; ``asked`` is method and path."""
    status, said = answer.status, clean(message_of(answer.body), settings)
    where = "{} answered {} to {}".format(shown_url(settings.base_url), status, asked)
    if said:
        where += ": " + said
    if status < 300:
        page = _unavailable(answer, "{}; this is not what Langfuse says: {}".format(where, _PROXY))
        page.is_page = True
        return page
    if status < 400:
        return _redirected(answer, asked, settings)
    if status in (401, 403):
        return ConfigError("{}; {}".format(where, _credentials_hint(status, said, settings)))
    if is_other_generation(status, answer.body):
        error = WrongDialectError(where + "; this server's version or mode has no such endpoint")
        error.is_unknown_route = status == 404 and is_html(answer.body)
        return error
    if status == 404:
        return NotFoundError(said or where)
    if is_temporary(status):
        return _unavailable(answer, where + "; try again later")
    return TooHeavyError(where) if status == 422 else RefusedError(where)


def no_langfuse(settings: Settings) -> ConfigError:
    """Return the error for an address at which something else than Langfuse answers."""
    return ConfigError(
        "there is no Langfuse at {}: set LANGFUSE_BASE_URL to its address".format(
            shown_url(settings.base_url)
        )
    )


_PROXY = "a login page or a proxy stands in the way, or LANGFUSE_BASE_URL is wrong"


def _unavailable(answer: Answer, sentence: str) -> UnavailableError:
    error = UnavailableError(sentence, retry_after(answer))
    error.status = answer.status
    return error


def _redirected(answer: Answer, asked: str, settings: Settings) -> ConfigError:
    target = shown_url(answer.headers.get("location", "")) or "another address"
    return ConfigError(
        "{} sends {} on to {}: set LANGFUSE_BASE_URL to the address that answers itself".format(
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
            + "; keys belong to one region, so LANGFUSE_BASE_URL must name theirs: "
            + (_REGIONS)
        )
    return hint + ", and that they were made on this server"


def clean(text: str, settings: Settings) -> str:
    """Return the text without the secret key, in case somebody echoes it or its header."""
    secret = settings.secret_key
    return hidden(text, [secret, basic(settings.public_key, secret)] if secret else [])
