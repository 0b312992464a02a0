"""One HTTP client for any OpenAI-compatible service: key, timeouts, retries, errors, streams."""

import re
import time
from typing import Any, Callable, Dict, Iterator, Mapping, NamedTuple, Optional

from coaiapy import __version__
from coaiapy.errors import CoaiaError, ConfigError, NetworkError, RefusedError
from coaiapy.http_answers import Answer, is_html, message_of, parsed, parsed_object, retry_after
from coaiapy.http_failures import cause, not_trusted, whole_answer
from coaiapy.http_retry import backoff
from coaiapy.masking import MASK, shown_url
from coaiapy.openai_settings import OpenaiService, needs_key
from coaiapy.packages import require
from coaiapy.redaction import hidden
from coaiapy.tls import authorities

TRIES = 4
CONNECT_SECONDS = 10.0
# A service that asks for a longer pause than this is not waited for.
LONGEST_PAUSE = 60.0
# Small, since a chunk is waited for however slowly it drips in.
_CHUNK = 512
_LONGEST_ERROR = 65536


class Upload(NamedTuple):
    """A file as a form carries it."""

    name: str
    content: bytes
    media_type: str


class _TryAgainError(NetworkError):
    """No answer, or one that may be different next time; ``pause`` as the service asks for it."""

    pause: Optional[float] = None
    is_final = False


class OpenaiHttp:
    """A client for ``service``. ``sleep`` is there for tests.

    Every method raises ``ConfigError`` for a key that is missing or refused, ``NetworkError`` when
    no whole answer came, ``RefusedError`` when the service said no. No message holds the key.
    """

    def __init__(self, service: OpenaiService, sleep: Callable[[float], None] = time.sleep) -> None:
        self.service = service
        self._sleep = sleep
        self._session: Any = None

    def post(self, url: str, body: Mapping[str, Any]) -> Dict[str, Any]:
        """POST ``body`` as JSON and return the JSON object of the answer."""
        answer = self._retrying(url, {"json": body})
        return self._object(url, answer)

    def post_form(self, url: str, fields: Mapping[str, str], file: Upload) -> Dict[str, Any]:
        """POST a form with one file and return the JSON object of the answer."""
        files = {"file": (file.name, file.content, file.media_type)}
        answer = self._retrying(url, {"data": dict(fields), "files": files})
        return self._object(url, answer)

    def stream(self, url: str, body: Mapping[str, Any]) -> Iterator[Dict[str, Any]]:
        """POST ``body`` and yield the JSON objects of the answer's events as they come.

        Nothing is tried again once an event has come. An answer that breaks off is a
        ``NetworkError``; one that is no event stream is yielded as one object.
        """
        response = self._trying(lambda: self._opened(url, {"json": body}))
        try:
            if "text/event-stream" not in response.headers.get("content-type", ""):
                yield self._object(url, self._read(url, response))
                return
            for event in self._events(url, response):
                yield event
        finally:
            response.close()

    def _retrying(self, url: str, content: Dict[str, Any]) -> Answer:
        def once() -> Answer:
            return self._read(url, self._opened(url, content))

        answer = self._trying(once)  # type: Answer
        return answer

    def _trying(self, once: Callable[[], Any]) -> Any:
        for attempt in range(TRIES):
            try:
                return once()
            except _TryAgainError as error:
                pause = backoff(attempt) if error.pause is None else error.pause
                if error.is_final or attempt + 1 == TRIES or pause > LONGEST_PAUSE:
                    raise
            self._sleep(pause)
        raise AssertionError("the last try raises")

    def _opened(self, url: str, content: Dict[str, Any]) -> Any:
        """Return the response to one try, if its status is a good one; the body is not read."""
        self._check_key(url)
        try:
            response = self._open_session().post(
                url,
                timeout=(min(CONNECT_SECONDS, self.service.timeout), self.service.timeout),
                allow_redirects=False,
                stream=True,
                verify=authorities(),
                **content,
            )
        except Exception as error:
            raise self._translated(url, error) from error
        if 200 <= response.status_code < 300:
            return response
        raise self._error_for(url, self._read(url, response))

    def _check_key(self, url: str) -> None:
        host = needs_key(url)
        if host and not self.service.key:
            raise ConfigError(
                "{} needs a key: set OPENAI_API_KEY, or OPENAI_BASE_URL for another service".format(
                    host
                )
            )

    def _open_session(self) -> Any:
        if self._session is None:
            self._session = require("requests").Session()
            self._session.auth = self._sign
        return self._session

    def _sign(self, request: Any) -> Any:
        """Sign a request ourselves, so that no ``.netrc`` is asked for another key."""
        request.headers["User-Agent"] = "coaia/" + __version__
        if self.service.key:
            request.headers["Authorization"] = b"Bearer " + self.service.key.encode("utf-8")
        return request

    def _read(self, url: str, response: Any) -> Answer:
        """Return the whole answer, which may take as long as one ``timeout`` in all."""
        limit = time.monotonic() + self.service.timeout

        def check_time() -> None:
            if time.monotonic() > limit:
                raise self._no_answer(url, "it did not finish in time", is_final=True)

        try:
            return whole_answer(response, _CHUNK, check_time)
        except CoaiaError:
            raise
        except Exception as error:
            raise self._translated(url, error) from error

    def _object(self, url: str, answer: Answer) -> Dict[str, Any]:
        try:
            value = parsed(answer.body)
        except ValueError:
            value = None
        if isinstance(value, dict):
            return value
        said = message_of(answer.body)[:200] if is_html(answer.body) else "no JSON object"
        raise NetworkError(
            "{} answered with {}, which is not what a language model's service says: check "
            "OPENAI_BASE_URL and openai_api_url".format(shown_url(url), self._clean(said))
        )

    def _events(self, url: str, response: Any) -> Iterator[Dict[str, Any]]:
        finished = False
        try:
            for line in response.iter_lines(chunk_size=1):
                if not line.startswith(b"data:"):
                    continue
                if line[5:].strip() == b"[DONE]":
                    return
                event = self._event(url, line[5:])
                finished = finished or _is_last(event)
                yield event
        except CoaiaError:
            raise
        except Exception as error:
            if not finished:
                raise self._broken_off(url, cause(error)) from error
        if not finished:
            raise self._broken_off(url, "the stream ended before the answer did")

    def _event(self, url: str, data: bytes) -> Dict[str, Any]:
        event = parsed_object(data)
        if not event:
            raise self._broken_off(url, "an event of the stream is no JSON object")
        if event.get("error"):
            raise RefusedError(
                "{} broke off: {}".format(shown_url(url), self._clean(message_of(data)))
            )
        return dict(event)

    def _broken_off(self, url: str, why: str) -> NetworkError:
        return NetworkError(
            "{} broke off in mid-answer: {}; try again".format(shown_url(url), self._clean(why))
        )

    def _translated(self, url: str, error: Exception) -> Exception:
        exceptions = require("requests").exceptions
        if not isinstance(error, (exceptions.RequestException, OSError, EOFError)):
            return error
        if isinstance(error, (exceptions.InvalidURL, exceptions.InvalidSchema)):
            return ConfigError(
                "{} cannot be asked: correct OPENAI_BASE_URL or openai_api_url".format(
                    shown_url(url)
                )
            )
        if isinstance(error, exceptions.SSLError):
            return not_trusted(shown_url(url), error)
        # An answer that takes too long would take as long again.
        is_final = isinstance(error, exceptions.ReadTimeout) or "Read timed out" in repr(error)
        return self._no_answer(url, cause(error), is_final)

    def _no_answer(self, url: str, why: str, is_final: bool = False) -> "_TryAgainError":
        hint = "check the network and OPENAI_BASE_URL"
        if is_final:
            hint = "raise OPENAI_TIMEOUT ({:g} s) if it needs longer".format(self.service.timeout)
        error = _TryAgainError(
            "{} gave no answer: {}; {}".format(shown_url(url), self._clean(why), hint)
        )
        error.is_final = is_final
        return error

    def _error_for(self, url: str, answer: Answer) -> CoaiaError:
        said = self._clean(message_of(answer.body[:_LONGEST_ERROR]))
        where = "{} answered {}".format(shown_url(url), answer.status)
        where += ": " + said if said else ""
        if answer.status in (401, 403):
            return ConfigError(where + "; check OPENAI_API_KEY (openai_api_key in coaia.json)")
        if 300 <= answer.status < 400 or answer.status == 404 and is_html(answer.body):
            return ConfigError(where + "; set OPENAI_BASE_URL to the address that answers itself")
        if answer.status in (408, 409, 425, 429) or answer.status >= 500:
            return self._try_again(where, answer)
        return RefusedError(where)

    def _try_again(self, where: str, answer: Answer) -> CoaiaError:
        failure = parsed_object(answer.body).get("error")
        if isinstance(failure, dict) and failure.get("code") == "insufficient_quota":
            return RefusedError(where)  # no pause fills an account
        error = _TryAgainError(where + "; try again later")
        error.pause = retry_after(answer)
        return error

    def _clean(self, text: str) -> str:
        """Return the text without the key, in case somebody echoes it, in whole or in part."""
        return re.sub(r"\bsk-[\w*-]{8,}", MASK, hidden(text, [self.service.key]))


def _is_last(event: Mapping[str, Any]) -> bool:
    choices = event.get("choices") or [{}]
    first = choices[0] if isinstance(choices, list) and isinstance(choices[0], dict) else {}
    return bool(first.get("finish_reason"))
