"""An item on its way: its command, then the commands that evaluate what it has put out."""

import time
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from coaiapy import patience
from coaiapy.experiments import evaluators, items
from coaiapy.experiments.evaluators import Command, Judgement, Rule, WrongJudgementError
from coaiapy.experiments.items import Item
from coaiapy.experiments.plans import Plan
from coaiapy.running.child import exit_code
from coaiapy.running.pipelines.attempts import Attempt, Outcome
from coaiapy.templating.commands import Command as Started

# What becomes of an item.
OK, FAILED, TIMED_OUT = "ok", "failed", "timed out"
NOT_STARTED, NOT_TEXT, TOO_LARGE = "not started", "not text", "too large"
# The most bytes of an output.
MOST_OUTPUT = 1 << 20


class Order(NamedTuple):
    """What is done with every item: ``task`` says what is started for it (see ``tasks``).

    ``timeout`` is in seconds and holds for each command; a command that fails is tried
    ``retries`` more times. With a ``queue``, workers do it that listen to this one.
    """

    plan: Plan
    task: Any
    rules: Sequence[Rule] = ()
    commands: Sequence[Command] = ()
    timeout: Optional[float] = None
    retries: int = 0
    queue: Optional[str] = None


class Result(NamedTuple):
    """What became of an item. ``seconds`` is how long its last attempt took, by ``worker`` if not here.

    ``unscored`` says why an evaluator has no judgement, by its name; ``again`` that it failed before,
    ``only_judged`` that all the rest is known.
    """

    item: Item
    repeat: int
    trace_id: str
    state: str
    reason: str = ""
    output: Optional[str] = None
    exit_code: Optional[int] = None
    attempts: int = 1
    started: float = 0.0
    ended: float = 0.0
    seconds: float = 0.0
    judgements: Sequence[Judgement] = ()
    unscored: Mapping[str, str] = {}
    again: bool = False
    only_judged: bool = False
    worker: str = ""


class Work:
    """One item that is worked on: ``next`` is the next command, ``None`` once all is done.

    With a ``result`` its command has run before, and it is only evaluated.
    """

    def __init__(
        self,
        order: Order,
        item: Item,
        repeat: int,
        result: Optional[Result] = None,
        again: bool = False,
    ) -> None:
        trace_id = order.plan.trace_id(item.id, repeat)
        self._order = order
        self._left: List[Command] = []
        self.result = result or Result(item, repeat, trace_id, "", again=again)
        self.tries = 0
        self.began = 0.0  # at a worker, in seconds since 1970
        if result and result.state == OK:
            self._evaluate()

    @property
    def next(self) -> Optional[Started]:
        """The command that is to be started now."""
        if not self.result.state:
            return self._command()
        return self._evaluator(self._left[0]) if self._left else None

    @property
    def grace(self) -> float:
        """How many seconds what runs has to end, once it is asked to."""
        return float(patience.GRACE if self.result.state else self._order.task.grace)

    @property
    def own(self) -> Dict[str, Optional[str]]:
        """What the environment of its commands has besides."""
        return items.environment(self.result.item, self.result.repeat)

    def _command(self) -> Started:
        start = self._order.task.start(self.result.item)
        return _started(start.words, start.stdin, self._order.timeout, start.environment)

    def _evaluator(self, one: Command) -> Started:
        question = evaluators.question(self.result.item, self.result.output or "")
        return _started(one.words, question, self._order.timeout, {})

    def end(self, attempt: Attempt, last_line: str) -> bool:
        """Note how the last command ended; return false if it is to be tried again."""
        self.tries += 1
        running = attempt.running
        code = exit_code(running.status or 0)
        state, reason, text = OK, "", ""
        if running.timed_out:
            state, reason = TIMED_OUT, "after {:g} seconds".format(self._order.timeout or 0)
        elif code:
            state, reason = FAILED, "exit code {}".format(code)
        else:
            state, reason, text = _read(attempt.output.total, attempt.output.value)
        if state in (FAILED, TIMED_OUT):
            if self.tries <= self._order.retries:
                return False
            reason += ": " + last_line if last_line else ""
        self._note(state, reason, text, code, running.started, running.ended or time.time())
        return True

    def end_there(self, outcome: Outcome) -> bool:
        """Note how a worker's attempt has ended; return false if it is to be tried again."""
        self.tries += 1
        state, reason, text = FAILED, outcome.reason or outcome.lost, ""
        if reason.startswith(TIMED_OUT):
            state, reason = TIMED_OUT, reason[len(TIMED_OUT) :].strip()
        elif not outcome.repeatable:
            state = NOT_STARTED
        elif not reason:
            data = str(outcome.output or "").encode("utf-8", "replace")
            state, reason, text = _read(len(data), lambda: data)
        if state in (FAILED, TIMED_OUT) and self.tries <= self._order.retries:
            return False
        self.result = self.result._replace(worker=outcome.worker)
        self._note(state, reason, text, outcome.code, self.began or outcome.ended, outcome.ended)
        return True

    def refuse(self, reason: str, code: Optional[int] = None) -> None:
        """Note that the next command cannot be started."""
        self.tries += 1
        self._note(NOT_STARTED, reason, "", code, time.time(), time.time())

    def _note(
        self, state: str, reason: str, text: str, code: Optional[int], start: float, end: float
    ) -> None:
        if self.result.state:
            self._note_judgement(state, reason, text)
        else:
            self.result = self.result._replace(
                state=state,
                reason=reason,
                output=text if state == OK else None,
                exit_code=code,
                attempts=self.tries,
                started=start,
                ended=end,
                seconds=round(end - start, 3),
            )
            if state == OK:
                self._evaluate()
        self.tries = 0

    def _evaluate(self) -> None:
        """Judge by the rules; the commands are still to be run."""
        item, output = self.result.item, self.result.output or ""
        found = [
            Judgement(rule.name, rule.judge(output, item))
            for rule in self._order.rules
            if item.expected is not None or not rule.compares
        ]
        self.result = self.result._replace(judgements=found)
        self._left = list(self._order.commands)

    def _note_judgement(self, state: str, reason: str, text: str) -> None:
        one = self._left.pop(0)
        if state == OK:
            try:
                found = list(self.result.judgements) + evaluators.said(text, one.name)
                self.result = self.result._replace(judgements=found)
                return
            except WrongJudgementError as error:
                state, reason = FAILED, str(error)
        told = "{} {}".format(state, reason).strip()
        self.result = self.result._replace(unscored=dict(self.result.unscored, **{one.name: told}))


def _read(size: int, value: Callable[[], bytes]) -> Tuple[str, str, str]:
    """Return the state that an output of so many bytes makes, the reason, and its text."""
    if size > MOST_OUTPUT:
        said = "its output has {} bytes, at most {} are kept"
        return TOO_LARGE, said.format(size, MOST_OUTPUT), ""
    try:
        text = value().decode("utf-8")
    except ValueError:
        text = "\0"
    if "\0" in text:
        return NOT_TEXT, "its output is not text in UTF-8", ""
    return OK, "", text.rstrip("\r\n")


def _started(
    words: Sequence[str],
    stdin: Optional[str],
    timeout: Optional[float],
    environment: Dict[str, Optional[str]],
) -> Started:
    return Started(list(words), "", environment, None, stdin, timeout, 0, 0.0, False, "text")
