"""Watches the attempts that were sent to workers: notices those that no worker makes any more.

Whoever makes one reports its end; but workers are killed, and a Redis is restarted or emptied.
"""

import time
from typing import Any, Callable, Iterator, List, Mapping, Optional, Tuple, Union

from coaiapy import patience
from coaiapy.errors import NetworkError
from coaiapy.fleet import rq_adapter
from coaiapy.fleet.messages import Report
from coaiapy.fleet.run_store import RunStore

_QUEUED, _FAILED = "queued", "failed"
_ALIVE = (_QUEUED, "started")
# How many looks in a row may find no trace of an attempt: a worker that has begun may yet report.
_MOST_MISSES = {False: 2, True: 10}


class SentAttempt:
    """An attempt at ``what``; ``worker`` makes it since it ``began``.

    ``misses`` counts the looks in a row without a trace of it.
    """

    def __init__(self, what: Any, job: str) -> None:
        self.what = what
        self.job = job
        self.began = False
        self.worker = ""
        self.misses = 0


# What there is to say of an attempt: its report, why it is lost, or nothing if it has to be sent again.
Found = Tuple[SentAttempt, Union[Report, str]]


class Monitor:
    """Looks from time to time at what RQ knows. Raises what the package ``redis`` raises."""

    def __init__(self, queue: Any, store: RunStore, note: Callable[[str], None]) -> None:
        self._queue = queue
        self._store = store
        self._note = note
        self._next = self._next_whole = self._last_seen = time.monotonic()
        self._is_noted = False

    def is_alive(self, job: str) -> bool:
        """Whether a worker makes an attempt, or will."""
        return self._states([job])[0] in _ALIVE

    def look(self, sent: Mapping[str, SentAttempt]) -> List[Found]:
        """Return what there is to say of attempts, if it is time to look.

        Those that have begun are looked at more often. Raises ``NetworkError`` if no worker has
        listened to the queue for too long.
        """
        due = self._due(sent)
        return list(self._found(due)) if due else []

    def _due(self, sent: Mapping[str, SentAttempt]) -> List[SentAttempt]:
        now = time.monotonic()
        if now < self._next:
            return []
        self._next = now + patience.FLEET_LOOK
        if now < self._next_whole:
            return [one for one in sent.values() if one.began]
        self._next_whole = now + patience.FLEET_WHOLE_LOOK
        self._look_for_workers(now)
        return list(sent.values())

    def _found(self, sent: List[SentAttempt]) -> Iterator[Found]:
        rq_adapter.started_registry(self._queue).cleanup()
        waits = len(self._queue)
        for attempt, state in zip(sent, self._states([one.job for one in sent])):
            missing = state is None or (state == _QUEUED and not waits)
            attempt.misses = attempt.misses + 1 if missing else 0
            if state != _FAILED and attempt.misses < _MOST_MISSES[attempt.began]:
                continue
            report = self._store.ended(attempt.job)
            if report and report.outcome:
                yield attempt, report
            elif state == _FAILED:
                yield attempt, self._why_failed(attempt)
            elif attempt.began:
                yield attempt, "Redis does not know of it any more: it was restarted or emptied"
            else:
                yield attempt, ""

    def _states(self, jobs: List[str]) -> List[Optional[str]]:
        pipeline = self._queue.connection.pipeline(transaction=False)
        for job in jobs:
            pipeline.hget(self._queue.job_class.key_for(job), "status")
        return [state and state.decode("utf-8", "replace") for state in pipeline.execute()]

    def _why_failed(self, attempt: SentAttempt) -> str:
        job = self._queue.fetch_job(attempt.job)
        told = (job and job.exc_info) or ""
        attempt.worker = attempt.worker or (job and job.worker_name) or ""
        if "AbandonedJobError" in told or "Work-horse" in told or not told:
            return "the worker {} is lost".format(attempt.worker or "that had it").replace(
                "  ", " "
            )
        return told.strip().split("\n")[-1].partition(": ")[2] or "the worker could not do it"

    def _look_for_workers(self, now: float) -> None:
        if rq_adapter.workers_of(self._queue):
            self._last_seen, self._is_noted = now, False
            return
        if not self._is_noted:
            said = "no worker listens to the queue {}: start one with coaia worker"
            self._note(said.format(self._queue.name))
            self._is_noted = True
        elif now - self._last_seen > patience.FLEET_NOBODY:
            raise NetworkError(
                "no worker has listened to the queue {} for {:g} s: start one with coaia "
                "worker".format(self._queue.name, patience.FLEET_NOBODY)
            )
