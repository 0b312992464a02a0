"""Traces and sessions drawn as trees, and the columns that list them.

Control characters in a record's texts are escaped, so that they cannot control the terminal.
"""

from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Set

from coaiapy.listing import unconfirmed
from coaiapy.record_fields import Body
from coaiapy.terminal_text import one_line
from coaiapy.text import counted
from coaiapy.times import duration, moment


class Strokes(NamedTuple):
    """The characters that a tree is drawn with."""

    branch: str
    last: str
    through: str


# Deeper levels are not indented further; their lines begin with the number of the level.
MAX_INDENT = 50

LINES = Strokes("├─ ", "└─ ", "│  ")
ASCII = Strokes("|- ", "`- ", "|  ")

TRACE_COLUMNS = {
    "id": "Trace",
    "name": "Name",
    "timestamp": "Started",
    "userId": "User",
    "sessionId": "Session",
    "tags": "Tags",
}


def strokes_for(stream: Any) -> Strokes:
    """Return box-drawing characters if the stream's encoding has them, else ASCII."""
    encoding = (getattr(stream, "encoding", None) or "utf-8").lower()
    return LINES if encoding.startswith("utf") else ASCII


def trace_tree(trace: Body, strokes: Strokes = LINES) -> str:
    """Return a trace's heading, then its observations as a tree."""
    observations = trace.get("observations") or []
    return "\n".join([one_line(_heading(trace))] + list(_branches(observations, strokes)))


def session_tree(session: Body, strokes: Strokes = LINES) -> str:
    """Return a session's traces, one tree after the other."""
    count = counted(len(session["traces"]), "trace")
    heading = "session {}  {}".format(one_line(session["id"]), count)
    return "\n\n".join([heading] + [trace_tree(trace, strokes) for trace in session["traces"]])


def _heading(trace: Body) -> str:
    parts = ["trace {}".format(trace["id"])]
    if trace.get("name"):
        parts.insert(0, trace["name"])
    for name, label in (("userId", "user"), ("sessionId", "session"), ("environment", "env")):
        if trace.get(name):
            parts.append("{} {}".format(label, trace[name]))
    parts.append(moment(trace.get("timestamp")))
    parts.append(unconfirmed(trace))
    return "  ".join(part for part in parts if part)


def _branches(observations: List[Body], strokes: Strokes) -> Iterator[str]:
    """Yield a line for each observation, below its parent; siblings stay in the order given."""
    parents = {
        observation["id"]: observation.get("parentObservationId") for observation in observations
    }
    rings = _break_cycles(parents)
    children: Dict[Optional[str], List[Body]] = {}
    for observation in observations:
        parent = parents[observation["id"]]
        children.setdefault(parent if parent in parents else None, []).append(observation)
    waiting = _siblings(children, None, "", 1)
    while waiting:
        branch = waiting.pop()
        stroke = strokes.last if branch.is_last else strokes.branch
        note = _level(branch.level) + ("(its parents form a cycle) " if branch.id in rings else "")
        yield branch.indent + stroke + note + one_line(_line(branch.observation))
        deeper = branch.indent
        if branch.level < MAX_INDENT:
            deeper += "   " if branch.is_last else strokes.through
        waiting.extend(_siblings(children, branch.id, deeper, branch.level + 1))


class _Branch(NamedTuple):
    """An observation with its place in the tree."""

    observation: Body
    indent: str
    level: int
    is_last: bool

    @property
    def id(self) -> str:
        return str(self.observation["id"])


def _siblings(
    children: Dict[Optional[str], List[Body]], parent: Optional[str], indent: str, level: int
) -> List[_Branch]:
    """Remove the children of ``parent`` from ``children`` and return them, the last one first."""
    found = children.pop(parent, [])
    return [_Branch(one, indent, level, one is found[-1]) for one in reversed(found)]


def _break_cycles(parents: Dict[str, Optional[str]]) -> Set[str]:
    """Remove one link from every cycle in ``parents``, so that what remains is a forest.

    Returns the ids whose parent was removed. They become roots, and their lines tell of the cycle.
    """
    cut: Set[str] = set()
    settled: Set[str] = set()
    for start in parents:
        path: Set[str] = set()
        current: Optional[str] = start
        while current in parents and current not in settled and current not in path:
            path.add(str(current))
            current = parents[str(current)]
        if current in path:
            parents[str(current)] = None
            cut.add(str(current))
        settled |= path
    return cut


def _level(level: int) -> str:
    return "(level {}) ".format(level) if level > MAX_INDENT else ""


def _line(observation: Body) -> str:
    parts = ["{:<10}".format(observation.get("type", "")), observation.get("name") or "(no name)"]
    if observation.get("model"):
        parts.append(observation["model"])
    if observation.get("usageDetails"):
        counts = sorted(observation["usageDetails"].items())
        parts.append(" ".join("{}={}".format(name, count) for name, count in counts))
    parts.append(duration(observation.get("startTime"), observation.get("endTime")))
    level = observation.get("level") or "DEFAULT"
    if level != "DEFAULT":
        parts.append(level)
    parts.append(observation.get("statusMessage") or "")
    parts.append(unconfirmed(observation))
    return "  ".join(part for part in parts if part)
