"""Reading JSON from a web service: key, timeouts, a few tries, errors that say what to do."""

import re
import time
from typing import Any, Dict, Mapping, NamedTuple, Optional

from coaiapy import __version__
from coaiapy.errors import CoaiaError, ConfigError, NetworkError, NotFoundError, RefusedError
from coaiapy.http_answers import Answer, message_of, parsed, retry_after
from coaiapy.http_failures import cause, not_trusted, whole_answer
from coaiapy.http_retry import backoff
from coaiapy.masking import shown_url
from coaiapy.packages import require
from coaiapy.redaction import hidden
from coaiapy.tls import authorities

CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0
TRIES = 3
# A service that asks for a longer pause than this is not waited for.
LONGEST_PAUSE = 20.0


class Service(NamedTuple):
    """Who is asked: its name, the token if it has one, and the setting that holds the token."""

    name: str
    token: str
    token_setting: str
    address_setting: str


class Page(NamedTuple):
    """The JSON value of an answer, and the address of the next page or ""."""

    value: Any
    next_url: str


def get(
    service: Service,
    url: str,
    query: Optional[Mapping[str, Any]] = None,
    headers: Optional[Mapping[str, str]] = None,
) -> Page:
    """GET ``url`` and return what is there.

    Tries again after no answer, 429 and 5xx. Raises ``NetworkError``, ``ConfigError`` (token),
    ``NotFoundError`` or ``RefusedError``; no message holds the token.
    """
    for attempt in range(TRIES):
        last = attempt + 1 == TRIES
        try:
            response = _asked(service, url, query, headers)
            answer = whole_answer(response)
        except CoaiaError:
            raise
        except Exception as error:
            # A certificate will not be another one next time.
            if last or isinstance(error, require("requests").exceptions.SSLError):
                raise _no_answer(service, url, error) from error
            time.sleep(backoff(attempt))
            continue
        if 200 <= answer.status < 300:
            return Page(_value(service, url, answer), response.links.get("next", {}).get("url", ""))
        pause = _pause(answer, attempt)
        if last or pause is None:
            raise _error_for(service, url, answer)
        time.sleep(pause)
    raise AssertionError("the last try raises")


def _asked(
    service: Service,
    url: str,
    query: Optional[Mapping[str, Any]],
    headers: Optional[Mapping[str, str]],
) -> Any:
    def sign(request: Any) -> Any:
        """Sign a request ourselves, so that no ``.netrc`` is asked for another key."""
        if service.token:
            request.headers["Authorization"] = b"Bearer " + service.token.encode("utf-8")
        return request

    given: Dict[str, str] = {"User-Agent": "coaia/" + __version__, "Accept": "application/json"}
    given.update(headers or {})
    return require("requests").get(
        url,
        params=query,
        headers=given,
        auth=sign,
        timeout=(CONNECT_SECONDS, READ_SECONDS),
        allow_redirects=False,
        stream=True,
        verify=authorities(),
    )


def _value(service: Service, url: str, answer: Answer) -> Any:
    try:
        return parsed(answer.body)
    except ValueError:
        raise NetworkError(
            "{} at {} answered with something that is no JSON: check {}".format(
                service.name, shown_url(url), service.address_setting
            )
        ) from None


def _pause(answer: Answer, attempt: int) -> Optional[float]:
    """Return the seconds to wait before another try; ``None`` when it would be no use."""
    if answer.status != 429 and answer.status < 500:
        return None
    asked = retry_after(answer)
    pause = backoff(attempt) if asked is None else asked
    return pause if pause <= LONGEST_PAUSE else None


def _no_answer(service: Service, url: str, error: Exception) -> CoaiaError:
    exceptions = require("requests").exceptions
    wrong = (exceptions.InvalidURL, exceptions.InvalidSchema, exceptions.MissingSchema, ValueError)
    if isinstance(error, wrong):
        return ConfigError(
            "{} at {} cannot be asked: correct {}".format(
                service.name, shown_url(url), service.address_setting
            )
        )
    if isinstance(error, exceptions.SSLError):
        return not_trusted("{} at {}".format(service.name, shown_url(url)), error)
    return NetworkError(
        "{} at {} gave no answer: {}; check the network and {}".format(
            service.name, shown_url(url), _clean(service, cause(error)), service.address_setting
        )
    )


def _error_for(service: Service, url: str, answer: Answer) -> CoaiaError:
    said = _clean(service, message_of(answer.body))
    where = "{} answered {} to {}".format(service.name, answer.status, shown_url(url))
    where += ": " + said if said else ""
    if answer.headers.get("x-ratelimit-remaining") == "0" or answer.status == 429:
        return NetworkError(where + "; its limit is used up, try again later")
    if answer.status in (401, 403):
        return ConfigError("{}; check {}".format(where, service.token_setting))
    if answer.status == 404:
        return NotFoundError(where)
    if answer.status >= 500 or answer.status == 408:
        return NetworkError(where + "; try again later")
    if 300 <= answer.status < 400:
        return ConfigError(
            "{}; set {} to the address that answers itself".format(where, service.address_setting)
        )
    return RefusedError(where)


def _clean(service: Service, text: str) -> str:
    return re.sub(r"\s+", " ", hidden(text, [service.token]))[:300]
