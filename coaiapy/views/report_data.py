"""What the page of a report shows, as the JSON of ``page_data``: tables of figures and of changes.

A report has sections, each with columns and rows. A row has cells, and may have a status, a level of
indentation, and details: values, and texts whose words have changed.
"""

from typing import Any, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple

from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.traces.display import price
from coaiapy.langfuse.traces.figures.display import columns, readable, readable_worst, taken
from coaiapy.langfuse.traces.figures.display import worst_columns as columns_of_worst
from coaiapy.util.formats.json_values import text_or_json
from coaiapy.util.text.wording import counted

Fact = Tuple[str, Any]
# The rows of a section that are on the page.
MOST_ROWS = 5000
# The columns of a table of figures whose numbers are drawn as bars.
_BARS = ["count", "errors", "p50Latency", "p95Latency", "p99Latency"] + [
    "inputTokens",
    "outputTokens",
    "cachedTokens",
    "totalCost",
]


def stats_sections(rows: Sequence[Body], by: Optional[str]) -> List[Body]:
    """Return the section of the figures of each group, as ``stats`` returns them."""
    names = columns(by)
    most = {name: max([row[name] or 0 for row in rows] or [0]) for name in _BARS}

    def cell(row: Body, name: str, text: Any) -> Any:
        if name == by:
            return str(text)
        value = row[name]
        shown = {"text": text, "sort": -1 if value is None else value}
        if most.get(name) and value:
            shown["share"] = value / most[name]
        return shown

    found = [
        {"cells": [cell(row, name, texts[name]) for name in names]}
        for row in rows
        for texts in [readable(row, by)]
    ]
    heads = [(name, head, name != by) for name, head in names.items()]
    return [_section("", heads, found, "No observation is found.")]


def worst_sections(found: Sequence[Body]) -> List[Body]:
    """Return the section of the worst observations."""
    names = columns_of_worst(False)
    figures = ("duration", "tokens", "cost")
    rows = [
        {"cells": [str(one.get(name) or "") for name in names]}
        for one in map(readable_worst, found)
    ]
    heads = [(name, head, name in figures) for name, head in names.items()]
    return [_section("", heads, rows, "No observation is found.")]


def diff_sections(found: Body) -> List[Body]:
    """Return the section of the steps of two traces, as ``diff`` returns them."""
    heads = [("step", "Step", False), ("type", "Type", False), ("model", "Model", False)]
    figures = ("A", "B", "Ratio", "Tokens in", "Tokens out", "Cost")
    heads += [(name, name, True) for name in figures] + [("changed", "Changed", False)]
    return [_section("Steps", heads, map(_step, found["steps"]), "No trace has a step.")]


def diff_facts(found: Body) -> List[Fact]:
    """Return what stands above the steps of two traces."""
    total = found["total"]
    a, b = total["a"], total["b"]
    facts = [("A", found["a"]), ("B", found["b"])]
    facts += [(name, _both(a[name], b[name])) for name in ("steps",)]
    facts += [("failed", _both(a["errors"], b["errors"]))]
    facts += [("took", _both(taken(a["duration"]), taken(b["duration"])) + _ratio(total["slower"]))]
    facts += [("cost", _both(_price(a["cost"]), _price(b["cost"])) + _ratio(total["dearer"]))]
    return facts


def _step(step: Body) -> Body:
    a, b = step["a"] or {}, step["b"] or {}
    ratio = step.get("slower")
    changes = step.get("changes") or {}
    tokens = [_both(a.get(name), b.get(name), 0) for name in ("inputTokens", "outputTokens")]
    return {
        "status": step["status"],
        "level": len(step["path"]) - 1,
        "cells": [
            step["path"][-1] or "(no name)",
            _both(a.get("type"), b.get("type")),
            _both(a.get("model"), b.get("model")),
            _duration(a),
            _duration(b),
            {"text": _ratio(ratio).strip(" ()"), "sort": -1 if ratio is None else ratio},
            tokens[0],
            tokens[1],
            _both(_price(a.get("cost")), _price(b.get("cost"))),
            ", ".join(changes),
        ],
        "details": [dict(_change(one), name=name) for name, one in changes.items()],
    }


def _duration(side: Body) -> Body:
    value = side.get("duration")
    return {"text": taken(value) if side else "", "sort": -1 if value is None else value}


def _price(value: Optional[float]) -> str:
    return price(value) if value else ""


def _ratio(value: Optional[float]) -> str:
    return "" if value is None or value == 1 else " ({:.3g}x)".format(value)


def _both(a: Any, b: Any, nothing: Any = None) -> str:
    """Return what both sides have, or what each has; a side that is missing says nothing."""
    sides = ["" if one in (None, nothing, "") else str(one) for one in (a, b)]
    if sides[0] == sides[1] or not all(sides):
        return sides[0] or sides[1]
    return " → ".join(sides)


def _change(one: Body) -> Body:
    """Return how a value has changed: by words where there are some."""
    if "words" in one:
        return {"words": one["words"]}
    return {
        "words": [
            [sign, text_or_json(one[side])]
            for sign, side in (("-", "a"), ("+", "b"))
            if one[side] is not None
        ]
    }


def compare_sections(found: Iterable[Body]) -> Iterator[Body]:
    """Yield two sections for each comparison of runs: its scores, and the items that differ."""
    names = ("Difference", "95 % interval", "Won", "Lost", "Tied", "p")
    for one in found:
        title = "{} → {}".format(one["base"], one["run"])
        heads = [("score", "Score", False), ("base", one["base"], True), ("run", one["run"], True)]
        heads += [(name, name, True) for name in names]
        scores = list(map(_score, one["scores"]))
        scores += [{"cells": [name, "", "lost"] + [""] * 6} for name in one["lost"]]
        yield _section(title, heads, scores, "There is no score to compare.")
        heads = [("item", "Item", False), ("score", "Score", False), ("base", one["base"], True)]
        heads += [("run", one["run"], True), ("difference", "Difference", True)]
        none = "No item differs in a score, and all ended well."
        yield _section(title + ": items", heads, map(_item, one["items"]), none)


def _score(one: Body) -> Body:
    interval = "{:+.4g} to {:+.4g}".format(one["low"], one["high"])
    difference = "{:+.4g}{}".format(one["difference"], " ★" if one["significant"] else "")
    status = ""
    if one["significant"]:
        status = "better" if one["difference"] > 0 else "worse"
    figures = ["{:.4g}".format(one["base"]), "{:.4g}".format(one["other"])]
    figures += [difference, interval] + [str(one[name]) for name in ("wins", "losses", "ties")]
    return {"status": status, "cells": [one["score"]] + figures + ["{:.3g}".format(one["p"])]}


def _item(one: Body) -> Body:
    """Return the row of an item in two runs; without a score it did not end well."""
    details = [
        {"name": name, "text": text_or_json(one[name])}
        for name in ("reason", "input", "expected")
        if one.get(name) is not None
    ]
    if one.get("output"):
        details.append(dict(_change(one["output"]), name="output"))
    if one.get("score") is None:
        return {
            "status": "failed",
            "cells": [one["item"], one["state"], "", "", ""],
            "details": details,
        }
    difference = one["other"] - one["base"]
    cells: List[Any] = [one["item"], one["score"]]
    for value, form in ((one["base"], "{:.4g}"), (one["other"], "{:.4g}"), (difference, "{:+.4g}")):
        cells.append({"text": form.format(value), "sort": value})
    status = "worse" if difference < 0 else "better"
    return {"status": status, "cells": cells, "details": details}


def _section(
    title: str, heads: Sequence[Tuple[str, str, bool]], rows: Iterable[Body], none: str
) -> Dict[str, Any]:
    """Return a section; ``heads`` are names, headings, and whether a column has figures."""
    shown: List[Body] = []
    left = 0
    for row in rows:
        if len(shown) < MOST_ROWS:
            shown.append(row)
        else:
            left += 1
    note = "{} not on this page".format(counted(left, "more row")) if left else ""
    return {
        "title": title,
        "columns": [{"name": head, "figure": is_figure} for _, head, is_figure in heads],
        "rows": shown,
        "none": none,
        "note": note,
    }
