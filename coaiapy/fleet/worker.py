"""A worker: takes jobs from the queue in Redis, and makes the attempts they ask for, one at a time."""

import logging
import os
import signal
import time
from typing import Any, Callable, NamedTuple, Optional

from coaiapy import patience
from coaiapy.config.redis import RedisServer
from coaiapy.errors import NetworkError
from coaiapy.fleet import rq_adapter
from coaiapy.fleet.job_runner import JobRunner
from coaiapy.fleet.redis_access import PatientRedis, server_for
from coaiapy.langfuse.records import ids
from coaiapy.running.pipelines.recorded_content import RecordedContent
from coaiapy.running.system import check_system
from coaiapy.stash.redis import new_client
from coaiapy.stash.redis_errors import reporting
from coaiapy.templating import document
from coaiapy.templating.render import new_language

_LOGGERS = ("rq.worker", "rq.job", "rq.registry")


class WorkerOptions(NamedTuple):
    """How a worker is to work.

    With ``burst`` it ends when the queue is empty. ``lost_after`` is in seconds.
    """

    queue: str
    burst: bool
    trusts_queue: bool
    lost_after: int


def work(options: WorkerOptions, env_file: Optional[str], say: Callable[[str], None]) -> None:
    """Work until a signal comes, or, with ``burst``, until there is nothing to do.

    ``say`` gets a line about each job, and about trouble. Raises ``ConfigError`` and ``NetworkError``.
    """
    check_system()
    server = server_for(env_file)
    name = "{}-{}-{}".format(
        os.uname().nodename or "worker", os.getpid(), ids.new_observation_id()[:4]
    )
    runner = JobRunner(name, PatientRedis(server, say, _pause), env_file, options.trusts_queue, say)
    jobs = rq_adapter.job_class(runner)
    client = new_client(server._replace(timeout=patience.WORKER_REDIS))
    with reporting(server):
        client.ping()
    _log(say)
    _prepare(env_file)
    with reporting(server):
        queue = rq_adapter.queue_of(client, options.queue, jobs)
        worker = rq_adapter.worker_of(queue, name, options.lost_after)
        say("worker {} listens to the queue {} of {}".format(name, options.queue, server.shown))
        _until_the_end(worker, options.burst)
    if not options.burst and not worker.is_asked_to_end:
        raise _ended(server)


def _prepare(env_file: Optional[str]) -> None:
    """Import, once, what each process that does a job would import."""
    RecordedContent(True, env_file, {})
    new_language().render("{{ text }}", {"text": ""}, "the worker")
    document.schema()


def _until_the_end(worker: Any, burst: bool) -> None:
    numbers = (signal.SIGINT, signal.SIGTERM)
    handlers = [signal.getsignal(number) for number in numbers]
    try:
        worker.work(burst=burst, logging_level="WARNING")
    except SystemExit:  # a second signal
        pass
    finally:
        for number, handler in zip(numbers, handlers):
            signal.signal(number, handler)


def _pause(seconds: float) -> bool:
    time.sleep(seconds)
    return False


def _ended(server: RedisServer) -> NetworkError:
    said = "Redis at {} does not answer any more (configured by {}): start the worker again"
    return NetworkError(said.format(server.shown, server.origin))


class _Lines(logging.Handler):
    """Hands on what RQ has to tell, a line each."""

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__()
        self._say = say

    def emit(self, record: Any) -> None:
        """Say it."""
        self._say(record.getMessage().split("\n")[0])


def _log(say: Callable[[str], None]) -> None:
    handler = _Lines(say)
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers = [handler]  # RQ would write to standard output
        logger.propagate = False
