"""Sends attempts to workers through the queue of RQ, and hears what becomes of them."""

import time
from typing import Any, Dict, List, Optional, Set, Tuple

from coaiapy import __version__, patience
from coaiapy.config.redis import RedisServer
from coaiapy.errors import NetworkError
from coaiapy.fleet import parts
from coaiapy.fleet.board import Board
from coaiapy.fleet.flights import Flight, Look, look_at
from coaiapy.fleet.messages import JobMessage, Report, RunMessage, written
from coaiapy.fleet.servers import Lasting
from coaiapy.running.pipelines.attempts import Outcome
from coaiapy.running.supervisor import Supervisor
from coaiapy.stash.redis import new_client
from coaiapy.stash.redis_errors import reporting
from coaiapy.util.text import Note, counted

# Jobs that are sent at once.
_BATCH = 500
# What was attempted, and how that has ended.
Ended = Tuple[Any, Outcome]


class Dispatch:
    """Attempts of one run, on workers; a context manager, which puts into Redis what the run is.

    What is attempted is up to a subclass; ``supervisor`` handles the signals of this process.
    """

    def __init__(
        self, server: RedisServer, queue: str, run: str, supervisor: Supervisor, note: Note
    ) -> None:
        self._run = run
        self._server = server
        self._note = note
        self._lasting = Lasting(server, note, supervisor.pause)
        self._client = new_client(server)
        self._board = Board(self._client, run)
        self._queue = parts.queue_of(self._client, queue, parts.job_class())
        self._flights: Dict[str, Flight] = {}
        self._waiting: List[Flight] = []
        self._known: List[Tuple[Ended, str]] = []
        self._told_ends: List[str] = []
        self._met: Set[str] = set()
        self._look = Look(self._queue, self._board, note)
        self._end_by: Optional[float] = None
        with reporting(server):  # before anything is recorded
            self._client.ping()

    def message(self) -> RunMessage:
        """Return what the run is."""
        raise NotImplementedError

    def job_of(self, what: Any, job: str) -> JobMessage:
        """Return the message of an attempt, whose id is ``job``."""
        raise NotImplementedError

    def key_of(self, what: Any) -> str:
        """Return by what an attempt is found again by a process that goes on with the run."""
        raise NotImplementedError

    def publish(self) -> None:
        """Put into Redis what the run is; also when it has forgotten that."""
        self._board.publish(self.message())

    def prepare(self, batch: List[Any]) -> None:
        """Put into Redis what attempts need besides."""

    def began(self, what: Any, at: float) -> None:
        """Note that a worker has begun, in seconds since 1970."""

    def __enter__(self) -> Any:
        with reporting(self._server, writing=True):
            self.publish()
        return self

    def __exit__(self, *exc: object) -> None:
        try:
            if not exc[0] and not self._flights:
                with reporting(self._server, writing=True):
                    self._board.remove()
        except NetworkError:
            pass  # it goes by itself, after a while
        finally:
            self._client.connection_pool.disconnect()

    def add(self, what: Any, job: str) -> None:
        """Send an attempt with the next ``poll``."""
        self._waiting.append(Flight(what, job))

    def refuse(self, what: Any, job: str, reason: str) -> None:
        """Have ``poll`` return that an attempt cannot be made."""
        outcome = Outcome(None, reason, time.time(), repeatable=False)
        self._known.append(((what, outcome), job))

    def adopt(self, what: Any) -> bool:
        """Take over the attempt of an earlier process that nobody has waited for, if there is one."""
        job = self._lasting(lambda: self._board.job_of(self.key_of(what)))
        if job is None:
            return False
        report = self._lasting(lambda: self._board.ended(job))  # type: ignore[arg-type]
        if report and report.outcome:
            if report.outcome.reason:
                return False
            self._known.append(((what, report.outcome), job))
            return True
        if not self._lasting(lambda: self._look.is_alive(job)):  # type: ignore[arg-type]
            return False
        self._flights[job] = Flight(what, job)
        return True

    def poll(self) -> List[Ended]:
        """Return which attempts have ended, and how. What was returned before is forgotten in Redis."""
        if self._told_ends:
            self._lasting(lambda: self._board.forget(self._told_ends), writing=True)
        ended = [one for one, _ in self._known]
        self._told_ends, self._known = [job for _, job in self._known], []
        if self._waiting:
            self._send()
        ended += self._lasting(self._news)
        if not ended and self._end_by and time.monotonic() > self._end_by:
            ended += self._abandoned()
        return ended or self._looked()

    def end_all(self) -> int:
        """Take back what no worker has begun; ask the workers to end the rest, and return its number."""
        self._waiting = []
        self._lasting(self._board.ask_to_end, writing=True)
        self._hear_what_began()
        idle = [one for one in self._flights.values() if not one.began]
        self._lasting(lambda: self._take_back(idle), writing=True)
        for one in idle:
            del self._flights[one.job]
        self._end_by = time.monotonic() + patience.FLEET_PARTING
        if self._flights:
            self._note(
                "waiting for the workers to end {}".format(counted(len(self._flights), "command"))
            )
        return len(self._flights) + len(self._known)

    def _send(self) -> None:
        for start in range(0, len(self._waiting), _BATCH):
            batch = self._waiting[start : start + _BATCH]
            self._lasting(lambda: self._sent(batch), writing=True)  # noqa: B023
            self._flights.update({one.job: one for one in batch})
        self._waiting = []

    def _sent(self, batch: List[Flight]) -> None:
        self.prepare([one.what for one in batch])
        pipeline = self._client.pipeline()
        self._board.note_jobs({self.key_of(one.what): one.job for one in batch}, pipeline)
        texts = [(one.job, written(self.job_of(one.what, one.job))) for one in batch]
        jobs = [parts.job_data(self._queue, job, text) for job, text in texts]
        self._queue.enqueue_many(jobs, pipeline=pipeline)
        pipeline.execute()

    def _news(self) -> List[Ended]:
        ended = []
        for report in self._board.news():
            self._compare_release(report)
            flight = self._flights.get(report.job)
            if flight and report.outcome is None:
                flight.began, flight.worker = True, report.worker
                self.began(flight.what, report.at)
            elif flight:
                ended.append(self._ended(flight, report))
        return ended

    def _hear_what_began(self) -> None:
        """Hear what has begun by now. From now on no worker begins anything: it looks first whether to end."""
        known = len(self._told_ends)
        ended = self._lasting(self._news)
        self._known += zip(ended, self._told_ends[known:])
        del self._told_ends[known:]  # the next turn returns them

    def _compare_release(self, report: Report) -> None:
        """Say, once of each worker, that it has another release than this machine."""
        if report.worker not in self._met and report.version != __version__:
            self._note(
                "the worker {} has coaiapy {}, and this machine has {}: use the same release on all "
                "machines".format(
                    report.worker, report.version or "in an older release", __version__
                )
            )
        self._met.add(report.worker)

    def _ended(self, flight: Flight, report: Report) -> Ended:
        assert report.outcome
        del self._flights[flight.job]
        self._told_ends.append(flight.job)
        return flight.what, report.outcome

    def _looked(self) -> List[Ended]:
        """Look for attempts of which nothing will be heard any more."""
        ended: List[Ended] = []
        for flight, found in self._lasting(lambda: look_at(self._look, self._flights)):
            if isinstance(found, Report):
                ended.append(self._ended(flight, found))
                continue
            del self._flights[flight.job]
            if found:
                outcome = Outcome(None, found, time.time(), worker=flight.worker)
                ended.append((flight.what, outcome))
            else:  # no worker has begun it, so that it is no attempt
                self.add(flight.what, flight.job + "-again")
        if self._waiting:
            self._lasting(self.publish, writing=True)
        return ended

    def _take_back(self, flights: List[Flight]) -> None:
        pipeline = self._client.pipeline()
        for one in flights:
            self._queue.remove(one.job, pipeline=pipeline)
            pipeline.delete(self._queue.job_class.key_for(one.job))
        pipeline.execute()

    def _abandoned(self) -> List[Ended]:
        left = list(self._flights.values())
        self._note(
            "{} may still run on workers that do not answer".format(counted(len(left), "command"))
        )
        now = time.time()
        return [(one.what, Outcome(None, "interrupted", now, worker=one.worker)) for one in left]
