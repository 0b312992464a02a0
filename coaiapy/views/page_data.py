"""What a page shows, as JSON that may stand in a script element."""

import json
from typing import Any, Dict, Iterable, List, Tuple

from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.records.display import pending_note
from coaiapy.langfuse.records.fields import UNCONFIRMED
from coaiapy.langfuse.records.figures import ERROR, cost
from coaiapy.langfuse.traces.display import price
from coaiapy.util.times import span
from coaiapy.views.figures import tokens, usage_of
from coaiapy.views.outline import Node
from coaiapy.views.timeline import Timeline, timeline

# Characters that could end the element that the data stands in. JSON allows them as escapes.
_ESCAPES = {ord(character): "\\u{:04x}".format(ord(character)) for character in "<>&"}
Fact = Tuple[str, Any]


def page_data(kind: str, title: str, facts: List[Fact], traces: Iterable[Body], utc: bool) -> str:
    """Return the JSON that the script of the page reads.

    ``kind`` is ``trace``, ``session`` or ``traces``; ``facts`` are what stands below the title.
    """
    data = {
        "kind": kind,
        "title": title,
        "facts": facts,
        "utc": utc,
        "traces": [_trace(trace) for trace in traces],
    }
    return _embedded(data)


def report_of(title: str, facts: List[Fact], sections: List[Body], utc: bool) -> str:
    """Return the JSON for the page of a report; ``report_data`` makes the ``sections``."""
    data = {"kind": "report", "title": title, "facts": facts, "utc": utc, "sections": sections}
    return _embedded(data)


def _embedded(data: Any) -> str:
    return json.dumps(data, separators=(",", ":")).translate(_ESCAPES)


def _trace(trace: Body) -> Dict[str, Any]:
    observations = trace.get("observations") or []
    line = timeline(observations)
    own = {
        name: value for name, value in trace.items() if name not in ("observations", UNCONFIRMED)
    }
    name = str(trace.get("name") or trace["id"])
    figures = {
        "errors": sum(one.get("level") == ERROR for one in observations),
        "tokens": tokens({"usageDetails": usage_of(observations)}),
        "cost": price(sum(map(cost, observations))),
    }
    return {
        "id": trace["id"],
        "name": name,
        "timestamp": trace.get("timestamp", ""),
        "begin": line.begin,
        "length": line.length,
        "gaps": [[gap.start, gap.end, gap.after, gap.before] for gap in line.gaps],
        "figures": figures,
        "facts": _facts(trace, line, figures),
        "whole": {"name": name, "detail": _json(own)},
        "rows": [_row(line, index, node) for index, node in enumerate(line.nodes)],
    }


def _facts(trace: Body, line: Timeline, figures: Dict[str, Any]) -> List[Fact]:
    facts = [
        ("trace", trace["id"]),
        ("session", trace.get("sessionId", "")),
        ("user", trace.get("userId", "")),
        ("environment", trace.get("environment", "")),
        ("started", trace.get("timestamp", "")),
        ("took", span(line.length / 1000) if line.length else ""),
        ("observations", len(line.nodes)),
        ("errors", figures["errors"] or ""),
        ("tokens", figures["tokens"]),
        ("cost", figures["cost"]),
        ("note", pending_note(trace)),
    ]
    return [(name, value) for name, value in facts if value != ""]


def _row(line: Timeline, index: int, node: Node) -> Dict[str, Any]:
    """Return an observation with what its row shows; what says nothing is left out."""
    one, bar, window = node.observation, line.bars[index], line.path.get(index)
    level = one.get("level")
    note = pending_note(one) or ("(its parents form a cycle)" if node.in_cycle else "")
    row = {
        "parent": node.parent,
        "name": " ".join(part for part in (str(one.get("name") or "(no name)"), note) if part),
        "type": one.get("type"),
        "level": None if level == "DEFAULT" else level,
        "model": one.get("model"),
        "tokens": tokens(one),
        "cost": price(cost(one)),
        "path": window and [window.start, window.end],
        "detail": _json({name: value for name, value in one.items() if name != UNCONFIRMED}),
    }
    if bar is not None:
        row.update(start=bar.start, end=bar.end, open=bar.is_open)
        if bar.end > bar.start or one.get("endTime"):
            row["took"] = span((bar.end - bar.start) / 1000) + ("+" if bar.is_open else "")
    return {
        name: value
        for name, value in row.items()
        if value not in (None, "", False) or name in ("parent", "start", "end")
    }


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
