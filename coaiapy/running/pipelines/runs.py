"""Runs the steps of a pipeline: side by side where nothing stands against it, each attempt recorded."""

import signal
import time
from collections import deque
from typing import Any, Deque, Dict, List, NamedTuple, Optional, Set, Tuple

from coaiapy import patience
from coaiapy.errors import CoaiaError
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.records.records import Trace
from coaiapy.running.pipelines.attempts import ENDING, Outcome
from coaiapy.running.pipelines.earlier_run import MARK, EarlierStep
from coaiapy.running.pipelines.graph import Graph
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


class Result(NamedTuple):
    """What became of a run: its trace, its steps, and the signal or the error that ended it early."""

    trace: Trace
    steps: List[Step]
    signal: Optional[int]
    error: Optional[CoaiaError] = None

    @property
    def status(self) -> str:
        """``succeeded``, ``failed`` or ``interrupted``."""
        if self.signal:
            return "interrupted"
        failed = self.error or any(step.stops_others for step in self.steps)
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

    ``executor`` makes the attempts, see ``attempts.LocalExecutor``; ``watcher`` is told what happens.
    """

    def __init__(
        self, graph: Graph, trace: Trace, records: StepRecords, executor: Any, watcher: Watcher
    ) -> None:
        self._graph = graph
        self._trace = trace
        self._records = records
        self._executor = executor
        self._watcher = watcher
        self._changed = watcher.changed
        self._queue: Deque[Step] = deque()
        self._paused: List[Tuple[float, Step]] = []
        self._started: Set[Step] = set()
        self._held: Dict[Step, Step] = {}
        self._marks: List[Step] = []
        self._signal: Optional[int] = None
        self._error: Optional[CoaiaError] = None

    def run(self, jobs: Optional[int]) -> Result:
        """Run all steps, at most ``jobs`` commands at a time."""
        self._watcher.begin(self._graph)
        try:
            with self._executor:
                while self._has_more(jobs):
                    self._turn()
        except CoaiaError as error:  # what makes the attempts has failed
            self._give_up(error)
        self._end_marks()
        result = Result(self._trace, self._graph.steps(), self._signal, self._error)
        self._records.end_trace(result.status, result.steps)
        return result

    def _turn(self) -> None:
        """Wait for something to happen, and see to it."""
        ended = self._executor.turn(self._seconds())
        self._records.breathe()
        if signal.SIGCONT in self._executor.received:
            self._executor.received.remove(signal.SIGCONT)
            self._watcher.moved()
        self._watcher.turned()
        if not self._signal:  # first: what the signal has ended was interrupted
            self._look_for_signal()
        for step, outcome in ended:
            if step in self._started:
                self._started.remove(step)
                self._settle(step, outcome)

    def _has_more(self, jobs: Optional[int]) -> bool:
        """Start what can start; tell whether there is anything to wait for."""
        if not self._signal:
            self._plan()
            now = time.monotonic()
            self._queue.extendleft(step for at, step in self._paused if at <= now)
            self._paused = [(at, step) for at, step in self._paused if at > now]
        while self._queue and not self._signal and (not jobs or len(self._started) < jobs):
            step = self._queue.popleft()
            self._started.add(step)
            self._executor.start(step, self._began)
            self._plan()
        return bool(self._started or self._paused or self._queue)

    def _plan(self) -> None:
        """Queue what has become ready; what has nothing to run is done at once."""
        planned = True
        while planned:
            planned = False
            for step in self._graph.plan_ready():
                planned = True
                self._arrange(step)
                self._release(step)

    def _arrange(self, step: Step) -> None:
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
            self._arrange(step)

    def _recall(self, step: Step, earlier: EarlierStep) -> None:
        """An earlier run has done this; what is below a mark of it hangs below it again."""
        if earlier.state["kind"] == MARK:
            self._records.reopen(step)
            self._marks.append(step)
        else:
            self._changed(step)

    def _began(self, step: Step, at: float) -> None:
        """An attempt begins, ``at`` seconds since 1970."""
        if step.started is None:
            step.started = at
            self._records.begin(step)
        step.state = RUNNING
        self._changed(step)

    def _settle(self, step: Step, outcome: Outcome) -> None:
        """Note the end of an attempt; repeat it later, or end the step."""
        assert step.command
        if step.started is None:
            self._began(step, outcome.ended)
        step.exit_code, step.ended = outcome.code, outcome.ended
        step.output, step.lost = outcome.output, outcome.lost
        reason = outcome.reason
        made = {"exit_code": outcome.code, "reason": reason or None, "ended": outcome.ended}
        step.attempts.append(dict(made, worker=outcome.worker) if outcome.worker else made)
        left = step.command.retries + 1 - len(step.attempts) if outcome.repeatable else 0
        if reason and left > 0 and not self._signal:
            pause = step.command.backoff * 2 ** min(len(step.attempts) - 1, 60)
            self._paused.append((time.monotonic() + min(pause, patience.LONGEST_STEP_PAUSE), step))
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

    def _look_for_signal(self) -> None:
        ending = [number for number in self._executor.received if number in ENDING]
        if ending:
            self._signal = ending[0]
            self._executor.end_all()
            self._skip_rest("interrupted")

    def _give_up(self, error: CoaiaError) -> None:
        """Nobody can make attempts any more."""
        self._error = error
        for step in [one for one in self._started if one.state == RUNNING]:
            step.state, step.reason, step.ended = FAILED, str(error), time.time()
            self._records.end(step)
            self._changed(step)
        self._skip_rest(str(error))

    def _skip_rest(self, reason: str) -> None:
        """Skip all that does not run."""
        self._paused, self._queue = [], deque()
        for step in self._graph.skip_rest(reason):
            self._started.discard(step)
            if step.started is None:
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
