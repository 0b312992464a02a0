"""The steps of a template as a graph, in the languages of Mermaid and Graphviz.

Whatever a name contains, it is only text there.
"""

import re
from typing import Callable, Dict, Iterator, List, NamedTuple

from coaiapy.templating.model import PipelineStep, PipelineTemplate
from coaiapy.util.text.wording import one_line

_LONGEST = 80
# What means something in a label of Mermaid, which is Markdown and HTML.
_MERMAID = re.compile(r"[^\w .,:=+()-]")


class Edge(NamedTuple):
    """A line from one step to another, by their numbers; ``waits`` if it stands for ``needs``."""

    start: int
    end: int
    waits: bool


def mermaid(template: PipelineTemplate) -> str:
    """Return a flowchart of Mermaid, as GitHub shows it in Markdown."""
    lines = ["flowchart TD"]
    for i, step in enumerate(template.steps):
        label = "<br>".join(_MERMAID.sub(_code, line) for line in _label(step))
        lines.append('  s{}["{}"]'.format(i, label))
    for edge in _edges(template):
        lines.append("  s{} {} s{}".format(edge.start, "-.->" if edge.waits else "-->", edge.end))
    return "\n".join(lines)


def _code(found: "re.Match[str]") -> str:
    return "#{};".format(ord(found.group()))


def dot(template: PipelineTemplate) -> str:
    """Return a graph of Graphviz."""
    lines = ["digraph template {", "  node [shape=box];"]
    for i, step in enumerate(template.steps):
        label = "\\n".join(_quoted(line) for line in _label(step))
        lines.append('  s{} [label="{}"];'.format(i, label))
    for edge in _edges(template):
        style = " [style=dashed]" if edge.waits else ""
        lines.append("  s{} -> s{}{};".format(edge.start, edge.end, style))
    return "\n".join(lines + ["}"])


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


# By the name of the language.
LANGUAGES: Dict[str, Callable[[PipelineTemplate], str]] = {"mermaid": mermaid, "dot": dot}


def _label(step: PipelineStep) -> List[str]:
    label = [step.name, step.observation_type]
    if step.for_each is not None:
        label.append("for each of {}".format(step.for_each))
    if step.conditional is not None:
        label.append("if {}".format(step.conditional))
    return [_cut(one_line(line)) for line in label]


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def _edges(template: PipelineTemplate) -> Iterator[Edge]:
    """Yield a line from each parent to its children, and from what a step needs to that."""
    numbers = {step.name: i for i, step in reversed(list(enumerate(template.steps)))}
    for i, step in enumerate(template.steps):
        if step.parent in numbers:
            yield Edge(numbers[step.parent], i, False)
        needs = [step.needs] if isinstance(step.needs, str) else step.needs or []
        for name in needs:
            if name in numbers and numbers[name] != i and name != step.parent:
                yield Edge(numbers[name], i, True)
