"""Figures as people read them: milliseconds as seconds, rates in percent, costs in dollars."""

from typing import Any, Dict, Iterator, List, Optional

from coaiapy.langfuse.read.figures.groups import LEVELS, TIME_KEYS
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.records.figures import cost, figures_of
from coaiapy.langfuse.traces.display import price
from coaiapy.util.text.wording import one_line
from coaiapy.util.times import moment

# What a group without a value is called.
NO_VALUE = "(none)"
_HEADINGS = {
    "count": "Count",
    "errors": "Errors",
    "errorRate": "Error rate",
    "p50Latency": "p50",
    "p95Latency": "p95",
    "p99Latency": "p99",
    "inputTokens": "In",
    "outputTokens": "Out",
    "cachedTokens": "Cached",
    "totalCost": "Cost",
}
_WORST = {
    "id": "Observation",
    "traceId": "Trace",
    "type": "Type",
    "name": "Name",
    "model": "Model",
    "startTime": "Started",
}
_WORST_FIGURES = {"duration": "Duration", "tokens": "Tokens", "cost": "Cost"}
_BARS = "▁▂▃▄▅▆▇█"


def columns(by: Optional[str]) -> Dict[str, str]:
    """Return the columns of a table of figures, which may be grouped by ``by``."""
    group = {by: by.capitalize() if by.isalpha() else by} if by else {}
    return dict(group, **_HEADINGS)


def readable(row: Body, by: Optional[str]) -> Body:
    """Return a row of figures as texts; one that has figures of an earlier time has both."""
    shown = {by: NO_VALUE if row[by] is None else row[by]} if by else {}
    before = row.get("before")
    for name in _HEADINGS:
        text = _text(name, row[name])
        if "before" in row and before is None:
            text += " (new)" if name == "count" else ""
        elif before is not None and before[name] != row[name]:
            text += " (was {})".format(_text(name, before[name]))
        shown[name] = text
    return shown


def _text(name: str, value: Any) -> str:
    if value is None:
        return "-"
    if name in LEVELS:
        return taken(value)
    if name == "errorRate":
        return "{:.3g}%".format(value * 100)
    return price(value) or "$0" if name == "totalCost" else "{:,}".format(value)


def taken(milliseconds: Optional[float]) -> str:
    """Return a duration, such as ``120 ms``, ``1.25 s`` or ``3 min 05 s``; ``-`` for none."""
    if milliseconds is None:
        return "-"
    if abs(milliseconds) < 1000:
        return "{:.3g} ms".format(milliseconds)
    seconds = milliseconds / 1000
    if seconds < 60:
        return "{:.3g} s".format(seconds)
    minutes, rest = divmod(int(round(seconds)), 60)
    return "{:,} min {:02d} s".format(minutes, rest)


def worst_columns(is_data: bool) -> Dict[str, str]:
    """Return the columns of the worst observations; as data they have only fields of their own."""
    return _WORST if is_data else dict(_WORST, **_WORST_FIGURES)


def readable_worst(body: Body) -> Body:
    """Return an observation with its figures as texts."""
    one = figures_of(body)
    tokens = one.input_tokens + one.output_tokens
    return dict(
        body, duration=taken(one.duration), tokens="{:,.0f}".format(tokens), cost=price(cost(body))
    )


def tail_line(kind: str, body: Body, local: bool = False) -> str:
    """Return one line about a trace or an observation that is new."""
    if kind == "trace":
        parts = [moment(body["timestamp"], local), "TRACE     ", body.get("name"), body["id"]]
        parts += [body.get("userId"), body.get("sessionId")]
    else:
        one = figures_of(body)
        parts = [
            moment(body["startTime"], local),
            "{:<10}".format(one.type),
            one.name or "(no name)",
        ]
        parts += [one.model, taken(one.duration), price(one.cost)]
        parts += [one.level if one.level != "DEFAULT" else "", body.get("statusMessage")]
        parts.append("of trace {}".format(body["traceId"]))
    return one_line("  ".join(str(part) for part in parts if part and part != "-"))


def sparklines(rows: List[Body], by: Optional[str]) -> Iterator[str]:
    """Yield the course of the figures over days or hours, as lines; none for other groups."""
    if by not in TIME_KEYS or len(rows) < 2:
        return
    for name in ("count", "errors", "p95Latency", "inputTokens", "outputTokens", "totalCost"):
        values = [row[name] or 0 for row in rows]
        if any(values):
            largest = _text(name, max(values))
            yield "{:<10} {}  at most {}".format(_HEADINGS[name], sparkline(values), largest)


def sparkline(values: List[float]) -> str:
    """Return a bar for each value; the largest is full."""
    most = max(values) or 1
    return "".join(_BARS[min(7, int(value / most * 7 + 0.5))] for value in values)
