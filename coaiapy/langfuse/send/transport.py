"""Posts requests in worker threads, several at a time, with retries; chooses their wire format.

Workers only do HTTP and do not use the journal. They are daemon threads, so that an interrupted
command can end without waiting for a server that does not respond.
"""

import queue
import threading
import time
from typing import Any, Iterable, List, NamedTuple, Optional

from coaiapy.errors import CoaiaError, NotFoundError, RefusedError
from coaiapy.langfuse.client.errors import UnavailableError, clean, error_for
from coaiapy.langfuse.client.http import LangfuseHttp
from coaiapy.langfuse.client.server import Server
from coaiapy.langfuse.client.wire import CREDENTIALS, RETRY, Encoded, Request, Verdict
from coaiapy.langfuse.journal.claims import Outgoing
from coaiapy.langfuse.send import ingestion, otlp
from coaiapy.util import threads
from coaiapy.util.deadlines import Renewing
from coaiapy.util.http.answers import Answer, is_html, retry_after
from coaiapy.util.http.retry import TemporaryError, retrying

# The name of every worker thread.
WORKER = "coaia-sender"


def encode(server: Server, items: Iterable[Outgoing]) -> Encoded:
    """Return the requests for ``items``: spans for a v4 server, ingestion events for others.

    Scores are sent as events to every server.
    """
    spans: List[Outgoing] = []
    events: List[Outgoing] = []
    for item in items:
        is_span = server.keeps_spans and item.kind != "score"
        (spans if is_span else events).append(item)
    encoded = [otlp.encode(spans), ingestion.encode(events, server)]
    return Encoded(
        [request for part in encoded for request in part.requests],
        [verdict for part in encoded for verdict in part.refused],
    )


def outcome(answer: Answer, request: Request) -> List[Verdict]:
    """Return what the server's response means for each record of the request."""
    wire = otlp if request.path == otlp.PATH else ingestion
    return wire.outcome(answer.status, answer.body, request.items)


class RequestResult(NamedTuple):
    """The result of a request, which was encoded for a server of ``generation``.

    ``error`` says why the request as a whole was not accepted; ``is_refusal`` is true if the server
    answered with an error status. ``pause`` is how many seconds the server asks to wait,
    ``seconds`` how long the response took.
    """

    generation: str
    verdicts: List[Verdict]
    error: Optional[CoaiaError] = None
    is_refusal: bool = False
    pause: Optional[float] = None
    seconds: float = 0.0


class _NotYetError(TemporaryError):
    """No record was accepted or refused; the same request may succeed later."""

    def __init__(self, result: RequestResult) -> None:
        TemporaryError.__init__(self, "the server accepts no records at the moment", result.pause)
        self.result = result


class Transport:
    """Posts requests in workers; its methods must be called from one thread."""

    def __init__(self, http: LangfuseHttp, deadline: Renewing) -> None:
        self.flying = 0
        self._http = http
        self._deadline = deadline
        self._workers = 0
        self._stopped = threading.Event()
        self._asked: Any = queue.Queue()
        self._answered: Any = queue.Queue()

    def launch(self, request: Request, generation: str) -> None:
        """Let a worker post a request; where the system allows no thread, post it now."""
        if self.flying == self._workers and threads.start(self._work, WORKER):
            self._workers += 1
        if self._workers:
            self._asked.put((request, generation))
        else:
            self._answered.put(self._post(request, generation))
        self.flying += 1

    def next(self, seconds: Optional[float] = None) -> Optional[RequestResult]:
        """Wait for the next result and return it; ``None`` if there is none within ``seconds``."""
        try:
            outcome = self._answered.get(timeout=seconds)
        except queue.Empty:
            return None
        self.flying -= 1
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome  # type: ignore[no-any-return]

    def stop(self) -> None:
        """Allow no more retries; responses to requests in flight are still awaited."""
        self._stopped.set()

    def close(self) -> None:
        """End the workers, each after its current request."""
        self.stop()
        for _ in range(self._workers):
            self._asked.put(None)

    def _work(self) -> None:
        for request, generation in iter(self._asked.get, None):
            try:
                self._answered.put(self._post(request, generation))
            except BaseException as error:  # next() raises it in the main thread
                self._answered.put(error)

    def _post(self, request: Request, generation: str) -> RequestResult:
        def once() -> RequestResult:
            result = self._try(request, generation)
            if any(verdict.state != RETRY for verdict in result.verdicts):
                return result
            raise _NotYetError(result)

        try:
            return retrying(once, self._wait)
        except _NotYetError as error:
            return error.result

    def _wait(self, tried: int, pause: float) -> bool:
        return pause < self._deadline.left_to_start and not self._stopped.wait(pause)

    def _try(self, request: Request, generation: str) -> RequestResult:
        """Post a request once, and return the result."""
        start = time.monotonic()
        try:
            answer = self._http.send(request, self._deadline.until)
        except UnavailableError as error:
            return RequestResult(generation, _all(RETRY, request, error), error)
        except CoaiaError as error:
            return RequestResult(generation, _all(CREDENTIALS, request, error), error)
        verdicts = [
            verdict._replace(reason=clean(verdict.reason, self._http.settings))
            if verdict.reason
            else verdict
            for verdict in outcome(answer, request)
        ]
        problem = self._error(answer, request)
        return RequestResult(
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
