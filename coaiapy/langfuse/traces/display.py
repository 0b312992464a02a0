"""Traces and sessions drawn as trees, and the columns that list them.

Control characters in a record's texts are escaped, so that they cannot control the terminal.
"""

import json
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Set

from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.records.display import pending_note
from coaiapy.util.text import counted, one_line
from coaiapy.util.times import duration, moment


class Strokes(NamedTuple):
    """The characters that a tree is drawn with."""

    branch: str
    last: str
    through: str


# Deeper levels are not indented further; their lines begin with the number of the level.
MAX_INDENT = 50

LINES = Strokes("├─ ", "└─ ", "│  ")
ASCII = Strokes("|- ", "`- ", "|  ")


class Look(NamedTuple):
    """How a tree is drawn: its strokes, times in local time, costs with a total, input and output."""

    strokes: Strokes = LINES
    local: bool = False
    costs: bool = False
    contents: bool = False


class Line(NamedTuple):
    """A line of a tree, and the level of the observation that it shows."""

    text: str
    level: str = "DEFAULT"


PLAIN = Look()
TRACE_COLUMNS = {
    "id": "Trace",
    "name": "Name",
    "timestamp": "Started",
    "userId": "User",
    "sessionId": "Session",
    "tags": "Tags",
}
OBSERVATION_COLUMNS = {
    "id": "Observation",
    "traceId": "Trace",
    "type": "Type",
    "name": "Name",
    "startTime": "Started",
    "level": "Level",
    "model": "Model",
}
SESSION_COLUMNS = {"id": "Session", "createdAt": "Created", "environment": "Environment"}
NODE_COLUMNS = {"trace_id": "Trace", "name": "Name"}


def strokes_for(stream: Any) -> Strokes:
    """Return box-drawing characters if the stream's encoding has them, else ASCII."""
    encoding = (getattr(stream, "encoding", None) or "utf-8").lower()
    return LINES if encoding.startswith("utf") else ASCII


def trace_lines(trace: Body, look: Look = PLAIN) -> List[Line]:
    """Return a trace's heading, then its observations as a tree, then what ``look`` asks for."""
    observations = trace.get("observations") or []
    lines = [Line(one_line(_heading(trace, look)))]
    lines += _contents(trace, "", look)
    lines += _branches(observations, look)
    return lines + ([Line(totals(observations))] if look.costs and observations else [])


def session_lines(session: Body, look: Look = PLAIN) -> List[Line]:
    """Return a session's traces, one tree after the other."""
    count = counted(len(session["traces"]), "trace")
    lines = [Line("session {}  {}".format(one_line(session["id"]), count))]
    for trace in session["traces"]:
        lines += [Line("")] + trace_lines(trace, look)
    return lines


def trace_tree(trace: Body) -> str:
    """Return a trace as a tree, as a pipe gets it."""
    return "\n".join(line.text for line in trace_lines(trace))


def session_tree(session: Body) -> str:
    """Return a session's traces as trees, as a pipe gets them."""
    return "\n".join(line.text for line in session_lines(session))


def _heading(trace: Body, look: Look) -> str:
    parts = ["trace {}".format(trace["id"])]
    if trace.get("name"):
        parts.insert(0, trace["name"])
    for name, label in (("userId", "user"), ("sessionId", "session"), ("environment", "env")):
        if trace.get(name):
            parts.append("{} {}".format(label, trace[name]))
    parts.append(moment(trace.get("timestamp"), look.local))
    parts.append(pending_note(trace))
    return "  ".join(part for part in parts if part)


def _branches(observations: List[Body], look: Look) -> Iterator[Line]:
    """Yield a line for each observation, and perhaps its contents, below its parent; siblings stay in the order given."""
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
        stroke = look.strokes.last if branch.is_last else look.strokes.branch
        note = _level(branch.level) + ("(its parents form a cycle) " if branch.id in rings else "")
        shown = branch.indent + stroke + note + one_line(_line(branch.observation, look))
        yield Line(shown, branch.observation.get("level") or "DEFAULT")
        deeper = branch.indent
        if branch.level < MAX_INDENT:
            deeper += "   " if branch.is_last else look.strokes.through
        margin = deeper + (look.strokes.through if branch.id in children else "   ")
        yield from _contents(branch.observation, margin, look)
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


def _contents(record: Body, margin: str, look: Look) -> Iterator[Line]:
    """Yield the input and the output of a record, each in one line, where they are asked for."""
    for name in ("input", "output") if look.contents else ():
        value = record.get(name)
        if value is not None:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            yield Line("{}{:<8}{}".format(margin, name + ":", one_line(text)))


def _line(observation: Body, look: Look) -> str:
    parts = ["{:<10}".format(observation.get("type", "")), observation.get("name") or "(no name)"]
    if observation.get("model"):
        parts.append(observation["model"])
    if observation.get("usageDetails"):
        parts.append(_counts(observation["usageDetails"]))
    parts.append(duration(observation.get("startTime"), observation.get("endTime")))
    parts.append(price(_cost(observation)) if look.costs else "")
    level = observation.get("level") or "DEFAULT"
    if level != "DEFAULT":
        parts.append(level)
    parts.append(observation.get("statusMessage") or "")
    parts.append(pending_note(observation))
    return "  ".join(part for part in parts if part)


def totals(observations: List[Body]) -> str:
    """Return how many observations there are, how long they took together, and what they cost."""
    usage: Dict[str, float] = {}
    for observation in observations:
        for name, count in (observation.get("usageDetails") or {}).items():
            usage[name] = usage.get(name, 0) + count
    starts = [one["startTime"] for one in observations if one.get("startTime")]
    ends = [one["endTime"] for one in observations if one.get("endTime")]
    taken = duration(min(starts), max(ends)) if starts and ends else ""
    cost = sum(map(_cost, observations))
    parts = ["total", counted(len(observations), "observation"), _counts(usage), taken, price(cost)]
    return "  ".join(part for part in parts if part)


def price(dollars: float) -> str:
    """Return US dollars, such as ``$0.0012``; empty for nothing."""
    if not dollars:
        return ""
    if abs(dollars) < 0.000001:
        return "${:.1e}".format(dollars)
    whole, _, cents = "{:.6f}".format(dollars).partition(".")
    return "${}.{}".format(whole, cents.rstrip("0").ljust(2, "0"))


def _cost(observation: Body) -> float:
    details = observation.get("costDetails") or {}
    return float(details["total"] if "total" in details else sum(details.values()))


def _counts(usage: Body) -> str:
    return " ".join("{}={}".format(name, count) for name, count in sorted(usage.items()))
