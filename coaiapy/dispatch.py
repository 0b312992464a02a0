"""Sending what waits: claimed in chunks, several requests in flight, acknowledged one by one.

Worker threads only post; everything that touches the journal happens in the calling thread.
"""

import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Callable, Dict, Iterable, List, Optional, Sequence, Set, Type

from coaiapy import langfuse_generation, outbox, wires
from coaiapy.errors import CoaiaError, ConfigError, NetworkError, RefusedError
from coaiapy.journal import Journal
from coaiapy.langfuse_answers import retry_after
from coaiapy.langfuse_errors import UnavailableError
from coaiapy.langfuse_generation import Server
from coaiapy.langfuse_http import LangfuseHttp, backoff
from coaiapy.outgoing import Outgoing
from coaiapy.wire import (
    ACCEPTED,
    CREDENTIALS,
    REFUSED,
    RETRY,
    SPLIT,
    WRONG_DIALECT,
    Request,
    Verdict,
)

WORKERS = 4
CHUNK = 500
# A record that the server could not take just now pauses this long before it is claimed again.
PAUSE_SECONDS = 1.0
POLL_SECONDS = 0.05
# What a claim outlasts the deadline by: one request that was begun just before it.
LEASE_SECONDS = 60.0
# So many whole requests refused in a row, without one success, are not the records' fault.
REFUSALS_IN_A_ROW = 8


class Deadline:
    """Until when to go on; ``renewing``: that long after the last progress."""

    def __init__(self, seconds: float, renewing: bool = False) -> None:
        self.seconds = seconds
        self.renewing = renewing
        self.moment = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """The seconds that are left, perhaps less than none."""
        return self.moment - time.monotonic()

    def progress(self) -> None:
        """Note that the server has just accepted something."""
        if self.renewing:
            self.moment = time.monotonic() + self.seconds


class Dispatch:
    """One go at sending; afterwards ``accepted``, ``rejected`` (rows) and ``problem`` tell."""

    def __init__(
        self,
        journal: Journal,
        http: LangfuseHttp,
        deadline: Deadline,
        on_accepted: Callable[[int], None] = lambda count: None,
    ) -> None:
        self.journal = journal
        self.http = http
        self.deadline = deadline
        self.on_accepted = on_accepted
        self.accepted: Set[int] = set()
        self.rejected: Set[int] = set()
        self.problem: Optional[CoaiaError] = None
        self.server = Server("", "")
        self._todo: List[Request] = []
        self._flying: Dict["Future[List[Verdict]]", str] = {}
        self._spoken = ""
        self._refusals = 0
        self._relearned = False

    def run(
        self,
        destinations: Sequence[int],
        rows: Optional[Sequence[int]] = None,
        patient: bool = True,
    ) -> None:
        """Send what waits for ``destinations`` (of it only ``rows``, if given).

        ``patient`` waits, while there is time, for records that pause or that another process is
        sending; otherwise they are passed over.
        """
        if not self._learn():
            return
        pool = ThreadPoolExecutor(WORKERS)
        try:
            while self._may_go_on():
                self._launch(pool, destinations, rows)
                if self._flying:
                    self._collect()
                elif patient and outbox.count_waiting(self.journal, destinations, rows):
                    time.sleep(POLL_SECONDS)
                else:
                    return
        finally:
            pool.shutdown()
            self._settle_the_rest()

    def _learn(self) -> bool:
        """Find out what server this is, or why that cannot be found out."""
        try:
            until = self.deadline.moment
            self.server = langfuse_generation.server_for(self.http, self.journal, until)
        except CoaiaError as error:
            self._stop(error)
        return self.problem is None

    def _may_go_on(self) -> bool:
        if self.problem is None and self.deadline.left <= 0:
            self.problem = NetworkError(
                "{} has not accepted everything within {:g} s".format(
                    self.http.shown_url, self.deadline.seconds
                )
            )
        return self.problem is None

    def _launch(
        self, pool: ThreadPoolExecutor, destinations: Sequence[int], rows: Optional[Sequence[int]]
    ) -> None:
        while len(self._flying) < WORKERS:
            if not self._todo:
                lease = max(self.deadline.left, 0) + LEASE_SECONDS
                self._encode(outbox.claim(self.journal, destinations, lease, CHUNK, rows))
            if not self._todo:
                return
            future = pool.submit(self._post, self._todo.pop(0))
            self._flying[future] = self.server.generation

    def _encode(self, items: Sequence[Outgoing]) -> None:
        encoded = wires.encode(self.server, items)
        self._todo.extend(encoded.requests)
        self._settle(encoded.refused)

    def _collect(self) -> None:
        done, _ = wait(self._flying, return_when=FIRST_COMPLETED)
        for future in done:
            self._spoken = self._flying.pop(future)
            self._settle(future.result())

    def _settle_the_rest(self) -> None:
        """Acknowledge what was in flight when the run ended, and let go of what was not sent."""
        while self._flying:
            self._collect()
        unsent = [item for request in self._todo for item in request.items]
        self._todo = []
        outbox.release(self.journal, unsent)

    def _post(self, request: Request) -> List[Verdict]:
        """In a worker: post until there is an answer that counts, or no time."""
        attempt = 0
        while True:
            pause: Optional[float] = None
            try:
                answer = self.http.send(request, self.deadline.moment)
                verdicts = wires.outcome(answer, request)
                pause = retry_after(*answer)
            except UnavailableError as error:
                verdicts = _all(RETRY, request, str(error))
            except CoaiaError as error:
                verdicts = _all(CREDENTIALS, request, str(error))
            if any(verdict.state != RETRY for verdict in verdicts):
                return verdicts
            pause = backoff(attempt) if pause is None else pause
            if pause >= self.deadline.left or self.problem:
                return verdicts
            time.sleep(pause)
            attempt += 1

    def _settle(self, verdicts: Iterable[Verdict]) -> None:
        """Write down what an answer means for each record of its request."""
        groups: Dict[str, List[Verdict]] = {}
        for verdict in verdicts:
            groups.setdefault(verdict.state, []).append(verdict)
        if set(groups) == {RETRY}:
            self._give_up(groups[RETRY], NetworkError)
            return
        for state, found in groups.items():
            _SETTLE[state](self, found)

    def _accept(self, verdicts: List[Verdict]) -> None:
        outbox.acknowledge(self.journal, _items(verdicts))
        self.accepted.update(verdict.item.row for verdict in verdicts)
        self._refusals = 0
        self.deadline.progress()
        self.on_accepted(len(self.accepted))

    def _refuse(self, verdicts: List[Verdict]) -> None:
        for verdict in verdicts:
            outbox.reject(self.journal, verdict.item, verdict.reason)
            self.rejected.add(verdict.item.row)
        self._refusals += 1
        if self._refusals >= REFUSALS_IN_A_ROW:
            self._stop(RefusedError(verdicts[0].reason))

    def _retry(self, verdicts: List[Verdict]) -> None:
        outbox.postpone(self.journal, _items(verdicts), verdicts[0].reason, PAUSE_SECONDS)

    def _split(self, verdicts: List[Verdict]) -> None:
        """One record spoils the whole request: find it by halves."""
        items = _items(verdicts)
        half = len(items) // 2
        self._encode(items[:half])
        self._encode(items[half:])

    def _relearn(self, verdicts: List[Verdict]) -> None:
        """The server is not what was remembered of it: look again, and speak its dialect."""
        items = _items(verdicts)
        if self._spoken == self.server.generation and not self._relearned:
            self._relearned = True
            langfuse_generation.forget(self.journal, self.http.base_url)
            self._learn()
        if self._spoken != self.server.generation:
            self._encode(items)
        else:
            self._give_up(verdicts, RefusedError)

    def _stop_for_credentials(self, verdicts: List[Verdict]) -> None:
        self._give_up(verdicts, ConfigError)

    def _give_up(self, verdicts: List[Verdict], error: Type[CoaiaError]) -> None:
        """Nothing that waits will pass now: keep it for the next command."""
        reason = verdicts[0].reason
        outbox.postpone(self.journal, _items(verdicts), reason, 0)
        self._stop(error(reason))

    def _stop(self, problem: CoaiaError) -> None:
        self.problem = self.problem or problem


_SETTLE = {
    ACCEPTED: Dispatch._accept,
    REFUSED: Dispatch._refuse,
    RETRY: Dispatch._retry,
    SPLIT: Dispatch._split,
    WRONG_DIALECT: Dispatch._relearn,
    CREDENTIALS: Dispatch._stop_for_credentials,
}


def _items(verdicts: Iterable[Verdict]) -> List[Outgoing]:
    return [verdict.item for verdict in verdicts]


def _all(state: str, request: Request, reason: str) -> List[Verdict]:
    return [Verdict(item, state, reason) for item in request.items]
