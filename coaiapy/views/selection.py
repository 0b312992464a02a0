"""Which observations of a trace are shown: those down to a depth, long ones, errors."""

from typing import List, NamedTuple

from coaiapy.langfuse.records.body import Body
from coaiapy.views.outline import outline, selected, with_last
from coaiapy.views.timeline import Timeline, milliseconds


class Selection(NamedTuple):
    """What is shown: 0 levels means all of them, 0 milliseconds any duration."""

    depth: int = 0
    shortest: float = 0
    errors: bool = False

    def accepts(self, observation: Body) -> bool:
        """Tell whether an observation is shown for its own sake."""
        if self.errors and observation.get("level") != "ERROR":
            return False
        if not self.shortest:
            return True
        start, end = (milliseconds(observation.get(name)) for name in ("startTime", "endTime"))
        return start is not None and end is not None and end - start >= self.shortest


def chosen(observations: List[Body], wanted: Selection) -> List[Body]:
    """Return the observations that are wanted and those above them, parents first."""
    nodes = outline(observations)
    kept = selected(nodes, lambda index: wanted.accepts(nodes[index].observation), wanted.depth)
    return [nodes[index].observation for index in kept]


def narrowed(line: Timeline, wanted: Selection) -> Timeline:
    """Return a timeline with the nodes that are wanted and those above them; all else is as it was."""
    kept = selected(
        line.nodes, lambda index: wanted.accepts(line.nodes[index].observation), wanted.depth
    )
    new_of = {index: new for new, index in enumerate(kept)}
    nodes = [line.nodes[index] for index in kept]
    nodes = with_last([node._replace(parent=new_of.get(node.parent, -1)) for node in nodes])
    path = {new_of[index]: window for index, window in line.path.items() if index in new_of}
    return line._replace(nodes=nodes, bars=[line.bars[index] for index in kept], path=path)
