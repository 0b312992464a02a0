"""Runs one job of a worker: one attempt at the command of a step."""

import os
import signal
import time
from typing import Any, Callable, Mapping, Optional

from coaiapy import __version__, patience
from coaiapy.errors import CoaiaError
from coaiapy.fleet.allowed_work import Work, known_facts, work_of
from coaiapy.fleet.messages import JobMessage, Report, read_facts, read_job
from coaiapy.fleet.redis_access import PatientRedis
from coaiapy.fleet.run_store import RunStore
from coaiapy.langfuse.traces.active import variables_of
from coaiapy.running.child import NotStartedError
from coaiapy.running.pipelines import attempts
from coaiapy.running.pipelines.attempts import ENDING, Outcome
from coaiapy.running.pipelines.recorded_content import RecordedContent
from coaiapy.running.supervisor import Supervisor


class JobRunner:
    """Does the jobs of a worker, each in a process of its own, which RQ starts.

    ``name`` is the worker's; ``say`` gets a line about each attempt.
    """

    def __init__(
        self,
        name: str,
        ask: PatientRedis,
        env_file: Optional[str],
        trusts_queue: bool,
        say: Callable[[str], None],
    ) -> None:
        self._name = name
        self._ask = ask
        self._env_file = env_file
        self._trusts_queue = trusts_queue
        self._say = say
        self._parent = os.getpid()

    def __call__(self, rq_job: Any) -> None:
        """Make the attempt that a job of RQ asks for, and tell of it."""
        try:
            job = read_job(rq_job.args[0] if len(rq_job.args) == 1 else None)
        except CoaiaError as error:
            self._say("refused a job: {}".format(error))
            raise  # nobody can be told but RQ
        store = RunStore(rq_job.connection, job.run)
        if not self._ask(lambda: store.claim_attempt(self._report(job)), writing=True):
            return
        outcome = self._outcome(store, job)
        told = "failed  {}  ({})" if outcome.reason else "done  {}"
        self._say(told.format(job.name, outcome.reason))
        ended = self._report(job, outcome._replace(worker=self._name))
        self._ask(lambda: store.end(ended), writing=True)

    def _report(self, job: JobMessage, outcome: Optional[Outcome] = None) -> Report:
        return Report(job.job, time.time(), self._name, outcome, __version__)

    def _outcome(self, store: RunStore, job: JobMessage) -> Outcome:
        try:
            run = self._ask(store.message)
            if run is None or self._ask(store.is_to_end):
                return _not_made("interrupted")
            text = self._ask(lambda: store.facts(job.node)) if job.facts else "{}"
            facts = known_facts(read_facts(text))
            work = work_of(run, job, facts, self._trusts_queue, self._env_file)
            contents = RecordedContent(True, self._env_file, work.values)
            context = variables_of(job.trace_id, job.step)
            outcome = self._made(store, work, context, contents)
        except CoaiaError as error:
            return _not_made(str(error), repeatable=False)
        passed = contents.passed_on(outcome.output)
        lost = passed.get("lost") or ""
        return outcome._replace(output=passed.get("output"), lost=lost)

    def _made(
        self, store: RunStore, work: Work, context: Mapping[str, str], contents: RecordedContent
    ) -> Outcome:
        command = work.command
        environment = attempts.environment_of(work.environment, command.environment, context)
        with Supervisor() as supervisor:
            try:
                attempt = attempts.start(command, environment)
            except (NotStartedError, OSError) as error:
                return Outcome(getattr(error, "code", 126), str(error), time.time())
            supervisor.add(attempt.running)
            stopped, look = "", time.monotonic()
            while not supervisor.turn(patience.FLEET_LOOK):
                if not stopped and time.monotonic() >= look:
                    look = time.monotonic() + patience.FLEET_LOOK
                    stopped = self._why_stopped(store, supervisor)
                    if stopped:
                        supervisor.end_all(patience.GRACE)
                        supervisor.send(signal.SIGTERM)
        outcome = attempts.outcome_of(command, attempt, contents, bool(stopped))
        return outcome._replace(reason=stopped) if stopped and outcome.reason else outcome

    def _why_stopped(self, store: RunStore, supervisor: Supervisor) -> str:
        if os.getppid() != self._parent:
            return "the worker {} was killed".format(self._name)
        if any(number in ENDING for number in supervisor.received):
            return "the worker {} was stopped".format(self._name)
        return "interrupted" if self._ask(store.is_to_end) else ""


def _not_made(reason: str, repeatable: bool = True) -> Outcome:
    return Outcome(None, reason, time.time(), repeatable=repeatable)
