"""Traces and sessions drawn as plain trees.

Control characters in a record's texts are escaped, so that they cannot control the terminal.
"""

from typing import Iterator, List, NamedTuple

from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.records.display import pending_note
from coaiapy.langfuse.records.figures import cost
from coaiapy.langfuse.traces.display import price
from coaiapy.util.formats.json_values import text_or_json
from coaiapy.util.text.wording import counted, one_line
from coaiapy.util.times import duration, moment
from coaiapy.views.figures import counts, totals
from coaiapy.views.outline import LINES, Strokes, margins, outline


class Look(NamedTuple):
    """How a tree is drawn: its strokes, times in local time, costs with a total, input and output."""

    strokes: Strokes = LINES
    local: bool = False
    costs: bool = False
    contents: bool = False


class Line(NamedTuple):
    """A line of a picture, and the level of the observation that it shows."""

    text: str
    level: str = "DEFAULT"


PLAIN = Look()


def trace_lines(trace: Body, look: Look = PLAIN) -> List[Line]:
    """Return a trace's heading, then its observations as a tree, then what ``look`` asks for."""
    observations = trace.get("observations") or []
    lines = [Line(heading(trace, look.local))]
    lines += _contents(trace, "", look)
    lines += _branches(observations, look)
    return lines + ([Line(totals(observations))] if look.costs and observations else [])


def session_heading(session: Body) -> Line:
    """Return the line above the traces of a session."""
    count = counted(len(session["traces"]), "trace")
    return Line("session {}  {}".format(one_line(session["id"]), count))


def session_lines(session: Body) -> List[Line]:
    """Return a session's traces, one tree after the other."""
    lines = [session_heading(session)]
    for trace in session["traces"]:
        lines += [Line("")] + trace_lines(trace, PLAIN)
    return lines


def trace_tree(trace: Body) -> str:
    """Return a trace as a tree, as a pipe gets it."""
    return "\n".join(line.text for line in trace_lines(trace))


def session_tree(session: Body) -> str:
    """Return a session's traces as trees, as a pipe gets them."""
    return "\n".join(line.text for line in session_lines(session))


def heading(trace: Body, local: bool) -> str:
    """Return the line above a trace: its name, id, user, session, environment and time."""
    parts = ["trace {}".format(trace["id"])]
    if trace.get("name"):
        parts.insert(0, trace["name"])
    for name, label in (("userId", "user"), ("sessionId", "session"), ("environment", "env")):
        if trace.get(name):
            parts.append("{} {}".format(label, trace[name]))
    parts.append(moment(trace.get("timestamp"), local))
    parts.append(pending_note(trace))
    return one_line("  ".join(part for part in parts if part))


def _branches(observations: List[Body], look: Look) -> Iterator[Line]:
    """Yield a line for each observation, and perhaps its contents, below its parent."""
    nodes = outline(observations)
    for node, margin in zip(nodes, margins(nodes, look.strokes)):
        note = "(its parents form a cycle) " if node.in_cycle else ""
        shown = margin.own + note + one_line(_line(node.observation, look))
        yield Line(shown, node.observation.get("level") or "DEFAULT")
        yield from _contents(node.observation, margin.below, look)


def _contents(record: Body, margin: str, look: Look) -> Iterator[Line]:
    """Yield the input and the output of a record, each in one line, where they are asked for."""
    for name in ("input", "output") if look.contents else ():
        value = record.get(name)
        if value is not None:
            text = text_or_json(value)
            yield Line("{}{:<8}{}".format(margin, name + ":", one_line(text)))


def _line(observation: Body, look: Look) -> str:
    parts = ["{:<10}".format(observation.get("type", "")), observation.get("name") or "(no name)"]
    if observation.get("model"):
        parts.append(observation["model"])
    if observation.get("usageDetails"):
        parts.append(counts(observation["usageDetails"]))
    parts.append(duration(observation.get("startTime"), observation.get("endTime")))
    parts.append(price(cost(observation)) if look.costs else "")
    level = observation.get("level") or "DEFAULT"
    if level != "DEFAULT":
        parts.append(level)
    parts.append(observation.get("statusMessage") or "")
    parts.append(pending_note(observation))
    return "  ".join(part for part in parts if part)
