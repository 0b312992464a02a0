"""Works on the items of an experiment, several at a time, and hands on what becomes of each."""

import os
import signal
import time
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple

from coaiapy import patience
from coaiapy.errors import UsageError
from coaiapy.experiments.execution.work import Result, Work
from coaiapy.experiments.plans import observation_id
from coaiapy.langfuse.traces.active import handed_on
from coaiapy.llm.shared_pause import SharedPause
from coaiapy.running.child import NotStartedError
from coaiapy.running.pipelines import attempts
from coaiapy.running.pipelines.attempts import Attempt, Outcome
from coaiapy.running.supervisor import Running, Supervisor
from coaiapy.running.tail import Tail
from coaiapy.templating.commands import Command

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


class Limits(NamedTuple):
    """How many commands at a time here, how many at most in a minute, and how many items at workers."""

    jobs: int
    rate: Optional[float] = None
    at_workers: int = 0


class Runner:
    """Works on items. ``done`` gets each result, ``turned`` is called every now and then,
    ``last_line`` returns what of an error output is worth telling. ``dispatch_for`` makes what has items
    worked on by workers; they are evaluated here.
    """

    def __init__(
        self,
        limits: Limits,
        done: Callable[[Result], None],
        turned: Callable[[], None],
        last_line: Callable[[Tail], str],
        dispatch_for: Optional[Callable[[Supervisor], Any]] = None,
    ) -> None:
        self._limits = limits
        self._done = done
        self._turned = turned
        self._last_line = last_line
        self._ready: List[Work] = []
        self._paused: List[Tuple[float, Work]] = []
        self._dispatch_for = dispatch_for
        self._dispatch: Any = None
        self._away = 0
        self._running: Dict[int, Tuple[Work, Attempt]] = {}
        self._next_start = 0.0
        self._pause = SharedPause()

    def run(self, works: Iterator[Work]) -> Optional[int]:
        """Work on all; return the signal that has ended it early."""
        with Supervisor() as supervisor, self._pause:
            if not self._dispatch_for:
                return self._all(supervisor, works)
            with self._dispatch_for(supervisor) as self._dispatch:
                return self._all(supervisor, works)

    def _all(self, supervisor: Supervisor, works: Iterator[Work]) -> Optional[int]:
        while self._has_more(supervisor, works):
            ended = supervisor.turn(self._seconds())
            asked = [number for number in supervisor.received if number in _ENDING]
            if asked:
                self._stop(supervisor, ended)
                return asked[0]
            self._turned()
            if ended:
                self._end(*self._running.pop(ended.process))
            for work, outcome in self._heard():
                self._go_on(work, work.end_there(outcome))
        return None

    def _heard(self) -> List[Tuple[Work, Outcome]]:
        """Return what has ended at workers."""
        found = self._dispatch.poll() if self._away else []
        self._away -= len(found)
        return list(found)

    def _has_more(self, supervisor: Supervisor, works: Iterator[Work]) -> bool:
        """Start what can start; tell whether there is anything to wait for."""
        now = time.monotonic()
        self._ready = [work for at, work in self._paused if at <= now] + self._ready
        self._paused = [(at, work) for at, work in self._paused if at > now]
        while not self._until_start:
            work = self._next(works)
            if work is None:
                return self._busy > 0
            self._start(supervisor, work)
        return True  # the next one may start later

    @property
    def _until_start(self) -> float:
        """The seconds until the next command may start: by the rate, and if one was asked to wait."""
        return max(0.0, self._next_start - time.monotonic(), self._pause.left)

    def _next(self, works: Iterator[Work]) -> Optional[Work]:
        """Return what can go on, or begin."""
        is_full = len(self._running) >= self._limits.jobs
        for place, work in enumerate(self._ready):
            if self._goes_away(work) or not is_full:
                return self._ready.pop(place)
        most = self._limits.at_workers if self._dispatch else self._limits.jobs
        return next(works, None) if self._busy < most else None

    def _goes_away(self, work: Work) -> bool:
        return self._dispatch is not None and not work.result.state

    @property
    def _busy(self) -> int:
        return len(self._running) + len(self._ready) + len(self._paused) + self._away

    def _start(self, supervisor: Supervisor, work: Work) -> None:
        """Start the next command of an item; if there is none, the item is done."""
        while True:
            try:
                if self._goes_away(work):
                    self._dispatch.start(work)
                    self._away += 1
                    return self._wait_for_rate()
                command = work.next
                if command is None:
                    return self._done(work.result)
                attempt = attempts.start(command, self._environment(work, command), _ignore)
            except UsageError as error:
                work.refuse(str(error))
            except (NotStartedError, OSError) as error:
                work.refuse(str(error), getattr(error, "code", 126))
            else:
                break
        self._wait_for_rate()
        attempt.running.grace = work.grace
        supervisor.add(attempt.running)
        self._running[attempt.running.process] = work, attempt

    def _environment(self, work: Work, command: Command) -> Dict[str, str]:
        trace_id = work.result.trace_id
        found = handed_on(os.environ, trace_id, observation_id(trace_id))
        for given in (work.own, self._pause.environment, command.environment):
            for name, value in given.items():
                if value is None:
                    found.pop(name, None)
                else:
                    found[name] = value
        return found

    def _wait_for_rate(self) -> None:
        if self._limits.rate:
            self._next_start = time.monotonic() + 60.0 / self._limits.rate

    def _end(self, work: Work, attempt: Attempt) -> None:
        attempt.running.kill_rest()
        self._go_on(work, work.end(attempt, self._last_line(attempt.errors)))

    def _go_on(self, work: Work, has_ended: bool) -> None:
        if has_ended:
            if work.next is None:
                self._done(work.result)
            else:
                self._ready.append(work)
            return
        pause = min(patience.FIRST_ITEM_PAUSE * 2 ** (work.tries - 1), patience.LONGEST_ITEM_PAUSE)
        self._paused.append((time.monotonic() + pause, work))

    def _seconds(self) -> float:
        now = time.monotonic()
        dues = [at - now for at, _ in self._paused]
        if self._until_start:
            dues.append(self._until_start)
        return max(0.0, min([patience.FLEET_POLL if self._away else patience.ITEM_POLL] + dues))

    def _stop(self, supervisor: Supervisor, ended: Optional[Running]) -> None:
        """End what runs; what has not ended by itself counts as not done.

        ``ended`` has ended together with the signal, which a terminal sends to all of them.
        """
        supervisor.end_all(patience.GRACE)
        if self._dispatch:
            self._away = self._dispatch.end_all()
        while True:
            if ended:
                _, attempt = self._running.pop(ended.process)
                attempt.running.kill_rest()
            if not self._running and not self._away:
                return
            self._heard()
            ended = supervisor.turn(patience.ITEM_POLL)


def _ignore(data: bytes) -> None:
    """What a command writes to its error output is only kept."""
