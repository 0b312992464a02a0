"""Runs one command, again if it fails and that is wished, and records it."""

import os
import shlex
import signal
import time
from datetime import datetime, timezone
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from coaiapy.config import values as config_values
from coaiapy.errors import CoaiaError, ExitCode
from coaiapy.langfuse.records import ids
from coaiapy.langfuse.records.content import content
from coaiapy.langfuse.traces.active import PARENT, TRACE, active_ids, handed_on
from coaiapy.running.child import NotStartedError, Plan, exit_code
from coaiapy.running.launch import STDERR, STDOUT, Launched, launch, was_interrupted
from coaiapy.running.record import Place, Record
from coaiapy.running.recorded_text import MARGIN, Redaction, masked, shown
from coaiapy.running.supervisor import Running, Supervisor
from coaiapy.running.tail import Tail
from coaiapy.util import times

_LONGEST_NAME = 200
_MODEL = "GENERATION"
_NAMES = {STDOUT: "stdout", STDERR: "stderr"}


class RunOptions(NamedTuple):
    """What is to be run, and how it is to be recorded.

    ``trace`` are fields of the trace by attribute. ``kept`` are the descriptors of which the last
    ``most`` bytes are recorded; with ``sizes_only`` no text is. ``timeout`` and ``backoff`` are in
    seconds.
    """

    words: Sequence[str]
    name: Optional[str] = None
    type: str = "SPAN"
    trace_id: Optional[str] = None
    parent_id: Optional[str] = None
    input: Any = None
    metadata: Any = None
    trace: Mapping[str, Any] = {}
    kept: Sequence[int] = ()
    most: int = 0
    sizes_only: bool = False
    redact: Sequence[str] = ()
    level: str = "ERROR"
    timeout: Optional[float] = None
    retries: int = 0
    backoff: float = 1.0


class Result(NamedTuple):
    """The exit code of the command, and where it is recorded: ``rows`` of the journal, if any.

    ``opened`` says that the trace is new. ``interrupted`` is the command if Ctrl-C ended it.
    """

    code: int
    trace_id: str
    rows: Sequence[int]
    opened: bool
    interrupted: Optional[Running]


class Attempt(NamedTuple):
    """One start of the command: ``sentence`` says why it failed, empty if it has not."""

    code: int
    sentence: str = ""
    launched: Optional[Launched] = None


def run(options: RunOptions, env_file: Optional[str], note: Callable[[str], None]) -> Result:
    """Run the command and record it; trouble with the record is only noted."""
    redacted = Redaction(options.redact, env_file)
    with_content = not options.sizes_only and _with_content(env_file)
    place, trace = _place(options, note)
    step = _beginning(options, redacted, with_content)
    with Supervisor() as supervisor, Record(place, step, trace, env_file, note) as record:
        supervisor.beat = record.breathe
        environment = handed_on(os.environ, place.trace_id, record.observation_id)
        attempts = _attempts(options, environment, supervisor)
        last = attempts[-1]
        if last.launched is None or _problem(last.launched):
            note("coaia: {}".format(last.sentence))
        outcome = _ending(options, attempts, redacted, with_content, step["start_time"])
        rows = record.close(outcome)
        return Result(
            code=last.code,
            trace_id=place.trace_id,
            rows=rows,
            opened=place.opens_trace,
            interrupted=_interrupted(last, supervisor),
        )


def _interrupted(last: Attempt, supervisor: Supervisor) -> Optional[Running]:
    running = last.launched.running if last.launched else None
    return running if running and was_interrupted(running, supervisor.received) else None


def _with_content(env_file: Optional[str]) -> bool:
    try:
        return bool(config_values.load(env_file).get("trace_content"))
    except CoaiaError:
        return True  # then nothing is recorded either, and the record says why


def _place(options: RunOptions, note: Callable[[str], None]) -> Tuple[Place, Mapping[str, Any]]:
    """Return where the observation goes, and the fields of the trace."""
    try:
        active = active_ids()
    except CoaiaError as error:
        note("coaia: the active trace is not known: {}".format(error))
        active = {}
    here = active.get(TRACE)
    trace_id = options.trace_id or here
    trace = dict(options.trace)
    if not trace_id:
        for name, key in (("user_id", "COAIA_USER_ID"), ("session_id", "COAIA_SESSION_ID")):
            trace[name] = trace.get(name) or active.get(key)
        return Place(ids.new_trace_id(), options.parent_id, True), trace
    is_here = bool(here) and ids.span_trace_id(str(here)) == ids.span_trace_id(trace_id)
    parent = options.parent_id or (active.get(PARENT) if is_here else None)
    return Place(trace_id, parent, False), trace


def _beginning(
    options: RunOptions, redacted: Callable[[str], str], with_content: bool
) -> Dict[str, Any]:
    words = [_text(word) for word in options.words]
    command = redacted(" ".join(map(shlex.quote, words)))
    given = masked(options.input, redacted)
    name = command if with_content else redacted(os.path.basename(words[0]))
    return {
        "name": (redacted(options.name or "") or name)[:_LONGEST_NAME],
        "type": options.type,
        "start_time": times.now(),
        "input": content(command if given is None else given, with_content),
        "metadata": masked(options.metadata, redacted),
    }


def _text(word: str) -> str:
    """Return a word of the command line as text that can be stored; what is no UTF-8 is replaced."""
    return word.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _attempts(
    options: RunOptions, environment: Mapping[str, str], supervisor: Supervisor
) -> List[Attempt]:
    """Run the command until it succeeds, may not be tried again, or a signal came."""
    attempts = [_attempt(options, environment, supervisor)]
    while attempts[-1].code and attempts[-1].launched and len(attempts) <= options.retries:
        if supervisor.pause(options.backoff * 2 ** (len(attempts) - 1)):
            break
        attempts.append(_attempt(options, environment, supervisor))
    return attempts


def _attempt(
    options: RunOptions, environment: Mapping[str, str], supervisor: Supervisor
) -> Attempt:
    # The end of a model's answer does not say what it was.
    most = max(options.most + MARGIN, _longest_answer() if options.type == _MODEL else 0)
    words = [os.fsdecode(word.encode("utf-8", "surrogateescape")) for word in options.words]
    try:
        launched = launch(Plan(words, environment), options.kept, most, options.timeout)
    except NotStartedError as error:
        return Attempt(error.code, str(error))
    supervisor.add(launched.running)
    running = supervisor.next()
    status = running.status or 0
    code = exit_code(status)
    said = "it ended with exit code {}".format(code) if code else ""
    if os.WIFSIGNALED(status):
        said = "it was ended by the signal {}".format(_signal_name(os.WTERMSIG(status)))
    if running.timed_out:
        said = "it took longer than {:g} s".format(options.timeout or 0)
    problem = _problem(launched)
    if problem and not code:
        code, said = ExitCode.FAILED, "its output could not be passed on: " + problem
    return Attempt(int(code), said, launched)


def _longest_answer() -> int:
    from coaiapy.llm.answers import LONGEST  # not at the top: few commands ask a model

    return LONGEST


def _problem(launched: Optional[Launched]) -> str:
    """Return why output of the command was lost, such as a full disk, or an empty text."""
    relays = launched.running.relays if launched else []
    return next((str(one.problem.strerror) for one in relays if one.problem), "")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)


def _ending(
    options: RunOptions,
    attempts: List[Attempt],
    redacted: Callable[[str], str],
    with_content: bool,
    start: str,
) -> Dict[str, Any]:
    last = attempts[-1]
    running = last.launched.running if last.launched else None
    ended = running.ended if running and running.ended else time.time()
    facts: Dict[str, Any] = {"exit_code": last.code}
    if len(attempts) > 1:
        facts["attempts"] = [one.code for one in attempts]
    tails = last.launched.tails if last.launched else {}
    texts = {}
    for number, tail in tails.items():
        on_terminal = bool(running and running.terminal)
        texts[number] = shown(tail, options.most, redacted, on_terminal)
        if tail.total > options.most:
            facts[_NAMES[number] + "_bytes"] = tail.total
    if texts.get(STDERR):
        facts["stderr"] = content(texts[STDERR], with_content)
    outcome = {
        "end_time": max(start, times.to_text(datetime.fromtimestamp(ended, timezone.utc))),
        "output": content(texts.get(STDOUT), with_content),
        "level": options.level if last.sentence else "DEFAULT",
        "status_message": redacted(last.sentence) or None,
        "metadata": facts,
    }
    if options.type == _MODEL and STDOUT in tails:
        outcome.update(_answer(tails[STDOUT], redacted, with_content, facts))
    return outcome


def _answer(
    tail: Tail, redacted: Callable[[str], str], with_content: bool, facts: Dict[str, Any]
) -> Dict[str, Any]:
    """Return the fields of what a model service answered, if the output is that; add to ``facts``."""
    from coaiapy.llm.answers import understood

    answer = understood(tail.value().decode("utf-8", "replace"), tail.is_cut)
    if answer is None:
        return {}
    if answer.finish_reason:
        facts["finish_reason"] = answer.finish_reason
    output = None if answer.output is None else redacted(answer.output)
    said = {"output": content(output, with_content)} if output is not None else {}
    return dict(said, model=answer.model, usage=answer.usage or None)
