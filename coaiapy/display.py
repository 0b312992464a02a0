"""Records as people read them: trees, fields and moments, as text.

What a record says of itself is shown on one line, with what could steer a terminal as an escape.
"""

from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Set

from coaiapy import times
from coaiapy.record_fields import UNCONFIRMED, Body
from coaiapy.terminal_text import one_line, visible


class Strokes(NamedTuple):
    """The characters that a tree is drawn with."""

    branch: str
    last: str
    through: str


# What is said of a record that a server may not show yet, by its mark ``UNCONFIRMED``.
_UNCONFIRMED = {
    "waiting": "(not sent yet)",
    "rejected": "(refused by the server)",
    "sent": "(not shown by the server yet)",
}
# A tree is indented to this level; what lies deeper says its level instead.
MAX_INDENT = 50

LINES = Strokes("├─ ", "└─ ", "│  ")
ASCII = Strokes("|- ", "`- ", "|  ")


def strokes_for(stream: Any) -> Strokes:
    """Return lines where the stream's encoding can show them, else plain ASCII."""
    encoding = (getattr(stream, "encoding", None) or "utf-8").lower()
    return LINES if encoding.startswith("utf") else ASCII


def trace_tree(trace: Body, strokes: Strokes = LINES) -> str:
    """Return a trace's heading and its observations below their parents."""
    observations = trace.get("observations") or []
    return "\n".join([one_line(_heading(trace))] + list(_branches(observations, strokes)))


def session_tree(session: Body, strokes: Strokes = LINES) -> str:
    """Return a session's traces, one tree after the other."""
    count = counted(len(session["traces"]), "trace")
    heading = "session {}  {}".format(one_line(session["id"]), count)
    return "\n\n".join([heading] + [trace_tree(trace, strokes) for trace in session["traces"]])


def unconfirmed(body: Body) -> str:
    """Return what is to be said of a record that the server may not show yet, else nothing."""
    return _UNCONFIRMED.get(body.get(UNCONFIRMED, ""), "")


def fields(body: Body) -> str:
    """Return one record field by field; what is structured is shown as JSON."""
    shown = {name: _cell(value) for name, value in body.items() if name != UNCONFIRMED}
    if unconfirmed(body):
        shown["note"] = unconfirmed(body)
    width = max(len(name) for name in shown)
    margin = "\n" + " " * (width + 2)
    return "\n".join(
        "{:<{}}  {}".format(name, width, shown[name].replace("\n", margin)) for name in shown
    )


def counted(count: int, what: str) -> str:
    """Return how many there are of what is called ``what``: ``1 trace``, ``2 traces``."""
    return "{} {}{}".format(count, what, "" if count == 1 else "s")


def moment(time: Optional[str]) -> str:
    """Return a point in time to the second, in UTC; what is no time is shown as it is."""
    if not time:
        return ""
    try:
        return times.to_text(times.from_text(time))[:19].replace("T", " ") + "Z"
    except (ValueError, OverflowError, TypeError):
        return str(time)


def epoch_moment(seconds: Optional[float]) -> str:
    """Return a moment in seconds since 1970 to the second, in UTC."""
    return moment(times.parse_time(seconds)) if seconds else ""


def duration(start: Optional[str], end: Optional[str]) -> str:
    """Return how long it took, or nothing where that is not known."""
    if not start or not end:
        return ""
    try:
        seconds = (times.from_text(end) - times.from_text(start)).total_seconds()
    except (ValueError, OverflowError, TypeError):
        return ""
    if seconds < 60:
        return "{:.3g} s".format(seconds)
    minutes, rest = divmod(int(round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return "{} d {} h".format(days, hours)
    if hours:
        return "{} h {:02d} min".format(hours, minutes)
    return "{} min {:02d} s".format(minutes, rest)


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
    """Yield a line for each observation, below its parent and in the order given."""
    parents = {
        observation["id"]: observation.get("parentObservationId") for observation in observations
    }
    rings = _cut_rings(parents)
    children: Dict[Optional[str], List[Body]] = {}
    for observation in observations:
        parent = parents[observation["id"]]
        children.setdefault(parent if parent in parents else None, []).append(observation)
    waiting = _siblings(children, None, "", 1)
    while waiting:
        branch = waiting.pop()
        stroke = strokes.last if branch.is_last else strokes.branch
        note = _level(branch.level) + ("(its parents form a ring) " if branch.id in rings else "")
        yield branch.indent + stroke + note + one_line(_line(branch.observation))
        deeper = branch.indent
        if branch.level < MAX_INDENT:
            deeper += "   " if branch.is_last else strokes.through
        waiting.extend(_siblings(children, branch.id, deeper, branch.level + 1))


class _Branch(NamedTuple):
    """An observation at its place in the tree."""

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
    """Take the children of ``parent`` out, the last one first."""
    found = children.pop(parent, [])
    return [_Branch(one, indent, level, one is found[-1]) for one in reversed(found)]


def _cut_rings(parents: Dict[str, Optional[str]]) -> Set[str]:
    """Take the parent from one of each ring of observations; return those: they show the ring."""
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


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return visible(value)
    import json

    return json.dumps(value, ensure_ascii=False)
