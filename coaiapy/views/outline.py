"""The observations of a trace as a tree: their order, levels, and the strokes in front of them."""

from typing import Any, Callable, Dict, Iterable, Iterator, List, NamedTuple, Optional, Set, Tuple

from coaiapy.langfuse.records.body import Body

# Deeper levels are not indented further; their lines begin with the number of the level.
MAX_INDENT = 50


class Strokes(NamedTuple):
    """The characters that a tree is drawn with."""

    branch: str
    last: str
    through: str


LINES = Strokes("├─ ", "└─ ", "│  ")
ASCII = Strokes("|- ", "`- ", "|  ")


class Node(NamedTuple):
    """An observation with its place in the tree: ``level`` is 1 for one without a parent.

    ``parent`` is the index of the parent's node, -1 if there is none. ``in_cycle`` says that its
    parents form a cycle, which is cut here.
    """

    observation: Body
    level: int
    parent: int
    is_last: bool
    in_cycle: bool = False


class Margin(NamedTuple):
    """What stands before the line of a node, and before lines that belong to it."""

    own: str
    below: str


def strokes_for(stream: Any) -> Strokes:
    """Return box-drawing characters if the stream's encoding has them, else ASCII."""
    encoding = (getattr(stream, "encoding", None) or "utf-8").lower()
    return LINES if encoding.startswith("utf") else ASCII


def outline(observations: Iterable[Body]) -> List[Node]:
    """Return a node for each observation, parents before their children.

    Siblings stay in the order given. A parent that is not among them counts as none.
    """
    known = list(observations)
    parents = {one["id"]: one.get("parentObservationId") for one in known}
    cycles = _break_cycles(parents)
    children: Dict[Optional[str], List[Body]] = {}
    for one in known:
        parent = parents[one["id"]]
        children.setdefault(parent if parent in parents else None, []).append(one)
    nodes: List[Node] = []
    waiting = _siblings(children, None, 1, -1, cycles)
    while waiting:
        node = waiting.pop()
        nodes.append(node)
        own_id = node.observation["id"]
        waiting += _siblings(children, own_id, node.level + 1, len(nodes) - 1, cycles)
    return nodes


def _siblings(
    children: Dict[Optional[str], List[Body]],
    parent_id: Optional[str],
    level: int,
    parent: int,
    cycles: Set[str],
) -> List[Node]:
    """Remove the children of a parent from ``children`` and return their nodes, the last first."""
    found = children.pop(parent_id, [])
    return [
        Node(one, level, parent, one is found[-1], one["id"] in cycles) for one in reversed(found)
    ]


def _break_cycles(parents: Dict[str, Optional[str]]) -> Set[str]:
    """Remove one link from every cycle in ``parents``, so that what remains is a forest.

    Returns the ids whose parent was removed. They become roots, and their lines tell of the cycle.
    """
    removed: Set[str] = set()
    settled: Set[str] = set()
    for start in parents:
        path: Set[str] = set()
        current: Optional[str] = start
        while current in parents and current not in settled and current not in path:
            path.add(str(current))
            current = parents[str(current)]
        if current in path:
            parents[str(current)] = None
            removed.add(str(current))
        settled |= path
    return removed


def selected(nodes: List[Node], is_wanted: Callable[[int], bool], depth: int = 0) -> List[int]:
    """Return the indexes of the nodes that are wanted, and of all that these stand below.

    With ``depth`` those of deeper levels are left out.
    """
    kept: Set[int] = set()
    for index in range(len(nodes)):
        if (not depth or nodes[index].level <= depth) and is_wanted(index):
            while index >= 0 and index not in kept:
                kept.add(index)
                index = nodes[index].parent
    return sorted(kept)


def with_last(nodes: List[Node]) -> List[Node]:
    """Return nodes, some of which may have been left out, with ``is_last`` as it is now."""
    last = {node.parent: index for index, node in enumerate(nodes)}
    return [node._replace(is_last=last[node.parent] == index) for index, node in enumerate(nodes)]


def margins(nodes: List[Node], strokes: Strokes) -> Iterator[Margin]:
    """Yield the strokes before each of ``nodes``."""
    indents: Dict[int, str] = {-1: ""}
    for index, node in enumerate(nodes):
        before = indents[node.parent]
        note = "(level {}) ".format(node.level) if node.level > MAX_INDENT else ""
        deeper = before
        if node.level < MAX_INDENT:
            deeper += "   " if node.is_last else strokes.through
        indents[index] = deeper
        has_children = index + 1 < len(nodes) and nodes[index + 1].parent == index
        below = deeper + (strokes.through if has_children else "   ")
        yield Margin(before + (strokes.last if node.is_last else strokes.branch) + note, below)


def children_of(nodes: List[Node]) -> Tuple[List[List[int]], List[int]]:
    """Return the indexes of the children of each node, and those of the nodes without a parent."""
    found: List[List[int]] = [[] for _ in nodes]
    roots: List[int] = []
    for index, node in enumerate(nodes):
        (found[node.parent] if node.parent >= 0 else roots).append(index)
    return found, roots
