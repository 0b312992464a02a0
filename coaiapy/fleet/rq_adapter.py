"""The parts of RQ that are used, made so that what is in Redis never says which code runs.

A job of RQ names a function, callbacks and web addresses, and RQ imports and calls what it names.
Whoever can write to the Redis could run anything on a worker, also without pickle. Here a job is
only a text, which is given to one function of ours.
"""

import logging
import os
import signal
from contextlib import suppress
from typing import Any, Callable, Dict, Optional

from coaiapy import patience
from coaiapy.util.packages import require

PACKAGE = "coaiapy[fleet]"
# What a job names; it is never imported.
FUNCTION = "coaiapy.fleet"
# Seconds that RQ keeps what is known of a job that failed.
_KEPT = 86400


def job_class(perform: Optional[Callable[[Any], None]] = None) -> Any:
    """Return the class of jobs; a worker's has the function that is given each of them."""

    class FleetJob(require("rq.job", PACKAGE).Job):  # type: ignore[misc]
        """A job that names nothing that is called."""

        func = success_callback = failure_callback = stopped_callback = None

        def perform(self) -> None:
            """Do what the text of the job says."""
            if perform:
                perform(self)

        def send_webhooks(self, *_: Any, **__: Any) -> None:
            """Tell nobody."""

    return FleetJob


def queue_of(client: Any, name: str, jobs: Any) -> Any:
    """Return a queue whose jobs are read and written as JSON."""
    serializer = require("rq.serializers", PACKAGE).JSONSerializer
    queue = require("rq.queue", PACKAGE).Queue
    return queue(name, connection=client, job_class=jobs, serializer=serializer)


def job_data(queue: Any, job_id: str, text: str) -> Any:
    """Return what ``queue.enqueue_many`` takes: a job that is done once and leaves nothing behind."""
    return queue.prepare_data(
        FUNCTION,
        args=(text,),
        timeout=-1,  # the command has a limit of its own
        result_ttl=0,
        failure_ttl=_KEPT,
        description=job_id,
        job_id=job_id,
    )


def started_registry(queue: Any) -> Any:
    """Return what knows the jobs that are being done, and which of their workers are lost."""
    registry = require("rq.registry", PACKAGE).StartedJobRegistry
    logging.getLogger("rq.registry").addHandler(logging.NullHandler())  # what is lost is told by us
    return registry(queue=queue, job_class=queue.job_class)


def workers_of(queue: Any) -> int:
    """Return how many workers listen to a queue."""
    registration = require("rq.worker_registration", PACKAGE)
    registration.clean_worker_registry(queue)
    return len(registration.get_keys(queue=queue))


class _Outliving:
    """The part of a worker that goes on where Redis was away."""

    def heartbeat(self, *given: Any, **options: Any) -> None:
        """Give a sign of life, and be listed, also after Redis has forgotten everything.

        It is missing while Redis is away; whoever waits for a job tries for longer.
        """
        with suppress(*_away()):
            super().heartbeat(*given, **options)  # type: ignore[misc]
            require("rq.worker_registration", PACKAGE).register(self)

    def execute_job(self, *given: Any) -> None:
        """Do a job, and wait for it to end also where Redis goes away meanwhile."""
        with suppress(*_away()):
            super().execute_job(*given)  # type: ignore[misc]
            return
        self.wait_for_horse()  # type: ignore[attr-defined]


def _away() -> Any:
    errors = require("redis.exceptions")
    return errors.ConnectionError, errors.TimeoutError


def worker_class(lost_after: int) -> Any:
    """Return the class of workers, which are lost so many seconds after their last sign of life."""

    class FleetWorker(_Outliving, require("rq", PACKAGE).Worker):  # type: ignore[misc]
        """A worker of RQ that notices soon what has become of its server and of its jobs."""

        log_result_lifespan = False
        dequeue_timeout = patience.WORKER_WAIT
        connection_timeout = patience.WORKER_REDIS
        is_asked_to_end = False

        def subscribe(self) -> None:
            """Take no orders from Redis but jobs."""

        def request_stop(self, signum: int, frame: Any) -> None:
            """Finish the job that is being done; a second signal ends that, too."""
            self.is_asked_to_end = True
            super().request_stop(signum, frame)

        def get_heartbeat_ttl(self, *_: Any, **__: Any) -> int:
            """Return for how many seconds a job counts as being done."""
            return lost_after

        def kill_horse(self, *_: Any, **__: Any) -> None:
            """Ask the process that does a job to end; it ends its command, and tells of it."""
            try:
                os.kill(self.horse_pid, signal.SIGTERM)
            except ProcessLookupError:
                pass

    return FleetWorker


def worker_of(queue: Any, name: str, lost_after: int) -> Any:
    """Return a worker for a queue."""
    options: Dict[str, Any] = {
        "name": name,
        "connection": queue.connection,
        "job_class": queue.job_class,
        "serializer": queue.serializer,
        "job_monitoring_interval": max(1, lost_after // 3),
        "maintenance_interval": patience.FLEET_LOST,
    }
    worker = worker_class(lost_after)([queue], **options)
    worker.worker_ttl = patience.FLEET_LOST
    return worker
