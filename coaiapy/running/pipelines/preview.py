"""What a pipeline would run, as far as that is known before it runs; mistakes in it are found here."""

from typing import Any, List, NamedTuple, Optional

from coaiapy.running.pipelines.graph import Graph
from coaiapy.running.pipelines.steps import SUCCEEDED, LostError, Node, Step
from coaiapy.templating.language import TemplateError

_OUTPUT = "<output of {}>"


class PreviewedStep(NamedTuple):
    """A step, and its command for somebody to read; ``None`` for a mark."""

    name: str
    command: Optional[str]


def preview_graph(graph: Graph) -> List[PreviewedStep]:
    """Return what would run, each step as if all before it had succeeded.

    Where a command depends on the output of another, a placeholder stands for that. The graph
    cannot be run after this. Raises ``TemplateError`` for what is wrong with the template.
    """
    found: List[PreviewedStep] = []
    for node in graph.nodes:
        if node.steps is None:
            found.extend(_of_node(graph, node))
    return found


def _of_node(graph: Graph, node: Node) -> List[PreviewedStep]:
    try:
        steps = graph.plan(node)
    except TemplateError as error:
        if "steps" not in repr(node.step) or isinstance(error.__cause__, LostError):
            raise
        node.steps = []  # it cannot be known before the others have run
        return [PreviewedStep(node.step.name, _written(node.step.run))]
    for step in steps:
        _succeed(step)
    return [
        PreviewedStep(step.name, step.command and step.command.shown)
        for step in steps
        if not step.earlier
    ]


def _succeed(step: Step) -> None:
    step.state = SUCCEEDED
    if step.command:
        step.exit_code = 0
        step.output = _OUTPUT.format(step.name)


def _written(run: Any) -> Optional[str]:
    return run if run is None or isinstance(run, str) else " ".join(map(str, run))
