"""The HTTP client for OpenAI-compatible services: key, timeouts, retries, errors, streams."""

import io
import re
import time
from contextlib import contextmanager
from typing import IO, Any, Callable, Dict, Iterator, Mapping, NamedTuple, Tuple, TypeVar

from coaiapy import patience
from coaiapy.config.openai import OpenaiService, needs_key
from coaiapy.errors import CoaiaError, ConfigError, NetworkError, RefusedError
from coaiapy.llm import shared_pause
from coaiapy.util import deadlines
from coaiapy.util.deadlines import Deadline
from coaiapy.util.http.answers import (
    Answer,
    is_html,
    message_of,
    parsed,
    parsed_object,
    reason_of,
    retry_after,
)
from coaiapy.util.http.exchange import answer_of, bearer, opened
from coaiapy.util.http.failures import BadAddressError, NoAnswerError, cause, translated
from coaiapy.util.http.retry import TemporaryError, at_most, is_temporary, retrying
from coaiapy.util.http.timed_stream import each_by
from coaiapy.util.masking import MASK, hidden, in_url, said, shown_url
from coaiapy.util.packages import require
from coaiapy.util.threads import OvertimeError, within

T = TypeVar("T")

# The most bytes of a line in a stream.
_LONGEST_LINE = 4 << 20
# A stream with more bytes is given up.
LONGEST_STREAM = 64 << 20
# A key, perhaps shortened with stars. Behind a letter it may be a word, such as "risk-management".
_KEY = r"\bsk-[\w*-]{8,}|sk-(?=[\w-]{0,200}[\d*])[\w*-]{8,}"


class Upload(NamedTuple):
    """A file in a multipart form."""

    name: str
    content: bytes
    media_type: str


class OpenaiHttp:
    """A client for ``service``; ``sleep`` is a parameter for tests.

    A complete answer, with all tries, may take the service's ``timeout``. Every method raises
    ``ConfigError`` for a key that is missing or refused, ``NetworkError`` when
    there is no complete response, ``RefusedError`` when the service refuses the request. The key is
    masked in every message.
    """

    def __init__(self, service: OpenaiService, sleep: Callable[[float], None] = time.sleep) -> None:
        self.service = service
        self._sleep = sleep

    def post(self, url: str, body: Mapping[str, Any]) -> Dict[str, Any]:
        """POST ``body`` as JSON and return the JSON object of the response."""
        return self._object(url, self._answer(url, {"json": body}))

    def post_form(self, url: str, fields: Mapping[str, str], file: Upload) -> Dict[str, Any]:
        """POST a multipart form with one file and return the JSON object of the response."""
        files = {"file": (file.name, file.content, file.media_type)}
        return self._object(url, self._answer(url, {"data": dict(fields), "files": files}))

    def stream(self, url: str, body: Mapping[str, Any]) -> Iterator[Dict[str, Any]]:
        """POST ``body`` and yield the JSON objects of the response's events as they come.

        There is no retry once the response has begun. Raises ``NetworkError`` for a stream that
        ends too early. A response that is not an event stream is yielded as one object.
        """
        deadline = self._deadline()
        response = self._retrying(lambda: self._opened(url, {"json": body}, deadline), deadline)
        try:
            if "text/event-stream" not in response.headers.get("content-type", ""):
                yield self._object(url, self._read(url, response, deadline))
                return
            for event in self._events(url, response, deadline):
                yield event
        finally:
            response.close()

    def _answer(self, url: str, content: Dict[str, Any]) -> Answer:
        deadline = self._deadline()

        def once() -> Answer:
            return self._read(url, self._opened(url, content, deadline), deadline)

        return self._retrying(once, deadline)

    def _deadline(self) -> Deadline:
        return deadlines.after(self.service.timeout, "OPENAI_TIMEOUT")

    def _retrying(self, once: Callable[[], T], deadline: Deadline) -> T:
        def announced() -> T:
            try:
                return once()
            except TemporaryError as error:
                if error.retry_after:
                    shared_pause.announce(error.retry_after)
                raise

        return retrying(
            announced,
            at_most(patience.OPENAI.tries, patience.OPENAI.longest_pause, self._sleep, deadline),
        )

    def _opened(self, url: str, content: Dict[str, Any], deadline: Deadline) -> Any:
        """Make one try and return its successful response; the body is not read yet."""
        self._check_key(url)
        requests, sign = require("requests"), bearer(self.service.key)
        data, headers = _in_blocks(requests, content)

        def ask() -> Any:
            seconds = deadline.timeouts(patience.OPENAI.connect)
            return opened(requests, "POST", url, seconds, headers, data=data, auth=sign)

        if not deadline.left:
            raise NetworkError("{} was not asked: {}".format(shown_url(url), deadline.why_over))
        with self._with_hints(url, deadline), translated(shown_url(url)):
            response = within(deadline.left, ask)
        if 200 <= response.status_code < 300:
            return response
        raise self._error_for(url, self._read(url, response, deadline))

    def _read(self, url: str, response: Any, deadline: Deadline) -> Answer:
        with self._with_hints(url, deadline):
            return answer_of(lambda: response, shown_url(url), deadline)

    @contextmanager
    def _with_hints(self, url: str, deadline: Deadline) -> Iterator[None]:
        """Replace errors in the block by ones that say which settings to check."""
        try:
            yield
        except BadAddressError as error:
            raise ConfigError(
                "{} is not a valid address: correct OPENAI_BASE_URL or openai_api_url".format(
                    shown_url(url)
                )
            ) from error
        except NoAnswerError as error:
            raise self._no_answer(url, error, deadline) from error

    def _check_key(self, url: str) -> None:
        host = needs_key(url)
        if host and not self.service.key:
            raise ConfigError(
                "{} needs a key: set OPENAI_API_KEY, or OPENAI_BASE_URL for another service".format(
                    host
                )
            )

    def _object(self, url: str, answer: Answer) -> Dict[str, Any]:
        try:
            value = parsed(answer.body)
        except ValueError:
            value = None
        if isinstance(value, dict):
            self._check_success(url, value, answer.body)
            return value
        got = "something that is not a JSON object"
        if is_html(answer.body):
            got = message_of(answer.body)
        raise NetworkError(
            "{} answered with {}, which is not the answer of a language model service: check "
            "OPENAI_BASE_URL and openai_api_url".format(shown_url(url), self._clean(got))
        )

    def _check_success(self, url: str, value: Mapping[str, Any], body: bytes) -> None:
        """Raise ``RefusedError`` for an answer or event that holds an error, whatever its status."""
        if _is_failure(value):
            message = self._clean(message_of(body) or _reason_inside(value)) or "no reason given"
            raise RefusedError("{} answered with an error: {}".format(shown_url(url), message))

    def _events(self, url: str, response: Any, deadline: Deadline) -> Iterator[Dict[str, Any]]:
        finished = False
        try:
            for line in each_by(deadline, _lines(response)):
                if not line.startswith(b"data:"):
                    continue
                if line[5:].strip() == b"[DONE]":
                    return
                event = self._event(url, line[5:])
                finished = finished or _is_last(event)
                yield event
        except CoaiaError:
            raise
        except OvertimeError as error:
            raise self._broken_off(url, cause(error), deadline.hint) from error
        except Exception as error:
            if not finished:
                raise self._broken_off(url, cause(error)) from error
        if not finished:
            raise self._broken_off(url, "the stream ended early")

    def _event(self, url: str, data: bytes) -> Dict[str, Any]:
        event = parsed_object(data)
        if not event:
            raise self._broken_off(url, "an event of the stream is not a JSON object")
        self._check_success(url, event, data)
        return dict(event)

    def _broken_off(self, url: str, why: str, hint: str = "try again") -> NetworkError:
        return NetworkError(
            "{} stopped before its answer was complete: {}; {}".format(
                shown_url(url), self._clean(why), hint
            )
        )

    def _no_answer(self, url: str, error: NoAnswerError, deadline: Deadline) -> NetworkError:
        sentence = "the request to {} failed: {}; ".format(
            shown_url(url), self._clean(error.reason)
        )
        if error.is_slow or error.is_overtime:  # no retry: it would take as long again
            return NetworkError(sentence + deadline.hint)
        return TemporaryError(sentence + "check the network and OPENAI_BASE_URL")

    def _error_for(self, url: str, answer: Answer) -> CoaiaError:
        message = self._clean(message_of(answer.body))
        where = "{} answered {}".format(shown_url(url), answer.status)
        where += ": " + message if message else ""
        if answer.status in (401, 403):
            return ConfigError(where + "; check OPENAI_API_KEY (openai_api_key in coaia.json)")
        if 300 <= answer.status < 400 or answer.status == 404 and is_html(answer.body):
            return ConfigError(where + "; set OPENAI_BASE_URL to the final address")
        failure = parsed_object(answer.body).get("error")
        if isinstance(failure, dict) and failure.get("code") == "insufficient_quota":
            return RefusedError(where)  # status 429, but waiting does not help
        if answer.status == 409 or is_temporary(answer.status):
            return TemporaryError(where + "; try again later", retry_after(answer))
        return RefusedError(where)

    def _clean(self, text: str) -> str:
        """Return the text with our secrets masked, also a key that the service has shortened."""
        urls = (self.service.chat_url, self.service.transcription_url, self.service.image_url)
        secrets = [self.service.key] + [secret for url in urls for secret in in_url(url)]
        return said(re.sub(_KEY, MASK, hidden(text, secrets)), ())


def _is_failure(value: Mapping[str, Any]) -> bool:
    """Tell whether an answer of any of the services says that it is none."""
    status = value.get("base_resp")  # MiniMax; the others: vLLM, Cloudflare, FastAPI, OpenRouter
    code = status.get("status_code") if isinstance(status, dict) else 0
    return bool(
        value.get("error")
        or value.get("object") == "error"
        or value.get("success") is False
        or (code and not value.get("choices"))
        or set(value) == {"detail"}
        or _failed_choice(value)
    )


def _failed_choice(value: Mapping[str, Any]) -> Any:
    choices = value.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    return first.get("error") if isinstance(first, dict) else None


def _reason_inside(value: Mapping[str, Any]) -> str:
    """Return the reason of a failure that stands where no other service writes it."""
    status = value.get("base_resp")
    said = status.get("status_msg") if isinstance(status, dict) else value.get("detail")
    return reason_of({"error": _failed_choice(value) or said})


def _in_blocks(requests: Any, content: Dict[str, Any]) -> Tuple[IO[bytes], Dict[str, str]]:
    """Return the body of a request as a stream, and its headers.

    ``requests`` sends a stream block by block, and each may take as long as connecting. A body of
    bytes is sent as one block, which a large recording on a slow line would never be in time.
    """
    whole = requests.Request("POST", "http://localhost", **content).prepare()
    return io.BytesIO(whole.body), {"Content-Type": whole.headers["Content-Type"]}


def _lines(response: Any) -> Iterator[bytes]:
    """Yield the lines of a stream without their ends, each as soon as it is complete."""
    line = bytearray()
    size = 0
    for part in response.iter_content(1):
        size += len(part)
        if size > LONGEST_STREAM:
            raise EOFError("the stream has more than {} MB".format(LONGEST_STREAM >> 20))
        line += part
        if b"\n" in part or b"\r" in part:
            found = bytes(line).splitlines(True)
            line = bytearray() if found[-1][-1:] in b"\r\n" else bytearray(found.pop())
            for one in found:
                yield one.rstrip(b"\r\n")
        elif len(line) > _LONGEST_LINE:
            raise EOFError("a line of the stream has more than {} MB".format(_LONGEST_LINE >> 20))
    if line:
        yield bytes(line)


def _is_last(event: Mapping[str, Any]) -> bool:
    choices = event.get("choices") or [{}]
    first = choices[0] if isinstance(choices, list) and isinstance(choices[0], dict) else {}
    return bool(first.get("finish_reason"))
