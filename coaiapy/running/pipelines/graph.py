"""The graph of a pipeline: what needs what, and which steps can start.

A step of the template makes its observations, one or one for each item, when all that it needs has
ended: only then are the outputs known that its expressions may use.
"""

from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Set

from coaiapy.errors import NotFoundError
from coaiapy.running.pipelines.earlier_run import EarlierRun, EarlierStep
from coaiapy.running.pipelines.steps import FAILED, WAITING, Node, Step, reason_after
from coaiapy.templating.commands import render_command
from coaiapy.templating.language import Language, TemplateError
from coaiapy.templating.model import PipelineStep, PipelineTemplate, names_of
from coaiapy.templating.render import Plan, expanded, render_step
from coaiapy.util.text.wording import did_you_mean


class Selection(NamedTuple):
    """Which steps of the template are to run: all, ``only`` one, or those from ``first`` on."""

    only: Optional[str] = None
    first: Optional[str] = None


class Outlined(NamedTuple):
    """A step as it stands in a tree; ``step`` is ``None`` until it is planned."""

    name: str
    depth: int
    step: Optional[Step]


class Graph:
    """All steps of a pipeline, in the template's order.

    ``past`` is an earlier run that goes on.
    """

    def __init__(
        self,
        template: PipelineTemplate,
        values: Mapping[str, Any],
        language: Language,
        past: Optional[EarlierRun] = None,
    ) -> None:
        self.template = template
        self.names = names_of(template, values)
        self._language = language
        self._past = past
        self._made: Dict[str, Step] = {}
        self._facts: Dict[str, Any] = {}
        self.nodes = [Node(step) for step in template.steps]
        self._indexes = {node.step.name: i for i, node in reversed(list(enumerate(self.nodes)))}
        for i, node in enumerate(self.nodes):
            node.needs = self._needs(i)
            if node.step.for_each is not None and i in node.needs:
                node.needs.remove(i)
                node.in_order = True
        self._check_order()
        self._unknown = list(self.nodes)

    def select(self, selection: Selection, repeats: bool = False) -> None:
        """Leave out the steps that were not asked for; what needs them does not wait for them.

        What an earlier run has done of those that are asked for is done again with ``repeats``.
        """
        first, last = 0, len(self.nodes)
        if selection.first is not None:
            first = self._index(selection.first)
        if selection.only is not None:
            first = self._index(selection.only)
            last = first + 1
        for i, node in enumerate(self.nodes):
            node.repeats = repeats
            if not first <= i < last:
                node.selected = False
                node.steps = None if self._past else []

    def selected(self) -> List[PipelineStep]:
        """Return the steps of the template that were asked for."""
        return [node.step for node in self.nodes if node.selected]

    def steps(self) -> List[Step]:
        """Return the steps that were planned, in the template's order."""
        return [step for node in self.nodes for step in node.steps or ()]

    def outline(self) -> Iterator[Outlined]:
        """Yield every step in the template's order; of one that is not planned only its name."""
        for node in self.nodes:
            if node.steps is None:
                name = self._shown_name(node.step.name)
                yield Outlined(name, self._depth(node), None)
            for step in node.steps or ():
                yield Outlined(step.name, sum(1 for _ in step.above()), step)

    def _depth(self, node: Node) -> int:
        passed: List[int] = []
        index = self._indexes.get(node.step.parent or "")
        while index is not None and index not in passed:
            passed.append(index)
            index = self._indexes.get(self.nodes[index].step.parent or "")
        return len(passed)

    def plan_ready(self) -> Iterator[Step]:
        """Plan what needs nothing more that waits or runs, and yield its steps.

        What the template does wrong there, which nobody could know before, is a step that fails.
        """
        for node in self.nodes:
            if node.steps is not None:
                continue
            needed = [self.nodes[i] for i in node.needs]
            if all(one.has_ended for one in needed):
                stops = (s for one in needed for s in one.steps or () if s.stops_others)
                try:
                    yield from self._plan(node, next(stops, None))
                except TemplateError as error:
                    step = Step(node.step.name, None)
                    step.state, step.reason = FAILED, str(error)
                    node.steps = [step]
                    yield step

    def skip_rest(self, reason: str) -> Iterator[Step]:
        """Skip, and yield, what has not been started."""
        for node in self.nodes:
            if node.steps is None:
                node.steps = [Step(node.step.name, None)] if node.selected else []
            for step in node.steps:
                if step.state == WAITING:
                    step.skip(reason)
                    yield step

    def plan(self, node: Node) -> List[Step]:
        """Plan a node whatever it needs, and return its steps; raises ``TemplateError``."""
        return self._plan(node, None)

    def _plan(self, node: Node, stop: Optional[Step]) -> List[Step]:
        if stop and node.selected:
            step = Step(node.step.name, None)
            step.skip(reason_after(stop))
            node.steps = [step]
            return node.steps
        names = dict({"steps": self._known()}, **self.names)
        try:
            plans = expanded(self.template, node.step, names, self._language)
        except TemplateError:
            if node.selected:
                raise
            plans = []
        kept = [plan for plan in plans if plan.kept]
        if not node.selected:
            kept = [plan for plan in kept if self._recalled(node, plan.name)]
        node.steps = [self._step(node, plan) for plan in kept]
        if node.in_order:
            for before, step in zip(node.steps, node.steps[1:]):
                step.before = before
        return node.steps

    def _step(self, node: Node, plan: Plan) -> Step:
        earlier = self._recalled(node, plan.name)
        if earlier:
            step = Step(plan.name, None)
            step.recall(earlier)
        else:
            rendered = render_step(self.template, plan, None, self._language)
            command = render_command(plan, plan.names, self._language)
            step = Step(plan.name, rendered, command)
            step.plan = plan
        step.parent = self._parent(plan.parent or "", plan)
        if plan.name in self._made:
            said = "template {!r}: two steps get the name {!r}"
            raise TemplateError(said.format(self.template.name, plan.name))
        self._made[plan.name] = step
        return step

    def _recalled(self, node: Node, name: str) -> Optional[EarlierStep]:
        """Return what an earlier run has done under this name, if that counts."""
        if self._past is None or (node.selected and node.repeats):
            return None
        return self._past.step(name)

    def _parent(self, name: str, plan: Plan) -> Optional[Step]:
        """Return the step of this name; of one that was left out, that one's parent."""
        passed: List[str] = []
        while name and name not in passed:
            passed.append(name)
            index = self._indexes.get(name)
            if index is None and len(passed) == 1:
                index = self._indexes.get(plan.step.parent or "")
            node = None if index is None else self.nodes[index]
            made = [self._made[name]] if name in self._made else list((node and node.steps) or ())
            if made:
                return made[0]
            if node is None:
                hint = did_you_mean(name, self._indexes)
                said = "{}parent: there is no step {!r}{}".format(plan.where, name, hint)
                raise TemplateError(said)
            name = node.step.parent or ""
        return None

    def _known(self) -> Dict[str, Any]:
        """Return what expressions can use of the steps that have ended, by their names."""
        for node in [one for one in self._unknown if one.has_ended]:
            self._facts.update(node.facts())
            self._unknown.remove(node)
        return self._facts

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
        if name in self._indexes:
            return self._indexes[name]
        known = [node.step.name for node in self.nodes]
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
        done: Set[int] = set()
        waiting = list(range(len(self.nodes)))
        while waiting:
            for i in waiting:
                if done.issuperset(self.nodes[i].needs):
                    done.add(i)
            left = [i for i in waiting if i not in done]
            if left == waiting:
                names = [self.nodes[i].step.name for i in waiting]
                said = "template {!r}: needs: these steps wait for one another: {}"
                raise TemplateError(said.format(self.template.name, ", ".join(names)))
            waiting = left
