"""Runs the steps of a pipeline: side by side where nothing stands against it, each attempt recorded."""

import signal
import time
from collections import deque
from typing import Deque, Dict, List, Mapping, NamedTuple, Optional, Tuple

from coaiapy.langfuse.records import ids
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.records.records import Trace
from coaiapy.running.child import NotStartedError, exit_code
from coaiapy.running.pipelines import attempts
from coaiapy.running.pipelines.attempts import Attempt
from coaiapy.running.pipelines.graph import Graph
from coaiapy.running.pipelines.past import MARK, PastStep
from coaiapy.running.pipelines.records import StepRecords
from coaiapy.running.pipelines.steps import (
    FAILED,
    RUNNING,
    SKIPPED,
    SUCCEEDED,
    WAITING,
    Step,
    reason_after,
)
from coaiapy.running.pipelines.watcher import Watcher
from coaiapy.running.supervisor import GRACE, Supervisor

# Seconds: the longest pause before a repetition.
_LONGEST_PAUSE = 3600.0
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


class Result(NamedTuple):
    """What became of a run: its trace, its steps, and the signal that ended it early."""

    trace: Trace
    steps: List[Step]
    signal: Optional[int]

    @property
    def status(self) -> str:
        """``succeeded``, ``failed`` or ``interrupted``."""
        if self.signal:
            return "interrupted"
        failed = any(step.stops_others for step in self.steps)
        return FAILED if failed else SUCCEEDED

    def body(self) -> Body:
        """Return the result as JSON data."""
        return {
            "trace_id": self.trace.id,
            "name": self.trace.name,
            "status": self.status,
            "steps": [_told(step) for step in self.steps],
        }


def _told(step: Step) -> Body:
    seconds = None
    if step.started is not None and step.ended is not None:
        seconds = round(step.ended - step.started, 3)
    return {
        "name": step.name,
        "id": step.id,
        "status": step.state,
        "reason": step.reason or None,
        "exit_code": step.exit_code,
        "attempts": len(step.attempts),
        "earlier": step.was_done,
        "seconds": seconds,
        "output": step.output,
    }


class Run:
    """One run of a pipeline.

    ``environment`` is added to that of every command; ``watcher`` is told what happens.
    """

    def __init__(
        self,
        graph: Graph,
        trace: Trace,
        records: StepRecords,
        environment: Mapping[str, str],
        watcher: Watcher,
    ) -> None:
        self._graph = graph
        self._trace = trace
        self._records = records
        self._environment = environment
        self._watcher = watcher
        self._changed = watcher.changed
        self._queue: Deque[Step] = deque()
        self._paused: List[Tuple[float, Step]] = []
        self._running: Dict[int, Tuple[Step, Attempt]] = {}
        self._held: Dict[Step, Step] = {}
        self._marks: List[Step] = []
        self._signal: Optional[int] = None

    def run(self, jobs: int) -> Result:
        """Run all steps, at most ``jobs`` commands at a time."""
        self._watcher.begin(self._graph)
        with Supervisor() as supervisor:
            try:
                while self._has_more(supervisor, jobs):
                    self._turn(supervisor)
            except BaseException:  # no command goes on without somebody who looks after it
                supervisor.send(signal.SIGKILL)
                raise
        self._end_marks()
        result = Result(self._trace, self._graph.steps(), self._signal)
        self._records.end_trace(result.status, result.steps)
        return result

    def _turn(self, supervisor: Supervisor) -> None:
        """Wait for something to happen, and see to it."""
        ended = supervisor.turn(self._seconds())
        self._records.breathe()
        if signal.SIGCONT in supervisor.received:
            supervisor.received.remove(signal.SIGCONT)
            self._watcher.moved()
        self._watcher.turned()
        if not self._signal:  # first: what the signal has ended was interrupted
            self._look_for_signal(supervisor)
        if ended:
            self._end_attempt(*self._running.pop(ended.process))

    def _has_more(self, supervisor: Supervisor, jobs: int) -> bool:
        """Start what can start; tell whether there is anything to wait for."""
        if not self._signal:
            self._plan()
            now = time.monotonic()
            self._queue.extendleft(step for at, step in self._paused if at <= now)
            self._paused = [(at, step) for at, step in self._paused if at > now]
        while self._queue and len(self._running) < jobs and not self._signal:
            self._start(supervisor, self._queue.popleft())
            self._plan()
        return bool(self._running or self._paused or self._queue)

    def _plan(self) -> None:
        """Queue what has become ready; what has nothing to run is done at once."""
        planned = True
        while planned:
            planned = False
            for step in self._graph.plan_ready():
                planned = True
                self._place(step)
                self._release(step)

    def _place(self, step: Step) -> None:
        if step.earlier:
            self._recall(step, step.earlier)
            return
        if step.before and not step.before.has_ended:
            self._held[step.before] = step
            return
        if step.before and step.before.stops_others:
            step.skip(reason_after(step.before))
        if step.command and step.state == WAITING:
            self._queue.append(step)
            return
        step.started = step.started or time.time()
        if step.state == WAITING:
            step.state = SUCCEEDED
        self._records.begin(step)
        if step.state == FAILED:
            step.ended = step.started
        if step.state in (SKIPPED, FAILED) or not step.rendered or step.rendered.type == "EVENT":
            self._records.end(step)
            self._changed(step)
        else:
            self._marks.append(step)

    def _release(self, step: Step) -> None:
        """What has waited for a step of its loop goes on, or is skipped, and so on."""
        while step.has_ended and step in self._held:
            step = self._held.pop(step)
            self._place(step)

    def _recall(self, step: Step, earlier: PastStep) -> None:
        """An earlier run has done this; what is below a mark of it hangs below it again."""
        if earlier.state["kind"] == MARK:
            self._records.reopen(step)
            self._marks.append(step)
        else:
            self._changed(step)

    def _start(self, supervisor: Supervisor, step: Step) -> None:
        assert step.command
        if step.started is None:
            step.started = time.time()
            self._records.begin(step)
        step.state = RUNNING
        own = {
            "COAIA_TRACE_ID": self._trace.id,
            "COAIA_PARENT_OBSERVATION_ID": step.id,
            "TRACEPARENT": "00-{}-{}-01".format(
                ids.span_trace_id(self._trace.id), ids.span_id(step.id)
            ),
        }
        environment = attempts.environment_of(self._environment, step.command.environment, own)
        self._changed(step)
        try:
            listener = self._watcher.listener(step)
            attempt = attempts.start(step.command, environment, listener)
        except (NotStartedError, OSError) as error:
            self._settle(step, getattr(error, "code", 126), str(error), None)
            return
        supervisor.add(attempt.running)
        self._running[attempt.running.process] = step, attempt

    def _end_attempt(self, step: Step, attempt: Attempt) -> None:
        assert step.command and attempt.running.status is not None
        code = exit_code(attempt.running.status)
        if attempt.running.timed_out or self._signal:
            attempt.running.kill_rest()
        reason = ""
        if attempt.running.timed_out and not self._signal:
            reason = "timed out after {:g} seconds".format(step.command.timeout or 0)
        elif self._signal and code:
            reason = "interrupted"
        elif code:
            reason = "exit code {}".format(code)
        if reason and not self._signal:
            last = self._records.contents.last_line(attempt.errors)
            reason += ": " + last if last else ""
        try:
            step.output = attempts.read_output(attempt.output, step.command.output)
        except ValueError as error:
            step.output = None
            reason = reason or str(error)
        self._settle(step, code, reason, attempt)

    def _settle(self, step: Step, code: int, reason: str, attempt: Optional[Attempt]) -> None:
        """Note the end of an attempt; repeat it later, or end the step."""
        assert step.command
        step.exit_code = code
        step.ended = (attempt.running.ended if attempt else None) or time.time()
        step.attempts.append({"exit_code": code, "reason": reason or None, "ended": step.ended})
        left = step.command.retries + 1 - len(step.attempts)
        if reason and left > 0 and not self._signal:
            pause = step.command.backoff * 2 ** min(len(step.attempts) - 1, 60)
            self._paused.append((time.monotonic() + min(pause, _LONGEST_PAUSE), step))
            step.state, step.reason = WAITING, reason
            self._changed(step)
            return
        step.state, step.reason = (FAILED, reason) if reason else (SUCCEEDED, "")
        self._records.end(step)
        self._changed(step)
        if not self._signal:
            self._release(step)

    def _seconds(self) -> float:
        """Return how long to wait for something to happen, until the next repetition is due."""
        now = time.monotonic()
        return max(0.0, min([self._watcher.pace] + [at - now for at, _ in self._paused]))

    def _look_for_signal(self, supervisor: Supervisor) -> None:
        ending = [number for number in supervisor.received if number in _ENDING]
        if not ending:
            return
        self._signal = ending[0]
        supervisor.end_all(GRACE)
        waiting = {step for _, step in self._paused} | set(self._queue)
        self._paused, self._queue = [], deque()
        for step in self._graph.skip_rest("interrupted"):
            if step not in waiting or step.started is None:
                step.started = time.time()
                self._records.begin(step)
            self._records.end(step)
            self._changed(step)

    def _end_marks(self) -> None:
        """A mark lasts until the last step below it has ended, and tells of a failure there."""
        marks = set(self._marks)
        for mark in marks:
            mark.ended = mark.started
        for step in self._graph.steps():
            failed = step not in marks and step.state == FAILED and step.stops_others
            for mark in step.above():
                if mark in marks:
                    mark.ended = max(mark.ended or 0.0, step.ended or 0.0)
                if mark in marks and failed and mark.state != FAILED:
                    mark.state, mark.reason = FAILED, "{!r} failed".format(step.name)
        for mark in self._marks:
            self._records.end(mark)
            self._changed(mark)
