"""The HTTP client for a Langfuse server: keys, timeouts, deadlines, retries, errors.

``request`` is for reads and single writes; it retries, and raises for every error response.
``send`` is for delivery; it tries once and returns the response whatever its status. Both may be
called by several threads at once; each thread has its own ``requests.Session``. ``post_once`` is for
what must not take effect twice: when a response was lost, the server is asked whether the object
exists before another try.
"""

import base64
import threading
import time
from typing import Any, Callable, Dict, List, Mapping, Optional
from urllib.parse import quote

from coaiapy import __version__, patience
from coaiapy.config.settings import Settings
from coaiapy.errors import ConfigError, NetworkError, UsageError
from coaiapy.langfuse.client import shapes
from coaiapy.langfuse.client.errors import UnavailableError, clean, error_for
from coaiapy.langfuse.client.wire import Request, to_bytes
from coaiapy.langfuse.records.body import Body
from coaiapy.util import deadlines, threads
from coaiapy.util.deadlines import Deadline
from coaiapy.util.http.answers import Answer, is_html, parsed
from coaiapy.util.http.exchange import answer_of, opened
from coaiapy.util.http.failures import BadAddressError, NoAnswerError
from coaiapy.util.http.retry import backoff, retrying, until
from coaiapy.util.masking import shown_url
from coaiapy.util.packages import require

# These may be retried after a lost response. A DELETE may not: the second try would answer 404.
_IDEMPOTENT = ("GET", "PUT")


class LangfuseHttp:
    """A client for the server and the keys of ``settings``.

    A request without a deadline may take ``seconds``, and no request ends after the limit of the
    thread that has made the client (see ``deadlines``). While no connection can be made, a read or
    a deletion is tried ``UNCONNECTED_TRIES`` times, or with ``patient`` until its deadline. With
    ``hasty`` there is no retry after a missing response. ``sleep`` is a parameter for tests. Use
    the client in a ``with`` block, which closes its connections.
    """

    def __init__(
        self,
        settings: Settings,
        sleep: Callable[[float], None] = time.sleep,
        seconds: Optional[float] = None,
        hasty: bool = False,
        patient: bool = False,
    ) -> None:
        self.settings = settings
        self.seconds = patience.LANGFUSE if seconds is None else seconds
        self.hasty = hasty
        self.patient = patient
        self.has_answered = False
        self._whole = deadlines.current()
        self.base_url = settings.base_url
        self.shown_url = shown_url(settings.base_url)
        self._sleep = sleep
        self._local = threading.local()
        self._sessions: List[Any] = []
        threads.prepare(self.base_url)

    def __enter__(self) -> "LangfuseHttp":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def request(
        self,
        method: str,
        path: str,
        query: Optional[Mapping[str, Any]] = None,
        json: Any = None,
        data: Optional[bytes] = None,
        headers: Optional[Mapping[str, str]] = None,
        deadline: Optional[Deadline] = None,
        retry: Optional[bool] = None,
        received: Callable[[bytes], None] = lambda body: None,
    ) -> Any:
        """Return the JSON object of a successful response, ``None`` if its body is empty.

        ``path`` begins with ``/api/public``; ``query`` values may be lists, ``None`` is left out.
        Retries with backoff until ``deadline`` (default: ``seconds`` from now) if the method is GET
        or PUT or ``retry`` is true, and always if the request never reached the server or the
        status was 429. ``received`` gets the body of each response. Raises ``UnavailableError`` (exit code 4), ``ConfigError`` (wrong keys,
        redirects), ``NotFoundError``, ``WrongDialectError`` or ``RefusedError``.
        """
        given = dict(headers or {})
        if json is not None:
            data = to_bytes(json)
            given.setdefault("Content-Type", "application/json")
        deadline = self._deadline(deadline)
        repeat = method in _IDEMPOTENT if retry is None else retry

        def once() -> Any:
            answer = self._exchange(method, path, query, data, given, deadline)
            received(answer.body)
            return self._value(answer, method, path)

        unconnected: List[str] = []  # texts: the errors themselves would make a reference cycle

        def may_repeat(error: UnavailableError) -> bool:
            if error.unsent and method in ("GET", "DELETE") and not self.patient:
                unconnected.append(str(error))
            if (
                self.hasty
                and error.status is None
                or len(unconnected) == patience.UNCONNECTED_TRIES
            ):
                return False
            return repeat and not error.is_page or error.unsent or error.status == 429

        return retrying(once, until(deadline, self._sleep), may_repeat)

    def send(self, request: Request, deadline: Optional[Deadline] = None) -> Answer:
        """POST an encoded request once and return the response, whatever its status.

        Raises ``NetworkError`` when there is no complete response, ``ConfigError`` for a redirect.
        """
        deadline = self._deadline(deadline)
        answer = self._exchange("POST", request.path, None, request.body, request.headers, deadline)
        if 300 <= answer.status < 400:
            raise error_for(answer, "POST " + request.path, self.settings)
        return answer

    def look(self, path: str) -> Answer:
        """GET ``path`` once and return the response, whatever its status.

        Raises ``NetworkError`` when there is no complete response.
        """
        return self._exchange("GET", path, None, None, {}, self._deadline(None))

    def close(self) -> None:
        """Close the connections of all threads; no request may be running."""
        self._local = threading.local()
        while self._sessions:
            self._sessions.pop().close()

    def _deadline(self, given: Optional[Deadline]) -> Deadline:
        if given is None:
            return self._whole.within(self.seconds)
        return self._whole.earlier(given)

    def _value(self, answer: Answer, method: str, path: str) -> Any:
        asked = "{} {}".format(method, path)
        if not 200 <= answer.status < 300 or is_html(answer.body):
            raise error_for(answer, asked, self.settings)
        value = None
        if answer.body.strip():
            try:
                value = parsed(answer.body)
            except ValueError:
                raise self._unavailable(asked, "the answer was cut off or is not JSON") from None
        try:
            return shapes.checked(method, path, value)
        except ValueError as error:
            raise self._misfit(asked, str(error)) from None

    def _exchange(
        self,
        method: str,
        path: str,
        query: Optional[Mapping[str, Any]],
        data: Optional[bytes],
        headers: Mapping[str, str],
        deadline: Deadline,
    ) -> Answer:
        seconds = deadline.left
        asked = "{} {}".format(method, path)
        if not seconds:
            raise self._too_late(asked, deadline)
        session = self._session()

        def ask() -> Any:
            limit = min(self.settings.timeout, seconds)
            url = self.base_url + path
            given = _query(query)
            return opened(session, method, url, (limit, limit), headers, params=given, data=data)

        try:
            answer = answer_of(ask, self.shown_url, deadline)
            self.has_answered = True
            return answer
        except BadAddressError:
            raise ConfigError(
                "LANGFUSE_BASE_URL {} is not a valid address: correct it".format(self.shown_url)
            ) from None
        except NoAnswerError as error:
            if error.is_overtime:
                self._local.session = None  # the abandoned request's thread still uses it
            missing = self._unavailable(asked, error.reason, error.is_unsent)
            # A request that changes something may have been carried out, which the user must know.
            if method in _IDEMPOTENT and seconds < self.settings.timeout:
                missing.is_cut_short = error.is_overtime or error.is_slow
            raise missing from error
        except BaseException:
            self._local.session = None  # the same after a KeyboardInterrupt
            raise

    def _session(self) -> Any:
        session = getattr(self._local, "session", None)
        if session is None:
            session = require("requests").Session()
            session.auth = self._sign
            session.headers.update(
                {
                    "Accept": "application/json",
                    "x-langfuse-sdk-name": "coaia",
                    "x-langfuse-sdk-version": __version__,
                    "x-langfuse-public-key": self.settings.public_key.encode("utf-8"),
                }
            )
            self._local.session = session
            self._sessions.append(session)
        return session

    def _sign(self, request: Any) -> Any:
        """Add the Basic auth header; old versions of ``requests`` cannot for non-ASCII keys."""
        pair = "{}:{}".format(self.settings.public_key, self.settings.secret_key)
        signature = base64.b64encode(pair.encode("utf-8")).decode("ascii")
        request.headers["Authorization"] = "Basic " + signature
        return request

    def _too_late(self, asked: str, deadline: Deadline) -> UnavailableError:
        """Return the error for a request that is not made, since the time for it is over."""
        error = UnavailableError(
            "{} was not asked ({}): {}".format(self.shown_url, asked, deadline.why_over)
        )
        error.unsent = error.is_cut_short = True
        return error

    def _misfit(self, asked: str, what: str) -> UnavailableError:
        """Return the error for an answer that is not what Langfuse answers; no retry helps."""
        error = UnavailableError(
            "{} answered {} with {}: check that LANGFUSE_BASE_URL is the address of Langfuse".format(
                self.shown_url, asked, clean(what, self.settings)
            )
        )
        error.is_page = True
        return error

    def _unavailable(self, asked: str, cause: str, unsent: bool = False) -> UnavailableError:
        error = UnavailableError(
            "the request to {} ({}) failed: {}; check the network and LANGFUSE_BASE_URL".format(
                self.shown_url, asked, clean(cause, self.settings)
            )
        )
        error.unsent = unsent
        return error


def quoted(name: str) -> str:
    """Return a name as one segment of a URL's path: ``folder/prompt`` is ``folder%2Fprompt``.

    Raises ``UsageError`` for a name that a path cannot contain: ``.`` and ``..`` would lead to
    another URL, even percent-encoded.
    """
    if name in ("", ".", ".."):
        raise UsageError("{!r} cannot be part of an address: use another name".format(name))
    try:
        return quote(name, safe="")
    except UnicodeEncodeError as error:
        raise UsageError(
            "{!r} cannot be part of an address: {}".format(name, error.reason)
        ) from error


def _query(query: Optional[Mapping[str, Any]]) -> Optional[Dict[str, Any]]:
    if query is None:
        return None
    flags = {True: "true", False: "false"}
    return {
        name: flags[value] if isinstance(value, bool) else value
        for name, value in query.items()
        if value is not None
    }


def post_once(
    http: LangfuseHttp,
    path: str,
    body: Body,
    find: Callable[[], Optional[Body]],
    what: str,
    posts: int = 1,
) -> Body:
    """POST ``body`` and return the object that the server has created.

    When the response was lost, ``find()`` has to return the created object, or ``None`` if there is
    none. Only after ``None`` is ``body`` posted again, at most ``posts`` times in all. Raises the
    error of the last try, or ``NetworkError`` when ``find`` gets no response either; ``what`` names
    the object in that message ("prompt 'x'").
    """
    tries = 0
    while True:
        try:
            made: Body = http.request("POST", path, json=body)
            return made
        except UnavailableError as error:
            if error.unsent or error.status == 429:
                raise
            time.sleep(backoff(tries))
            tries += 1
            found = _looked_for(find, what, error)
            if found is not None:
                return found
            if tries == posts:
                raise


def _looked_for(
    find: Callable[[], Optional[Body]], what: str, lost: UnavailableError
) -> Optional[Body]:
    try:
        return find()
    except NetworkError:
        raise NetworkError(
            "it is not known whether {} was created, so look before you create it again: {}".format(
                what, lost
            )
        ) from lost
