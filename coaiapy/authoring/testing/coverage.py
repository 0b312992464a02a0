"""Watches which conditions and branches of a template are met while its tests run."""

from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Set, Tuple

from coaiapy.authoring.validation.names import texts
from coaiapy.templating.language import Language
from coaiapy.templating.model import PipelineTemplate
from coaiapy.templating.render import is_true
from coaiapy.util.text.wording import cut_repr

_BRANCH = " branch"
_CONDITION = ", conditional"
# A branch is known by its text, and the number of its "if" in there.
Branch = Tuple[str, int]


class Decisions:
    """What was true and what was false: conditions by the name of their step, branches."""

    def __init__(self) -> None:
        self.conditions: Dict[str, Set[bool]] = {}
        self.branches: Dict[Branch, Set[bool]] = {}


class RecordingLanguage(Language):
    """The language of templates, which notes what it decides, and whose functions never vary."""

    def __init__(self, decisions: Decisions) -> None:
        super().__init__(_constant_functions())
        self._decisions = decisions
        self._environment.filters[_BRANCH] = self._pass_branch

    def expression(self, text: str, names: Mapping[str, Any], where: str) -> Any:
        """Return the value of an expression; note whether a condition is true."""
        value = super().expression(text, names, where)
        if where.endswith(_CONDITION):
            step = where[where.index(", step ") + len(", step ") : -len(_CONDITION)]
            self._decisions.conditions.setdefault(step, set()).add(is_true(value))
        return value

    def parsed(self, text: str, tree: Any, nodes: Any) -> None:
        """Let each decision in a text pass a filter that notes it."""
        for number, node in enumerate(list(tree.find_all((nodes.If, nodes.CondExpr)))):
            self._decisions.branches.setdefault((text, number), set())
            place = [nodes.Const(text, lineno=1), nodes.Const(number, lineno=1)]
            node.test = nodes.Filter(node.test, _BRANCH, place, [], None, None, lineno=1)

    def _pass_branch(self, value: Any, text: str, number: int) -> Any:
        self._decisions.branches[text, number].add(bool(value))
        return value


def _constant_functions() -> Dict[str, Callable[[], str]]:
    made: List[int] = []

    def uuid4() -> str:
        made.append(len(made) + 1)
        return "00000000-0000-4000-8000-{:012d}".format(len(made))

    def now() -> str:
        return "2000-01-01T00:00:00.000Z"

    return {"uuid4": uuid4, "now": now, "timestamp": now}


class Coverage(NamedTuple):
    """How many conditions and branches a template has, and which were never met."""

    conditions: int
    never_true: List[str]
    never_false: List[str]
    branches: int
    never_taken: List[str]

    def lines(self) -> Iterator[str]:
        """Yield a sentence on each kind that was not met everywhere."""
        for missed, of, what in (
            (self.never_true, self.conditions, "conditions never true"),
            (self.never_false, self.conditions, "conditions never false"),
            (self.never_taken, self.branches, "branches never taken"),
        ):
            if missed:
                yield "{} ({} of {}): {}".format(what, len(missed), of, ", ".join(missed))


def coverage(template: PipelineTemplate, decisions: Decisions) -> Coverage:
    """Return what was met of a template."""
    conditions = [
        repr(step.name)
        for step in template.steps
        if isinstance(step.conditional, str) and step.conditional.strip()
    ]
    every = Decisions()
    language = RecordingLanguage(every)
    for text in texts(template, language):
        text.find(language)
    met = decisions.conditions
    return Coverage(
        len(conditions),
        [name for name in conditions if True not in met.get(name, ())],
        [name for name in conditions if False not in met.get(name, ())],
        2 * len(every.branches),
        [
            "{} of if {} in {}".format("then" if way else "else", number + 1, cut_repr(text))
            for text, number in sorted(every.branches)
            for way in (True, False)
            if way not in decisions.branches.get((text, number), ())
        ],
    )
