"""The steps of a pipeline that runs, and what became of each."""

from typing import Any, Dict, Iterator, List, Optional

from coaiapy.langfuse.records import ids
from coaiapy.running.pipelines.earlier_run import DONE, EarlierStep
from coaiapy.templating.commands import Command
from coaiapy.templating.language import TemplateError
from coaiapy.templating.model import PipelineStep
from coaiapy.templating.render import Plan, RenderedStep

WAITING, RUNNING, SUCCEEDED, FAILED, SKIPPED = "waiting running succeeded failed skipped".split()
_ENDED = (SUCCEEDED, FAILED, SKIPPED)


class Step:
    """One observation to be: its state, and once it has ended its output and exit code.

    ``started`` and ``ended`` are seconds since 1970; ``reason`` says why it failed or was skipped.
    ``command`` is ``None`` for a mark, which has nothing to run; ``plan`` is what that was rendered
    from. ``before`` is the step that it has to wait for among those of the same loop. ``earlier``
    is what is known of it if an earlier run has done it; ``lost`` says why its output is not known
    then.
    """

    def __init__(self, name: str, rendered: Optional[RenderedStep], command: Any = None) -> None:
        self.name = name
        self.rendered = rendered
        self.command: Optional[Command] = command
        self.plan: Optional[Plan] = None
        self.id = ids.new_observation_id()
        self.parent: Optional["Step"] = None
        self.before: Optional["Step"] = None
        self.earlier: Optional[EarlierStep] = None
        self.lost = ""
        self.state = WAITING
        self.reason = ""
        self.output: Any = None
        self.exit_code: Optional[int] = None
        self.attempts: List[Dict[str, Any]] = []
        self.started: Optional[float] = None
        self.ended: Optional[float] = None

    @property
    def has_ended(self) -> bool:
        """Whether it neither waits nor runs."""
        return self.state in _ENDED

    @property
    def stops_others(self) -> bool:
        """Whether what needs it cannot run."""
        goes_on = self.command is not None and self.command.continue_on_error
        return self.state == SKIPPED or (self.state == FAILED and not goes_on)

    @property
    def was_done(self) -> bool:
        """Whether an earlier run has done its command."""
        return self.earlier is not None and self.earlier.state["kind"] == DONE

    def above(self) -> Iterator["Step"]:
        """Yield its ancestors; a parent is older than its children, so that is no circle."""
        above = self.parent
        while above is not None:
            yield above
            above = above.parent

    def skip(self, reason: str) -> None:
        """It will not run."""
        self.state, self.reason = SKIPPED, reason

    def recall(self, earlier: EarlierStep) -> None:
        """An earlier run has done it."""
        self.earlier, self.id, self.state = earlier, earlier.id, SUCCEEDED
        self.output, self.lost = earlier.state.get("output"), earlier.state.get("lost") or ""
        self.exit_code = earlier.state.get("exit_code")


def reason_after(stop: Step) -> str:
    """Return why what needs a step is skipped."""
    return stop.reason if stop.state == SKIPPED else "{!r} failed".format(stop.name)


class Node:
    """A step of the template. ``steps`` is ``None`` until it is planned; ``needs`` are indexes.

    Those of a loop run one after another if they are ``in_order``. If it is not ``selected``, it
    does not run; what an earlier run has done of it counts. With ``repeats``, that does not count.
    """

    def __init__(self, step: PipelineStep) -> None:
        self.step = step
        self.needs: List[int] = []
        self.steps: Optional[List[Step]] = None
        self.in_order = False
        self.selected = True
        self.repeats = False
        self._ended = 0

    @property
    def has_ended(self) -> bool:
        """Whether it was planned and nothing of it waits or runs."""
        if self.steps is None:
            return False
        while self._ended < len(self.steps) and self.steps[self._ended].has_ended:
            self._ended += 1  # what has ended is not asked again
        return self._ended == len(self.steps)

    def facts(self) -> Dict[str, Any]:
        """Return what expressions can use of it once it has ended, by the names of its steps."""
        facts = [_facts(step, self.step.name) for step in self.steps or ()]
        known = {step.name: own for step, own in zip(self.steps or (), facts)}
        if self.step.for_each is not None:
            known[self.step.name] = _all_facts(facts)
        elif facts:
            known[self.step.name] = facts[0]
        return known


class LostError(TemplateError):
    """An expression needs an output that was not kept."""


class Facts(Dict[str, Any]):
    """What is known of a step; ``lost`` is the error for whoever uses its output, which is not."""

    lost = ""

    def __missing__(self, key: str) -> Any:
        if self.lost and key == "output":
            raise LostError(self.lost)
        raise KeyError(key)


def _facts(step: Step, name: str) -> Dict[str, Any]:
    facts = Facts(exit_code=step.exit_code, status=step.state)
    if step.lost:
        said = "the output of {!r} was not kept, because {}: repeat it with --from {!r}"
        facts.lost = said.format(step.name, step.lost, name)
    else:
        facts["output"] = step.output
    return facts


def _all_facts(facts: List[Dict[str, Any]]) -> Dict[str, Any]:
    """Return the same for a step with a loop: the outputs as a list, the worst of the rest."""
    states = [one["status"] for one in facts]
    codes = [one["exit_code"] for one in facts if one["exit_code"] is not None]
    every = Facts(
        exit_code=max(codes) if codes else None,
        status=next((state for state in (FAILED, SKIPPED) if state in states), SUCCEEDED),
    )
    every.lost = next((one.lost for one in facts if isinstance(one, Facts) and one.lost), "")
    if not every.lost:
        every["output"] = [one["output"] for one in facts]
    return every
