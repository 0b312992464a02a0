"""Attempts at the commands of steps: started aside of the terminal, and what they have written."""

import json
import os
import signal
import tempfile
import time
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Tuple

from coaiapy import patience
from coaiapy.langfuse.traces.active import variables_of
from coaiapy.running import child
from coaiapy.running.child import NotStartedError, Plan
from coaiapy.running.pipelines.recorded_content import MOST_ERRORS, RecordedContent
from coaiapy.running.pipelines.steps import Step
from coaiapy.running.pipelines.watcher import Watcher
from coaiapy.running.relay import Relay, pipe
from coaiapy.running.supervisor import Running, Supervisor
from coaiapy.running.tail import Tail
from coaiapy.templating.commands import Command

# The most bytes of a command's output that later steps can use.
MOST_OUTPUT = 8 << 20
_STDERR = 2
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


class Attempt(NamedTuple):
    """A command that was started, with the ends of its output and its error output."""

    running: Running
    output: Tail
    errors: Tail


class Outcome(NamedTuple):
    """How an attempt has ended; ``reason`` says why it failed, and is empty if it has not.

    ``code`` is ``None`` if nobody knows it, ``lost`` says why ``output`` is not known. ``ended`` is
    in seconds since 1970. ``worker`` is who made the attempt, if not this process. One that is not
    ``repeatable`` would fail again.
    """

    code: Optional[int]
    reason: str
    ended: float
    output: Any = None
    lost: str = ""
    worker: str = ""
    repeatable: bool = True


Ended = Tuple[Step, Outcome]


class LocalExecutor:
    """Makes attempts on this machine; a context manager, which handles the signals of this process.

    ``environment`` is added to that of every command. Other executors have the same methods.
    """

    def __init__(
        self,
        trace_id: str,
        environment: Mapping[str, str],
        contents: RecordedContent,
        watcher: Watcher,
    ) -> None:
        self._trace_id = trace_id
        self._environment = environment
        self._contents = contents
        self._watcher = watcher
        self._supervisor = Supervisor()
        self._running: Dict[int, Tuple[Step, Attempt]] = {}
        self._not_started: List[Ended] = []

    def __enter__(self) -> "LocalExecutor":
        self._supervisor.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        if exc[0]:  # no command goes on without somebody who looks after it
            self._supervisor.send(signal.SIGKILL)
        self._supervisor.__exit__(*exc)

    @property
    def received(self) -> List[int]:
        """The signals that came."""
        return self._supervisor.received

    def start(self, step: Step, began: Callable[[Step, float], None]) -> None:
        """Make an attempt at a step; ``began`` is called before its command starts."""
        assert step.command
        began(step, time.time())
        own = variables_of(self._trace_id, step.id)
        environment = environment_of(self._environment, step.command.environment, own)
        try:
            attempt = start(step.command, environment, self._watcher.listener(step))
        except (NotStartedError, OSError) as error:
            outcome = Outcome(getattr(error, "code", 126), str(error), time.time())
            self._not_started.append((step, outcome))
            return
        self._supervisor.add(attempt.running)
        self._running[attempt.running.process] = step, attempt

    def turn(self, seconds: float) -> List[Ended]:
        """Return which attempts have ended, and how; wait for one for at most ``seconds``."""
        found, self._not_started = self._not_started, []
        ended = None if found else self._supervisor.turn(seconds)
        if ended:
            step, attempt = self._running.pop(ended.process)
            assert step.command
            interrupted = any(number in ENDING for number in self.received)
            found.append((step, outcome_of(step.command, attempt, self._contents, interrupted)))
        return found

    def end_all(self) -> None:
        """Give what runs a moment to end."""
        self._supervisor.end_all(patience.GRACE)


class _Heard(Relay):
    """Hands what a command writes to a listener."""

    listener: Callable[[bytes], None]

    def pass_on(self, data: memoryview) -> bool:
        self.listener(bytes(data))
        return True


def start(
    command: Command,
    environment: Mapping[str, str],
    listener: Optional[Callable[[bytes], None]] = None,
) -> Attempt:
    """Start a command in a process group of its own, so that all that it starts can be ended.

    Its output is kept. Its error output is kept as well, and passed on, or given to ``listener``.
    Raises ``NotStartedError``. To be called within a ``Supervisor``, which the result's ``running``
    is then given to.
    """
    output, errors = Tail(MOST_OUTPUT), Tail(MOST_ERRORS)
    given = [_input(command.stdin)]
    (from_output, to_output), (from_errors, to_errors) = pipe(), pipe()
    given += [to_output, to_errors]
    relays = [Relay(from_output, None, output), Relay(from_errors, _STDERR, errors)]
    if listener:
        heard = _Heard(from_errors, None, errors)
        heard.listener = listener
        relays[1] = heard
    streams = (given[0], given[1], given[2])
    plan = Plan(command.words, environment, streams, command.folder, leads_group=True)
    try:
        process = child.start(plan)
    except BaseException:
        for relay in relays:
            relay.close()
        raise
    finally:
        for descriptor in given:
            os.close(descriptor)
    return Attempt(Running(process, -process, relays, timeout=command.timeout), output, errors)


def _input(text: Optional[str]) -> int:
    """Return a descriptor that gives a text, or nothing."""
    if text is None:
        return child.above_streams(os.open(os.devnull, os.O_RDONLY))
    with tempfile.TemporaryFile() as file:
        file.write(text.encode("utf-8", "surrogateescape"))
        file.seek(0)
        return child.above_streams(os.dup(file.fileno()))


def outcome_of(
    command: Command, attempt: Attempt, contents: RecordedContent, interrupted: bool
) -> Outcome:
    """Return how a command has ended; ``interrupted`` says that it was asked to."""
    running = attempt.running
    code = child.exit_code(running.status or 0)
    if running.timed_out or interrupted:
        running.kill_rest()
    reason = ""
    if running.timed_out and not interrupted:
        reason = "timed out after {:g} seconds".format(command.timeout or 0)
    elif interrupted and code:
        reason = "interrupted"
    elif code:
        reason = "exit code {}".format(code)
    if reason and not interrupted:
        last = contents.last_line(attempt.errors)
        reason += ": " + last if last else ""
    try:
        output = read_output(attempt.output, command.output)
    except ValueError as error:
        output, reason = None, reason or str(error)
    return Outcome(code, reason, running.ended or 0.0, output)


def environment_of(*layers: Mapping[str, Optional[str]]) -> Dict[str, str]:
    """Return the environment of this process, with each layer put over it; ``None`` removes."""
    environment: Dict[str, Optional[str]] = dict(os.environ)
    for layer in layers:
        environment.update(layer)
    return {name: value for name, value in environment.items() if value is not None}


def read_output(tail: Tail, form: str) -> Any:
    """Return what a command has written, as ``output`` of its step says.

    Raises ``ValueError`` if it is not that. A text loses the line ends at its end, as in a shell.
    """
    if form == "none":
        return None
    if tail.is_cut and form != "text":
        raise ValueError("its output has more than {} bytes".format(MOST_OUTPUT))
    text = tail.value().decode("utf-8", "replace")
    if form == "lines":
        return text.splitlines()
    if form == "text":
        return text.rstrip("\r\n")
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ValueError("its output is not JSON: {}".format(error)) from error


def _refuse_constant(name: str) -> Any:
    raise ValueError("{} is not a JSON number".format(name))
