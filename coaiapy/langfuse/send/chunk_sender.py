"""Sending what waits: claimed in chunks, several requests in flight, acknowledged one by one.

Everything that touches the journal happens in the calling thread.
"""

import time
from typing import Callable, Dict, Iterable, List, Optional, Sequence, Set, Type

from coaiapy import patience
from coaiapy.errors import CoaiaError, ConfigError, NetworkError, RefusedError
from coaiapy.langfuse.client import server as servers
from coaiapy.langfuse.client.http import LangfuseHttp
from coaiapy.langfuse.client.server import Server
from coaiapy.langfuse.client.wire import (
    ACCEPTED,
    CREDENTIALS,
    MAX_BYTES,
    REFUSED,
    RETRY,
    SPLIT,
    WRONG_DIALECT,
    Request,
    Verdict,
)
from coaiapy.langfuse.journal import claims, outbox
from coaiapy.langfuse.journal.claims import Outgoing
from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.journal.marks import mark_left, set_mark
from coaiapy.langfuse.send import transport
from coaiapy.langfuse.send.transport import RequestResult, Transport
from coaiapy.util.deadlines import Renewing
from coaiapy.util.http.retry import backoff

WORKERS = 4
CHUNK = 1000
# On a slow line a large request would never arrive in time. So many records begin with a small
# one, and the next ones grow, four times at the most, until a request takes GOOD_SECONDS.
FIRST_BYTES = 64000
GROWTH = 4
GOOD_SECONDS = 2.0
SLOW_SECONDS = 5.0
# So many requests refused before one is accepted are not the records' fault. Halves of what was
# refused are tried in turn, so that good records among bad ones are found early.
FIRST_REFUSALS = 20
# After a success, even a whole chunk may be bad.
LATER_REFUSALS = 2 * CHUNK


class ChunkSender:
    """One go at sending.

    Afterwards ``accepted`` (how many), ``rejected`` (which rows) and ``problem`` tell.
    """

    def __init__(
        self,
        journal: Journal,
        http: LangfuseHttp,
        deadline: Renewing,
        on_accepted: Callable[[int], None] = lambda count: None,
    ) -> None:
        self.journal = journal
        self.http = http
        self.deadline = deadline
        self.on_accepted = on_accepted
        self.accepted = 0
        self.rejected: Set[int] = set()
        self.problem: Optional[CoaiaError] = None
        self.server = Server("", "")
        self._transport = Transport(http, deadline)
        self._name = ""
        self._lease_ends = 0.0
        self._todo: List[Request] = []
        self._is_trusted = False
        self._bytes = FIRST_BYTES
        self._refusals = 0
        self._postponed = 0
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
        if not (self._wait_as_asked() and self._learn()):
            return
        if rows is not None:
            self._bytes = MAX_BYTES
        with claims.claimant(self.journal) as self._name:
            try:
                self._send(destinations, rows, patient)
            except KeyboardInterrupt:
                self._part()
                raise
            finally:
                self._transport.close()

    def _send(
        self, destinations: Sequence[int], rows: Optional[Sequence[int]], patient: bool
    ) -> None:
        self._lease_ends = time.time() + patience.LEASE
        while self._may_go_on(destinations):
            self._launch(destinations, rows)
            if self._transport.flying:
                self._collect()
            elif patient and outbox.count_waiting(self.journal, destinations, rows):
                time.sleep(patience.SENDING_POLL)
            else:
                return
        self._transport.stop()
        while self._transport.flying:
            self._collect()

    def _collect(self) -> None:
        result = self._transport.next(patience.LEASE / 4)
        self._keep_claims()
        if result:
            self._settle(result)

    def _part(self) -> None:
        """The command was interrupted: take out what was accepted, and no more."""
        self._transport.stop()
        until = time.monotonic() + patience.PARTING
        while self._transport.flying and time.monotonic() < until:
            result = self._transport.next(patience.PARTING)
            verdicts = result.verdicts if result else []
            self._accept([verdict for verdict in verdicts if verdict.state == ACCEPTED])

    def _wait_as_asked(self) -> bool:
        """Wait as long as the server has asked an earlier command to, if there is time for it."""
        seconds = mark_left(self.journal, self._paused)
        if seconds >= self.deadline.left_to_start:
            self._stop(
                NetworkError(
                    "{} asked to wait another {:.0f} s (too many requests)".format(
                        self.http.shown_url, seconds
                    )
                )
            )
            return False
        time.sleep(seconds)
        return True

    @property
    def _paused(self) -> str:
        return "paused " + self.http.base_url

    def _learn(self) -> bool:
        """Find out what server this is, or why that cannot be found out."""
        try:
            until = self.deadline.until
            self.server = servers.server_for(self.http, self.journal, until)
        except CoaiaError as error:
            self._stop(error)
            return False
        return True

    def _may_go_on(self, destinations: Sequence[int]) -> bool:
        if self.problem is None and self.deadline.left_to_start <= 0:
            what = "{} has not accepted everything within {:g} s"
            if claims.are_held_by_others(self.journal, self._name, destinations):
                what = "another process has not finished sending to {} within {:g} s"
            self.problem = NetworkError(what.format(self.http.shown_url, self.deadline.seconds))
        return self.problem is None

    def _launch(self, destinations: Sequence[int], rows: Optional[Sequence[int]]) -> None:
        """One request at a time, until the server has shown that it accepts anything."""
        while self._transport.flying < (WORKERS if self._is_trusted else 1):
            if not self._todo:
                self._encode(
                    claims.claim(
                        self.journal,
                        self._name,
                        destinations,
                        patience.LEASE,
                        CHUNK,
                        self._bytes,
                        rows,
                    )
                )
            if not self._todo:
                return
            self._transport.launch(self._todo.pop(0), self.server.generation)

    def _keep_claims(self) -> None:
        """Renew the lease in time; when it ran out (a computer slept), claim anew."""
        left = self._lease_ends - time.time()
        if left > patience.LEASE / 2:
            return
        if left > 0:
            claims.renew(self.journal, self._name, patience.LEASE)
        else:
            self._todo = []
            claims.release(self.journal, self._name)
        self._lease_ends = time.time() + patience.LEASE

    def _encode(self, items: Sequence[Outgoing]) -> None:
        """Put requests behind those that wait for their turn."""
        try:
            encoded = transport.encode(self.server, items)
        except Exception as error:  # no record, however broken, may hold up the others
            reason = "it cannot be encoded: {!r}".format(error)
            verdicts = [Verdict(item, REFUSED, reason) for item in items]
            return self._refuse(verdicts) if len(verdicts) == 1 else self._split(verdicts)
        self._todo += encoded.requests
        self._refuse(encoded.refused)

    def _settle(self, result: RequestResult) -> None:
        """Write down what an answer means for each record of its request."""
        groups: Dict[str, List[Verdict]] = {}
        for verdict in result.verdicts:
            groups.setdefault(verdict.state, []).append(verdict)
        if result.is_refusal and set(groups) <= {REFUSED, SPLIT}:
            self._count_refusal(result.verdicts[0].reason)
        for state, found in groups.items():
            if state == ACCEPTED:
                self._accept(found)
                self._fit_size(result.seconds)
            elif state == REFUSED:
                self._refuse(found)
            elif state == SPLIT:
                self._split(found)
            elif state == RETRY and len(groups) > 1:
                self._retry(found)
            elif state == WRONG_DIALECT:
                self._relearn(result, found)
            else:
                self._give_up(result, found)

    def _accept(self, verdicts: List[Verdict]) -> None:
        outbox.acknowledge(self.journal, _items(verdicts))
        self.accepted += len(verdicts)
        self._refusals = 0
        self._is_trusted = True
        self.deadline.progress()
        self.on_accepted(self.accepted)

    def _fit_size(self, seconds: float) -> None:
        """Make the next requests larger or smaller, by how long the last one took."""
        if seconds > SLOW_SECONDS:
            self._bytes = max(self._bytes // GROWTH, FIRST_BYTES)
        elif seconds < GOOD_SECONDS:
            growth = min(GROWTH, GOOD_SECONDS / max(seconds, 0.001))
            self._bytes = min(int(self._bytes * growth), MAX_BYTES)

    def _refuse(self, verdicts: List[Verdict]) -> None:
        if verdicts:
            refused = [(verdict.item, verdict.reason) for verdict in verdicts]
            outbox.reject(self.journal, refused)
            self.rejected.update(verdict.item.row for verdict in verdicts)

    def _count_refusal(self, reason: str) -> None:
        self._refusals += 1
        self._is_trusted = False
        if self._refusals >= (LATER_REFUSALS if self.accepted else FIRST_REFUSALS):
            self._stop(
                RefusedError(
                    "{} refused {} requests in a row: {}".format(
                        self.http.shown_url, self._refusals, reason
                    )
                )
            )

    def _split(self, verdicts: List[Verdict]) -> None:
        """One record spoils the whole request: find it by halves."""
        items = _items(verdicts)
        half = len(items) // 2
        self._encode(items[:half])
        self._encode(items[half:])

    def _retry(self, verdicts: List[Verdict]) -> None:
        """The server took the others: try these again in a while."""
        pause = backoff(self._postponed)
        self._postponed += 1
        outbox.postpone(self.journal, _items(verdicts), verdicts[0].reason, pause)

    def _relearn(self, result: RequestResult, verdicts: List[Verdict]) -> None:
        """The server is not what was remembered of it: look again, and speak its dialect."""
        if result.generation == self.server.generation and not self._relearned:
            self._relearned = True
            servers.forget(self.journal, self.http.base_url)
            self._learn()
        if result.generation != self.server.generation:
            self._encode(_items(verdicts))
        else:
            self._give_up(result, verdicts)

    def _give_up(self, result: RequestResult, verdicts: List[Verdict]) -> None:
        """Nothing that waits will pass now: keep it for the next command."""
        reason = verdicts[0].reason
        outbox.postpone(self.journal, _items(verdicts), reason, 0)
        if result.pause:
            set_mark(self.journal, self._paused, result.pause)
        self._stop(result.error or _PROBLEMS[verdicts[0].state](reason))

    def _stop(self, problem: CoaiaError) -> None:
        self.problem = self.problem or problem


_PROBLEMS: Dict[str, Type[CoaiaError]] = {
    RETRY: NetworkError,
    CREDENTIALS: ConfigError,
    WRONG_DIALECT: RefusedError,
}


def _items(verdicts: Iterable[Verdict]) -> List[Outgoing]:
    return [verdict.item for verdict in verdicts]
