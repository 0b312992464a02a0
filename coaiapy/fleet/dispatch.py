"""Sends attempts to workers through the queue of RQ, and hears what becomes of them."""

import time
from typing import Any, Dict, List, Optional, Set, Tuple

from coaiapy import __version__, patience
from coaiapy.config.redis import RedisServer
from coaiapy.errors import NetworkError
from coaiapy.fleet import rq_adapter
from coaiapy.fleet.messages import JobMessage, Report, RunMessage, written
from coaiapy.fleet.monitor import Monitor, SentAttempt
from coaiapy.fleet.redis_access import PatientRedis
from coaiapy.fleet.run_store import RunStore
from coaiapy.running.pipelines.attempts import Outcome
from coaiapy.running.supervisor import Supervisor
from coaiapy.stash.redis import new_client
from coaiapy.stash.redis_errors import reporting
from coaiapy.util.text.notes import Note
from coaiapy.util.text.wording import counted

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
        self._ask = PatientRedis(server, note, supervisor.pause)
        self._client = new_client(server)
        self._store = RunStore(self._client, run)
        self._queue = rq_adapter.queue_of(self._client, queue, rq_adapter.job_class())
        self._sent: Dict[str, SentAttempt] = {}
        self._waiting: List[SentAttempt] = []
        self._known: List[Tuple[Ended, str]] = []
        self._told_ends: List[str] = []
        self._met: Set[str] = set()
        self._monitor = Monitor(self._queue, self._store, note)
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
        self._store.publish(self.message())

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
            if not exc[0] and not self._sent:
                with reporting(self._server, writing=True):
                    self._store.remove()
        except NetworkError:
            pass  # it goes by itself, after a while
        finally:
            self._client.connection_pool.disconnect()

    def add(self, what: Any, job: str) -> None:
        """Send an attempt with the next ``poll``."""
        self._waiting.append(SentAttempt(what, job))

    def refuse(self, what: Any, job: str, reason: str) -> None:
        """Have ``poll`` return that an attempt cannot be made."""
        outcome = Outcome(None, reason, time.time(), repeatable=False)
        self._known.append(((what, outcome), job))

    def adopt(self, what: Any) -> bool:
        """Take over the attempt of an earlier process that nobody has waited for, if there is one."""
        job = self._ask(lambda: self._store.job_of(self.key_of(what)))
        if job is None:
            return False
        report = self._ask(lambda: self._store.ended(job))  # type: ignore[arg-type]
        if report and report.outcome:
            if report.outcome.reason:
                return False
            self._known.append(((what, report.outcome), job))
            return True
        if not self._ask(lambda: self._monitor.is_alive(job)):  # type: ignore[arg-type]
            return False
        self._sent[job] = SentAttempt(what, job)
        return True

    def poll(self) -> List[Ended]:
        """Return which attempts have ended, and how. What was returned before is forgotten in Redis."""
        if self._told_ends:
            self._ask(lambda: self._store.forget(self._told_ends), writing=True)
        ended = [one for one, _ in self._known]
        self._told_ends, self._known = [job for _, job in self._known], []
        if self._waiting:
            self._send()
        ended += self._ask(self._read_reports)
        if not ended and self._end_by and time.monotonic() > self._end_by:
            ended += self._abandoned()
        return ended or self._check_sent()

    def end_all(self) -> int:
        """Take back what no worker has begun; ask the workers to end the rest, and return its number."""
        self._waiting = []
        self._ask(self._store.ask_to_end, writing=True)
        self._hear_what_began()
        idle = [one for one in self._sent.values() if not one.began]
        self._ask(lambda: self._take_back(idle), writing=True)
        for one in idle:
            del self._sent[one.job]
        self._end_by = time.monotonic() + patience.FLEET_PARTING
        if self._sent:
            self._note(
                "waiting for the workers to end {}".format(counted(len(self._sent), "command"))
            )
        return len(self._sent) + len(self._known)

    def _send(self) -> None:
        for start in range(0, len(self._waiting), _BATCH):
            batch = self._waiting[start : start + _BATCH]
            self._ask(lambda: self._enqueue(batch), writing=True)  # noqa: B023
            self._sent.update({one.job: one for one in batch})
        self._waiting = []

    def _enqueue(self, batch: List[SentAttempt]) -> None:
        self.prepare([one.what for one in batch])
        pipeline = self._client.pipeline()
        self._store.note_jobs({self.key_of(one.what): one.job for one in batch}, pipeline)
        texts = [(one.job, written(self.job_of(one.what, one.job))) for one in batch]
        jobs = [rq_adapter.job_data(self._queue, job, text) for job, text in texts]
        self._queue.enqueue_many(jobs, pipeline=pipeline)
        pipeline.execute()

    def _read_reports(self) -> List[Ended]:
        ended = []
        for report in self._store.new_reports():
            self._compare_release(report)
            attempt = self._sent.get(report.job)
            if attempt and report.outcome is None:
                attempt.began, attempt.worker = True, report.worker
                self.began(attempt.what, report.at)
            elif attempt:
                ended.append(self._ended(attempt, report))
        return ended

    def _hear_what_began(self) -> None:
        """Hear what has begun by now. From now on no worker begins anything: it looks first whether to end."""
        known = len(self._told_ends)
        ended = self._ask(self._read_reports)
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

    def _ended(self, attempt: SentAttempt, report: Report) -> Ended:
        assert report.outcome
        del self._sent[attempt.job]
        self._told_ends.append(attempt.job)
        return attempt.what, report.outcome

    def _check_sent(self) -> List[Ended]:
        """End, or send again, the attempts of which nothing will be heard any more."""
        ended: List[Ended] = []
        for attempt, found in self._ask(lambda: self._monitor.look(self._sent)):
            if isinstance(found, Report):
                ended.append(self._ended(attempt, found))
                continue
            del self._sent[attempt.job]
            if found:
                outcome = Outcome(None, found, time.time(), worker=attempt.worker)
                ended.append((attempt.what, outcome))
            else:  # no worker has begun it, so that it is no attempt
                self.add(attempt.what, attempt.job + "-again")
        if self._waiting:
            self._ask(self.publish, writing=True)
        return ended

    def _take_back(self, attempts: List[SentAttempt]) -> None:
        pipeline = self._client.pipeline()
        for one in attempts:
            self._queue.remove(one.job, pipeline=pipeline)
            pipeline.delete(self._queue.job_class.key_for(one.job))
        pipeline.execute()

    def _abandoned(self) -> List[Ended]:
        left = list(self._sent.values())
        self._note(
            "{} may still run on workers that do not answer".format(counted(len(left), "command"))
        )
        now = time.time()
        return [(one.what, Outcome(None, "interrupted", now, worker=one.worker)) for one in left]
