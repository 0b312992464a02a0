"""Requests in flight: each is posted by a worker thread until there is an answer that counts.

Workers only do HTTP. They are daemon threads, so that an interrupted command can end without
waiting for a server that does not answer.
"""

import queue
import threading
import time
from typing import Any, List, NamedTuple, Optional

from coaiapy import wire_choice
from coaiapy.errors import CoaiaError, NotFoundError, RefusedError
from coaiapy.http_answers import Answer, is_html, retry_after
from coaiapy.http_retry import TemporaryError, retrying
from coaiapy.langfuse_errors import UnavailableError, clean, error_for
from coaiapy.langfuse_http import LangfuseHttp
from coaiapy.wire import CREDENTIALS, RETRY, Request, Verdict

# The name of every worker thread.
WORKER = "coaia-posting"


# What is sent so shortly before the deadline could not be answered in time.
ANSWER_SECONDS = 1.0


class Deadline:
    """Until when to go on; ``renewing``: that long after the last progress."""

    def __init__(self, seconds: float, renewing: bool = False) -> None:
        self.seconds = seconds
        self.renewing = renewing
        self.reserve = min(ANSWER_SECONDS, seconds / 4)
        self.moment = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """The seconds that are left, perhaps less than none."""
        return self.moment - time.monotonic()

    @property
    def left_to_start(self) -> float:
        """The seconds in which a request may still be begun."""
        return self.left - self.reserve

    def progress(self) -> None:
        """Note that the server has just accepted something."""
        if self.renewing:
            self.moment = time.monotonic() + self.seconds


class Posted(NamedTuple):
    """What came of a request that was encoded for a server of ``generation``.

    ``error`` says why the request as a whole was not accepted, ``is_refusal`` whether the server
    found fault with what it carried. ``pause`` is how many seconds the server asks to wait,
    ``seconds`` how long it took to answer.
    """

    generation: str
    verdicts: List[Verdict]
    error: Optional[CoaiaError] = None
    is_refusal: bool = False
    pause: Optional[float] = None
    seconds: float = 0.0


class _NotYetError(TemporaryError):
    """No record was accepted and none refused: the same request may do better later."""

    def __init__(self, posted: Posted) -> None:
        TemporaryError.__init__(self, "the server takes no record now", posted.pause)
        self.posted = posted


class Posts:
    """The requests that are in flight; use it from one thread."""

    def __init__(self, http: LangfuseHttp, deadline: Deadline) -> None:
        self.flying = 0
        self._http = http
        self._deadline = deadline
        self._workers = 0
        self._stopped = threading.Event()
        self._asked: Any = queue.Queue()
        self._answered: Any = queue.Queue()

    def launch(self, request: Request, generation: str) -> None:
        """Have a worker post a request."""
        if self.flying == self._workers:
            threading.Thread(target=self._work, name=WORKER, daemon=True).start()
            self._workers += 1
        self.flying += 1
        self._asked.put((request, generation))

    def next(self, seconds: Optional[float] = None) -> Optional[Posted]:
        """Wait for the next outcome; ``None`` if there is none within ``seconds``."""
        try:
            outcome = self._answered.get(timeout=seconds)
        except queue.Empty:
            return None
        self.flying -= 1
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome  # type: ignore[no-any-return]

    def stop(self) -> None:
        """Let no worker try again; what is in flight now may still be answered."""
        self._stopped.set()

    def close(self) -> None:
        """End the workers, each after what it is doing."""
        self.stop()
        for _ in range(self._workers):
            self._asked.put(None)

    def _work(self) -> None:
        for request, generation in iter(self._asked.get, None):
            try:
                self._answered.put(self._post(request, generation))
            except BaseException as error:  # the main thread shall hear of it
                self._answered.put(error)

    def _post(self, request: Request, generation: str) -> Posted:
        def once() -> Posted:
            posted = self._try(request, generation)
            if any(verdict.state != RETRY for verdict in posted.verdicts):
                return posted
            raise _NotYetError(posted)

        try:
            return retrying(once, self._wait)
        except _NotYetError as error:
            return error.posted

    def _wait(self, tried: int, pause: float) -> bool:
        return pause < self._deadline.left_to_start and not self._stopped.wait(pause)

    def _try(self, request: Request, generation: str) -> Posted:
        """Post once, and return what came of it."""
        start = time.monotonic()
        try:
            answer = self._http.send(request, self._deadline.moment)
        except UnavailableError as error:
            return Posted(generation, _all(RETRY, request, error), error)
        except CoaiaError as error:
            return Posted(generation, _all(CREDENTIALS, request, error), error)
        verdicts = [
            verdict._replace(reason=clean(verdict.reason, self._http.settings))
            if verdict.reason
            else verdict
            for verdict in wire_choice.outcome(answer, request)
        ]
        problem = self._error(answer, request)
        return Posted(
            generation,
            verdicts,
            problem,
            is_refusal=answer.status >= 400,
            pause=retry_after(answer),
            seconds=time.monotonic() - start,
        )

    def _error(self, answer: Answer, request: Request) -> Optional[CoaiaError]:
        if answer.status < 400 and not is_html(answer.body):
            return None
        asked = "POST " + request.path
        error = error_for(answer, asked, self._http.settings)
        if isinstance(error, NotFoundError):
            return RefusedError(
                "{} answered 404 to {}: {}".format(self._http.shown_url, asked, error)
            )
        return error


def _all(state: str, request: Request, error: CoaiaError) -> List[Verdict]:
    return [Verdict(item, state, str(error)) for item in request.items]
