"""Has the attempts of a run made by workers: what ``attempts.LocalExecutor`` is for this machine."""

import signal
from typing import Any, Callable, Dict, List, Mapping

from coaiapy import patience
from coaiapy.config.redis import RedisServer
from coaiapy.fleet.dispatch import Dispatch
from coaiapy.fleet.messages import JobMessage, RunMessage, written_facts
from coaiapy.langfuse.records import ids
from coaiapy.running.pipelines import earlier_run
from coaiapy.running.pipelines.attempts import Ended
from coaiapy.running.pipelines.steps import Facts, Step
from coaiapy.running.pipelines.tasks import ExecutorContext
from coaiapy.running.supervisor import Supervisor

_STEPS = "steps"


class WorkerExecutor(Dispatch):
    """Makes attempts through the queue of RQ; a context manager, see ``attempts.LocalExecutor``."""

    def __init__(self, server: RedisServer, queue: str, context: ExecutorContext) -> None:
        self._context = context
        self._supervisor = Supervisor()
        self._facts: Dict[int, bool] = {}
        self._began: Callable[[Step, float], None] = lambda *_: None
        run = ids.span_trace_id(context.trace_id)
        super().__init__(server, queue, run, self._supervisor, context.note)

    def __enter__(self) -> "WorkerExecutor":
        super().__enter__()
        self._supervisor.__enter__()
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)  # nothing here has to be stopped as well
        return self

    def __exit__(self, *exc: object) -> None:
        try:
            super().__exit__(*exc)
        finally:
            self._supervisor.__exit__(*exc)

    @property
    def received(self) -> List[int]:
        """The signals that came."""
        return self._supervisor.received

    def start(self, step: Step, began: Callable[[Step, float], None]) -> None:
        """Send an attempt to the workers; ``began`` is called when one of them begins."""
        self._began = began
        if self._context.resumed and not step.attempts and self.adopt(step):
            return
        job = "coaia-{}-{}".format(step.id, len(step.attempts) + 1)
        passed = self._context.contents.passed_on(_turn_of(step).get("item"))
        if "lost" in passed:
            reason = "its item does not travel to workers, because " + str(passed["lost"])
            self.refuse(step, job, reason)
        else:
            self.add(step, job)

    def began(self, what: Step, at: float) -> None:
        """Hand on that a worker has begun."""
        self._began(what, at)

    def turn(self, seconds: float) -> List[Ended]:
        """Return which attempts have ended, and how; wait for one for at most ``seconds``."""
        ended = self.poll()
        if not ended:
            self._supervisor.turn(min(seconds, patience.FLEET_POLL))
        return ended

    def publish(self) -> None:
        """Put into Redis what the run is."""
        super().publish()
        self._facts = {}

    def message(self) -> RunMessage:
        """Return what the run is."""
        template, context = self._context.template, self._context
        return RunMessage(
            template=template.name,
            digest=earlier_run.digest(template),
            document=template.to_dict(),
            variables=context.contents.passed_variables(context.values),
            stated=context.stated,
        )

    def key_of(self, what: Step) -> str:
        """Return by what a step is found again."""
        return earlier_run.key_of(self._context.trace_id, what.name)

    def job_of(self, what: Step, job: str) -> JobMessage:
        """Return the message of an attempt at a step."""
        node, turn = self._node(what), _turn_of(what)
        return JobMessage(
            run=self._run,
            job=job,
            trace_id=self._context.trace_id,
            step=what.id,
            name=self._context.contents.text(what.name),
            node=node,
            facts=self._uses_facts(node),
            turn=turn.get("index"),
            item=turn.get("item"),
        )

    def _node(self, step: Step) -> int:
        assert step.plan
        wanted = step.plan.step
        return next(i for i, one in enumerate(self._context.template.steps) if one is wanted)

    def _uses_facts(self, node: int) -> bool:
        return _STEPS in repr(self._context.template.steps[node])

    def prepare(self, batch: List[Step]) -> None:
        """Send what is known of earlier steps, once for all items of a loop."""
        for step in batch:
            node = self._node(step)
            if node in self._facts or not self._uses_facts(node):
                continue
            known = step.plan.names[_STEPS] if step.plan else {}
            told = {name: self._told(facts) for name, facts in known.items()}
            self._store.publish_facts(node, written_facts(told))
            self._facts[node] = True

    def _told(self, facts: Facts) -> Dict[str, Any]:
        told = dict(facts)
        if facts.lost:
            return dict(told, lost=facts.lost)
        passed = self._context.contents.passed_on(told.pop("output", None))
        if "lost" in passed:
            passed["lost"] = "this output does not travel to workers: {}".format(passed["lost"])
        return dict(told, **passed)


def _turn_of(step: Step) -> Mapping[str, Any]:
    """Return the names that a loop gives to a step of it."""
    assert step.plan
    return step.plan.names if step.plan.step.for_each is not None else {}
