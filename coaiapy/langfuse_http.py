"""One HTTP client for a Langfuse server: keys, timeouts, deadlines, retries, errors.

``request`` is for reads and single writes and raises for every answer that is not a good one.
``send`` is for delivery: one try, and the answer whatever it is. Both may be called by several
threads at once; each thread has a ``requests.Session`` of its own.
"""

import base64
import threading
import time
from typing import Any, Callable, Dict, List, Mapping, Optional
from urllib.parse import quote

from coaiapy import __version__
from coaiapy.errors import CoaiaError, ConfigError, UsageError
from coaiapy.http_answers import Answer, is_html, parsed, reason_of
from coaiapy.http_failures import cause, never_connected, not_trusted, whole_answer
from coaiapy.http_retry import backoff
from coaiapy.langfuse_answers import is_event_type_refusal
from coaiapy.langfuse_errors import UnavailableError, WrongDialectError, clean, error_for
from coaiapy.masking import shown_url
from coaiapy.packages import require
from coaiapy.settings import Settings
from coaiapy.tls import authorities
from coaiapy.wire import Request, to_bytes

# Seconds that a request may take with all its tries, unless the caller has a deadline.
DEFAULT_SECONDS = 15.0
# Repeating these does no harm, and the second answer is worth the same as the first.
_IDEMPOTENT = ("GET", "PUT")


class LangfuseHttp:
    """A client for the server and the keys of ``settings``.

    Deadlines are moments of ``time.monotonic()``; a request without one may take ``seconds``.
    ``hasty``: ``request`` does not try again where nothing answers at all. ``sleep`` is there for
    tests.
    """

    def __init__(
        self,
        settings: Settings,
        sleep: Callable[[float], None] = time.sleep,
        seconds: float = DEFAULT_SECONDS,
        hasty: bool = False,
    ) -> None:
        self.settings = settings
        self.seconds = seconds
        self.hasty = hasty
        self.base_url = settings.base_url
        self.shown_url = shown_url(settings.base_url)
        self._sleep = sleep
        self._local = threading.local()
        self._sessions: List[Any] = []

    def request(
        self,
        method: str,
        path: str,
        query: Optional[Mapping[str, Any]] = None,
        json: Any = None,
        data: Optional[bytes] = None,
        headers: Optional[Mapping[str, str]] = None,
        deadline: Optional[float] = None,
        retry: Optional[bool] = None,
    ) -> Any:
        """Return the JSON object of a good answer, ``None`` if it has no body.

        ``path`` begins with ``/api/public``; ``query`` values may be lists, ``None`` is left out.
        Tries again, with pauses that grow, until ``deadline`` (default: ``seconds`` from now): a
        GET or PUT, what never reached the server, a 429, and everything if ``retry`` is true. Raises
        ``UnavailableError`` (exit code 4), ``ConfigError`` (keys, redirects), ``NotFoundError``,
        ``WrongDialectError`` or ``RefusedError``.
        """
        given = dict(headers or {})
        if json is not None:
            data = to_bytes(json)
            given.setdefault("Content-Type", "application/json")
        deadline = _now() + self.seconds if deadline is None else deadline
        repeat = method in _IDEMPOTENT if retry is None else retry
        asked = "{} {}".format(method, path)

        def once() -> Any:
            answer = self._exchange(method, path, query, data, given, deadline)
            return self._value(answer, asked)

        return self._trying(once, repeat, deadline)

    def send(self, request: Request, deadline: Optional[float] = None) -> Answer:
        """POST an encoded request once and return the answer, whatever its status.

        Raises ``NetworkError`` when no whole answer came, ``ConfigError`` for a redirect.
        """
        deadline = _now() + self.seconds if deadline is None else deadline
        answer = self._exchange("POST", request.path, None, request.body, request.headers, deadline)
        if 300 <= answer.status < 400:
            raise error_for(answer, "POST " + request.path, self.settings)
        return answer

    def look(self, path: str, deadline: Optional[float] = None) -> Answer:
        """GET ``path`` once and return the answer, whatever its status; else ``NetworkError``."""
        deadline = _now() + self.seconds if deadline is None else deadline
        return self._exchange("GET", path, None, None, {}, deadline)

    def close(self) -> None:
        """Close the connections of all threads; none of them may be asking."""
        self._local = threading.local()
        while self._sessions:
            self._sessions.pop().close()

    def _trying(self, once: Callable[[], Any], repeat: bool, deadline: float) -> Any:
        attempt = 0
        while True:
            try:
                return once()
            except UnavailableError as error:
                again = repeat and not error.is_page or error.unsent or error.status == 429
                again = again and not (self.hasty and error.status is None)
                pause = error.retry_after
                if pause is None:
                    pause = backoff(attempt)
                if not again or _now() + pause >= deadline:
                    raise
            self._sleep(pause)
            attempt += 1

    def _value(self, answer: Answer, asked: str) -> Any:
        if not 200 <= answer.status < 300 or is_html(answer.body):
            raise error_for(answer, asked, self.settings)
        if not answer.body.strip():
            return None
        try:
            value = parsed(answer.body)
        except ValueError:
            raise self._unavailable(asked, "the answer was cut off or is not JSON") from None
        if not isinstance(value, dict):
            raise self._unavailable(asked, "the answer is no JSON object, as Langfuse's are")
        if answer.status == 207:
            self._check_event_types(value.get("errors"), asked)
        return value

    def _check_event_types(self, errors: Any, asked: str) -> None:
        for error in errors if isinstance(errors, list) else ():
            if isinstance(error, dict) and is_event_type_refusal(error):
                said = clean(reason_of(error), self.settings)
                raise WrongDialectError("{} refused {}: {}".format(self.shown_url, asked, said))

    def _exchange(
        self,
        method: str,
        path: str,
        query: Optional[Mapping[str, Any]],
        data: Optional[bytes],
        headers: Mapping[str, str],
        deadline: float,
    ) -> Answer:
        """One try. It runs in a thread of its own, since no timeout of the socket limits a slow
        name server or an answer that comes byte by byte."""
        seconds = deadline - _now()
        asked = "{} {}".format(method, path)
        if seconds <= 0:
            raise self._unavailable(asked, "there was no time left to ask", unsent=True)
        limit = min(self.settings.timeout, seconds)
        session = self._session()
        outcome: Dict[str, Any] = {}

        def run() -> None:
            try:
                response = session.request(
                    method,
                    self.base_url + path,
                    params=_query(query),
                    data=data,
                    headers=dict(headers),
                    timeout=(limit, limit),
                    allow_redirects=False,
                    stream=True,
                    verify=authorities(),
                )
                outcome["answer"] = whole_answer(response)
            except BaseException as error:
                outcome["error"] = error

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        try:
            thread.join(seconds)
        finally:
            if thread.is_alive():
                self._local.session = None  # the thread still holds it
        if thread.is_alive():
            raise self._unavailable(asked, "it did not answer in time")
        if "error" in outcome:
            raise self._translated(asked, outcome["error"])
        return outcome["answer"]  # type: ignore[no-any-return]

    def _session(self) -> Any:
        session = getattr(self._local, "session", None)
        if session is None:
            session = require("requests").Session()
            session.auth = _signer(self.settings)
            session.headers.update(
                {
                    "User-Agent": "coaia/" + __version__,
                    "Accept": "application/json",
                    "x-langfuse-sdk-name": "coaia",
                    "x-langfuse-sdk-version": __version__,
                    "x-langfuse-public-key": self.settings.public_key.encode("utf-8"),
                }
            )
            self._local.session = session
            self._sessions.append(session)
        return session

    def _translated(self, asked: str, error: BaseException) -> BaseException:
        exceptions = require("requests").exceptions
        if isinstance(error, CoaiaError) or not isinstance(error, Exception):
            return error
        if isinstance(error, (exceptions.InvalidURL, exceptions.InvalidSchema)):
            return ConfigError(
                "LANGFUSE_BASE_URL {} cannot be asked: correct it".format(self.shown_url)
            )
        if not isinstance(error, (exceptions.RequestException, OSError, EOFError)):
            return error
        if isinstance(error, exceptions.SSLError):
            return not_trusted(self.shown_url, error)
        unsent = isinstance(error, exceptions.ConnectTimeout) or never_connected(error)
        return self._unavailable(asked, cause(error), unsent)

    def _unavailable(self, asked: str, cause: str, unsent: bool = False) -> UnavailableError:
        error = UnavailableError(
            "{} gave no answer to {}: {}; check the network and LANGFUSE_BASE_URL".format(
                self.shown_url, asked, clean(cause, self.settings)
            )
        )
        error.unsent = unsent
        return error


def quoted(name: str) -> str:
    """Return a name as one step of a path: ``folder/prompt`` becomes ``folder%2Fprompt``.

    Raises ``UsageError`` for what no path can say: ``..`` would lead to another address, however
    it is spelled.
    """
    if name in ("", ".", ".."):
        raise UsageError("{!r} cannot be asked for: no address can hold it".format(name))
    try:
        return quote(name, safe="")
    except UnicodeEncodeError as error:
        raise UsageError("{!r} cannot be asked for: {}".format(name, error.reason)) from error


def _signer(settings: Settings) -> Callable[[Any], Any]:
    """Return what signs a request: an old ``requests`` takes no keys of bytes.

    It is no method: a session that knows its client would stay open until the ring is collected.
    """
    pair = "{}:{}".format(settings.public_key, settings.secret_key).encode("utf-8")
    signature = "Basic " + base64.b64encode(pair).decode("ascii")

    def sign(request: Any) -> Any:
        request.headers["Authorization"] = signature
        return request

    return sign


def _now() -> float:
    return time.monotonic()


def _query(query: Optional[Mapping[str, Any]]) -> Optional[Dict[str, Any]]:
    if query is None:
        return None
    flags = {True: "true", False: "false"}
    return {
        name: flags[value] if isinstance(value, bool) else value
        for name, value in query.items()
        if value is not None
    }
