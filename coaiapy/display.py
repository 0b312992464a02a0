"""Records as people read them: tables and trees, as text."""

from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Sequence

from coaiapy import times
from coaiapy.record_fields import Body


class Strokes(NamedTuple):
    """The characters that a tree is drawn with."""

    branch: str
    last: str
    through: str


LINES = Strokes("├─ ", "└─ ", "│  ")
ASCII = Strokes("|- ", "`- ", "|  ")


def strokes_for(stream: Any) -> Strokes:
    """Return lines where the stream's encoding can show them, else plain ASCII."""
    encoding = (getattr(stream, "encoding", None) or "utf-8").lower()
    return LINES if encoding.startswith("utf") else ASCII


def table(rows: Iterable[Sequence[Any]], headers: Sequence[str]) -> str:
    """Return rows under headers, in columns; nothing is cut."""
    from tabulate import tabulate

    cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
    return str(tabulate(cells, headers=headers, tablefmt="simple", disable_numparse=True))


def trace_table(traces: Iterable[Body]) -> str:
    """Return one line a trace."""
    rows = [
        (
            trace["id"],
            trace.get("name"),
            moment(trace.get("timestamp")),
            trace.get("userId"),
            trace.get("sessionId"),
            ", ".join(trace.get("tags") or ()),
        )
        for trace in traces
    ]
    return table(rows, ("Trace", "Name", "Started", "User", "Session", "Tags"))


def trace_tree(trace: Body, strokes: Strokes = LINES) -> str:
    """Return a trace's heading and its observations below their parents."""
    lines = [_heading(trace)]
    lines.extend(_branches(_children(trace), None, strokes, ""))
    return "\n".join(lines)


def session_tree(session: Body, strokes: Strokes = LINES) -> str:
    """Return a session's traces, one tree after the other."""
    heading = "session {}  {} traces".format(session["id"], len(session["traces"]))
    return "\n\n".join([heading] + [trace_tree(trace, strokes) for trace in session["traces"]])


def fields(body: Body) -> str:
    """Return one record field by field; what is structured is shown as JSON."""
    width = max(len(name) for name in body)
    return "\n".join("{:<{}}  {}".format(name, width, _cell(body[name])) for name in body)


def moment(time: Optional[str]) -> str:
    """Return a point in time to the second, in UTC."""
    return "{:%Y-%m-%d %H:%M:%S}Z".format(times.from_text(time)) if time else ""


def epoch_moment(seconds: Optional[float]) -> str:
    """Return a moment in seconds since 1970 to the second, in UTC."""
    return moment(times.parse_time(seconds)) if seconds else ""


def duration(start: Optional[str], end: Optional[str]) -> str:
    """Return how long it took, or nothing where there is no end."""
    if not start or not end:
        return ""
    seconds = (times.epoch_milliseconds(end) - times.epoch_milliseconds(start)) / 1000.0
    if seconds < 60:
        return "{:.3g} s".format(seconds)
    minutes, rest = divmod(int(round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return (
        "{} h {:02d} min".format(hours, minutes)
        if hours
        else "{} min {:02d} s".format(minutes, rest)
    )


def _heading(trace: Body) -> str:
    parts = ["trace {}".format(trace["id"])]
    if trace.get("name"):
        parts.insert(0, trace["name"])
    for name, label in (("userId", "user"), ("sessionId", "session"), ("environment", "env")):
        if trace.get(name):
            parts.append("{} {}".format(label, trace[name]))
    parts.append(moment(trace.get("timestamp")))
    return "  ".join(part for part in parts if part)


def _children(trace: Body) -> Dict[Optional[str], List[Body]]:
    """Return the observations by parent; one whose parent is not there is shown at the top."""
    observations = trace.get("observations") or []
    known = {observation["id"] for observation in observations}
    children: Dict[Optional[str], List[Body]] = {}
    for observation in observations:
        parent = observation.get("parentObservationId")
        children.setdefault(parent if parent in known else None, []).append(observation)
    return children


def _branches(
    children: Dict[Optional[str], List[Body]],
    parent: Optional[str],
    strokes: Strokes,
    indent: str,
) -> List[str]:
    lines = []
    siblings = children.pop(parent, [])
    for observation in siblings:
        is_last = observation is siblings[-1]
        lines.append(indent + (strokes.last if is_last else strokes.branch) + _line(observation))
        deeper = indent + ("   " if is_last else strokes.through)
        lines.extend(_branches(children, observation["id"], strokes, deeper))
    return lines


def _line(observation: Body) -> str:
    parts = ["{:<10}".format(observation.get("type", "")), observation.get("name") or "(no name)"]
    if observation.get("model"):
        parts.append(observation["model"])
    if observation.get("usageDetails"):
        counts = sorted(observation["usageDetails"].items())
        parts.append(" ".join("{}={}".format(name, count) for name, count in counts))
    parts.append(duration(observation.get("startTime"), observation.get("endTime")))
    level = observation.get("level", "DEFAULT")
    if level != "DEFAULT":
        parts.append("{} {}".format(level, observation.get("statusMessage", "")).strip())
    return "  ".join(part for part in parts if part)


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    import json

    return json.dumps(value, ensure_ascii=False)
