"""The steps of a pipeline that runs: what needs what, which can start, and what became of each.

A step of the template makes its observations, one or one for each item, when all that it needs has
ended: only then are the outputs known that its expressions may use.
"""

from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional

from coaiapy.errors import NotFoundError, UsageError
from coaiapy.langfuse.records import ids
from coaiapy.templating.commands import Command, render_command
from coaiapy.templating.language import Language, TemplateError
from coaiapy.templating.model import PipelineStep, PipelineTemplate, names_of
from coaiapy.templating.render import Plan, RenderedStep, expanded, render_step
from coaiapy.util.text import did_you_mean

WAITING, RUNNING, SUCCEEDED, FAILED, SKIPPED = "waiting running succeeded failed skipped".split()
_ENDED = (SUCCEEDED, FAILED, SKIPPED)


class Step:
    """One observation to be: its state, and once it has ended its output and exit code.

    ``started`` and ``ended`` are seconds since 1970; ``reason`` says why it failed or was skipped.
    ``command`` is ``None`` for a mark, which has nothing to run.
    """

    def __init__(self, name: str, rendered: Optional[RenderedStep], command: Any = None) -> None:
        self.name = name
        self.rendered = rendered
        self.command: Optional[Command] = command
        self.id = ids.new_observation_id()
        self.parent: Optional["Step"] = None
        self.state = WAITING
        self.reason = ""
        self.output: Any = None
        self.exit_code: Optional[int] = None
        self.attempts: List[Dict[str, Any]] = []
        self.started: Optional[float] = None
        self.ended: Optional[float] = None

    @property
    def stops_others(self) -> bool:
        """Whether what needs it cannot run."""
        goes_on = self.command is not None and self.command.continue_on_error
        return self.state == SKIPPED or (self.state == FAILED and not goes_on)

    def skip(self, reason: str) -> None:
        """It will not run."""
        self.state, self.reason = SKIPPED, reason


class Node:
    """A step of the template. ``steps`` is ``None`` until it is planned; ``needs`` are indexes."""

    def __init__(self, step: PipelineStep, needs: List[int]) -> None:
        self.step = step
        self.needs = needs
        self.steps: Optional[List[Step]] = None

    @property
    def has_ended(self) -> bool:
        """Whether it was planned and nothing of it waits or runs."""
        return self.steps is not None and all(step.state in _ENDED for step in self.steps)


class Selection(NamedTuple):
    """Which steps of the template are to run: all, ``only`` one, or those from ``first`` on."""

    only: Optional[str] = None
    first: Optional[str] = None


class Graph:
    """All steps of a pipeline, in the template's order."""

    def __init__(
        self, template: PipelineTemplate, values: Mapping[str, Any], language: Language
    ) -> None:
        self.template = template
        self.names = names_of(template, values)
        self._language = language
        self.nodes = [Node(step, []) for step in template.steps]
        for i, node in enumerate(self.nodes):
            node.needs = self._needs(i)
        self._check_order()

    def select(self, selection: Selection) -> None:
        """Leave out the steps that were not asked for; what needs them does not wait for them."""
        first, last = 0, len(self.nodes)
        if selection.first is not None:
            first = self._index(selection.first)
        if selection.only is not None:
            first = self._index(selection.only)
            last = first + 1
        for i, node in enumerate(self.nodes):
            if not first <= i < last:
                node.steps = []

    def selected(self) -> List[PipelineStep]:
        """Return the steps of the template that are not planned yet."""
        return [node.step for node in self.nodes if node.steps is None]

    def steps(self) -> List[Step]:
        """Return the steps that were planned, in the template's order."""
        return [step for node in self.nodes for step in node.steps or ()]

    def plan_ready(self) -> Iterator[Step]:
        """Plan what needs nothing more that waits or runs, and yield its steps.

        Raises ``TemplateError``.
        """
        for node in self.nodes:
            needed = [self.nodes[i] for i in node.needs]
            if node.steps is None and all(one.has_ended for one in needed):
                stops = [s for one in needed for s in one.steps or () if s.stops_others]
                self._plan(node, stops[0] if stops else None)
                yield from node.steps or ()

    def skip_rest(self, reason: str) -> Iterator[Step]:
        """Skip, and yield, what has not been started."""
        for node in self.nodes:
            if node.steps is None:
                node.steps = [Step(node.step.name, None)]
            for step in node.steps:
                if step.state == WAITING:
                    step.skip(reason)
                    yield step

    def plan(self, node: Node) -> List[Step]:
        """Plan a node whatever it needs, and return its steps; raises ``TemplateError``."""
        self._plan(node, None)
        return node.steps or []

    def _plan(self, node: Node, stop: Optional[Step]) -> None:
        if stop:
            step = Step(node.step.name, None)
            why = stop.reason if stop.state == SKIPPED else "{!r} failed".format(stop.name)
            step.skip(why)
            node.steps = [step]
            return
        names = dict({"steps": self._known()}, **self.names)
        plans = expanded(self.template, node.step, names, self._language)
        node.steps = [self._step(plan) for plan in plans if plan.kept]
        self._check_names()

    def _step(self, plan: Plan) -> Step:
        rendered = render_step(self.template, plan, None, self._language)
        command = None
        if plan.step.run is not None:
            command = render_command(plan, plan.names, self._language)
        step = Step(plan.name, rendered, command)
        step.parent = self._parent(plan.parent or "", plan)
        return step

    def _parent(self, name: str, plan: Plan) -> Optional[Step]:
        """Return the step of this name; of one that was left out, that one's parent."""
        passed: List[str] = []
        while name and name not in passed:
            passed.append(name)
            made = [step for step in self.steps() if step.name == name]
            names = (name, plan.step.parent if len(passed) == 1 else name)
            node = next((one for one in self.nodes if one.step.name in names), None)
            made = made or (list(node.steps or ()) if node else [])
            if made:
                return made[0]
            if node is None:
                hint = did_you_mean(name, [one.step.name for one in self.nodes])
                said = "{}parent: there is no step {!r}{}".format(plan.where, name, hint)
                raise TemplateError(said)
            name = node.step.parent or ""
        return None

    def _known(self) -> Dict[str, Any]:
        """Return what expressions can use of the steps that have ended, by their names."""
        known: Dict[str, Any] = {}
        for node in self.nodes:
            if not node.has_ended:
                continue
            facts = [_facts(step) for step in node.steps or ()]
            for step, own in zip(node.steps or (), facts):
                known[step.name] = own
            if node.step.for_each is not None:
                known[node.step.name] = _all_facts(facts)
            elif facts:
                known[node.step.name] = facts[0]
        return known

    def _needs(self, i: int) -> List[int]:
        needs = self.nodes[i].step.needs
        if needs is None:
            return [i - 1] if i else []
        return [self._needed(name, i) for name in ([needs] if isinstance(needs, str) else needs)]

    def _needed(self, name: str, i: int) -> int:
        try:
            return self._index(name)
        except NotFoundError as error:
            said = "template {!r}, step {!r}, needs: {}"
            step = self.nodes[i].step.name
            raise TemplateError(said.format(self.template.name, step, error)) from error

    def _index(self, name: str) -> int:
        known = [node.step.name for node in self.nodes]
        if name in known:
            return known.index(name)
        shown = [self._shown_name(step) for step in known]
        if name in shown:
            return shown.index(name)
        raise NotFoundError("there is no step {!r}{}".format(name, did_you_mean(name, known)))

    def _shown_name(self, name: str) -> str:
        try:
            return str(self._language.render(name, self.names, "name"))
        except TemplateError:  # it has the item of a loop in it
            return name

    def _check_order(self) -> None:
        """Raise ``TemplateError`` if steps need one another in a circle."""
        done: List[int] = []
        while len(done) < len(self.nodes):
            ready = [
                i
                for i, node in enumerate(self.nodes)
                if i not in done and all(one in done for one in node.needs)
            ]
            if not ready:
                names = [n.step.name for i, n in enumerate(self.nodes) if i not in done]
                said = "template {!r}: needs: these steps wait for one another: {}"
                raise TemplateError(said.format(self.template.name, ", ".join(names)))
            done.extend(ready)

    def _check_names(self) -> None:
        seen = set()
        for step in self.steps():
            if step.name in seen:
                said = "template {!r}: two steps get the name {!r}"
                raise UsageError(said.format(self.template.name, step.name))
            seen.add(step.name)


def _facts(step: Step) -> Dict[str, Any]:
    return {"output": step.output, "exit_code": step.exit_code, "status": step.state}


def _all_facts(facts: List[Dict[str, Any]]) -> Dict[str, Any]:
    """Return the same for a step with a loop: the outputs as a list, the worst of the rest."""
    states = [one["status"] for one in facts]
    codes = [one["exit_code"] for one in facts if one["exit_code"] is not None]
    return {
        "output": [one["output"] for one in facts],
        "exit_code": max(codes) if codes else None,
        "status": next((state for state in (FAILED, SKIPPED) if state in states), SUCCEEDED),
    }
