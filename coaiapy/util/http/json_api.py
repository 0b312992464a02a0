"""Reads JSON from a web service: token, timeouts, retries, errors that say what to do."""

from typing import Any, Callable, Mapping, NamedTuple, Optional
from urllib.parse import urlsplit

from coaiapy import patience
from coaiapy.errors import CoaiaError, ConfigError, NetworkError, NotFoundError, RefusedError
from coaiapy.util import deadlines, threads
from coaiapy.util.deadlines import Deadline
from coaiapy.util.http.answers import Answer, message_of, moved_to, parsed, retry_after
from coaiapy.util.http.exchange import answer_of, bearer, opened
from coaiapy.util.http.failures import BadAddressError, NoAnswerError
from coaiapy.util.http.retry import TemporaryError, at_most, is_temporary, retrying
from coaiapy.util.masking import in_url, said, shown_url
from coaiapy.util.packages import require

MOST_MOVES = 4
_MOVED = (301, 302, 307, 308)
_USED_UP = "; its limit is used up, try again later"


class Service(NamedTuple):
    """A service: its name, its token (may be empty), and the settings to name in errors."""

    name: str
    token: str
    token_setting: str
    address_setting: str


class Page(NamedTuple):
    """The JSON value of a response, its body, and the URL of the next page or an empty text."""

    value: Any
    body: bytes
    next_url: str


def get(
    service: Service,
    url: str,
    query: Optional[Mapping[str, Any]] = None,
    headers: Optional[Mapping[str, str]] = None,
) -> Page:
    """GET ``url`` and return its JSON.

    Retries after a missing response and a temporary status. Raises ``NetworkError``,
    ``ConfigError`` (wrong token or address), ``NotFoundError`` or ``RefusedError``; the token is
    masked in every message.
    """

    given = dict({"Accept": "application/json"}, **(headers or {}))
    place = require("requests").Request("GET", url, params=query).prepare().url or url
    deadline = deadlines.after(patience.WEB_API.whole)
    threads.prepare(url)
    for _ in range(MOST_MOVES):
        answer = retrying(
            lambda place=place: _once(service, place, given, deadline),  # type: ignore[misc]
            at_most(patience.WEB_API.tries, patience.WEB_API.longest_pause, deadline=deadline),
        )
        if answer.status < 300:
            return Page(_value(service, place, answer), answer.body, _next_url(answer))
        place = _moved_to(place, answer)
    raise NetworkError("{} at {} redirects endlessly".format(service.name, shown_url(url)))


def _once(service: Service, url: str, headers: Mapping[str, str], deadline: Deadline) -> Answer:
    """Make one try; the answer is a success or a move within the service's host."""

    def ask() -> Any:
        sign = bearer(service.token)
        seconds = deadline.timeouts(patience.WEB_API.connect)
        return opened(require("requests"), "GET", url, seconds, headers, auth=sign)

    answer = _answer(service, url, ask, deadline)
    if 200 <= answer.status < 300 or _moved_to(url, answer):
        return answer
    raise _error_for(service, url, answer)


def _moved_to(url: str, answer: Answer) -> str:
    """Return where an answer says that ``url`` has moved to, "" unless it is on the same host.

    Another host must not get the token. The API of GitHub redirects for a renamed repository.
    """
    place = moved_to(url, answer)
    if answer.status not in _MOVED or not place:
        return ""
    old, new = urlsplit(url), urlsplit(place)
    if (old.scheme, old.netloc) != (new.scheme, new.netloc):
        return ""
    return place if new.query or not old.query else "{}?{}".format(place, old.query)


def _answer(service: Service, url: str, ask: Callable[[], Any], deadline: Deadline) -> Answer:
    where = "{} at {}".format(service.name, shown_url(url))
    try:
        return answer_of(ask, where, deadline)
    except BadAddressError as error:
        raise ConfigError(
            "the address of {} is not valid: correct {}".format(where, service.address_setting)
        ) from error
    except NoAnswerError as error:
        kind = NetworkError if error.is_overtime or error.is_slow else TemporaryError
        raise kind(
            "the request to {} failed: {}; check the network and {}".format(
                where, _clean(service, url, error.reason), service.address_setting
            )
        ) from error


def _next_url(answer: Answer) -> str:
    links = require("requests").utils.parse_header_links(answer.headers.get("link", ""))
    return next((str(link["url"]) for link in links if link.get("rel") == "next"), "")


def _value(service: Service, url: str, answer: Answer) -> Any:
    try:
        return parsed(answer.body)
    except ValueError:
        raise NetworkError(
            "{} at {} answered with something that is not JSON: check {}".format(
                service.name, shown_url(url), service.address_setting
            )
        ) from None


def _error_for(service: Service, url: str, answer: Answer) -> CoaiaError:
    message = _clean(service, url, message_of(answer.body))
    where = "{} answered {} to {}".format(service.name, answer.status, shown_url(url))
    where += ": " + message if message else ""
    if answer.status == 429:
        return TemporaryError(where + _USED_UP, retry_after(answer))
    if answer.headers.get("x-ratelimit-remaining") == "0":
        return NetworkError(where + _USED_UP)  # no retry: the limit may last for an hour
    if answer.status in (401, 403):
        return ConfigError("{}; check {}".format(where, service.token_setting))
    if answer.status == 404:
        return NotFoundError(where)
    if is_temporary(answer.status):
        return TemporaryError(where + "; try again later", retry_after(answer))
    if 300 <= answer.status < 400:
        return ConfigError("{}; set {} to the final address".format(where, service.address_setting))
    return RefusedError(where)


def _clean(service: Service, url: str, text: str) -> str:
    return " ".join(said(text, [service.token] + list(in_url(url))).split())
