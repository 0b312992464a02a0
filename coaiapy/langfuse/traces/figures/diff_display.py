"""A comparison of two traces as lines: one for each step, and one for each text that has changed."""

from typing import Any, Iterator, List, NamedTuple, Optional

from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.traces.display import price
from coaiapy.langfuse.traces.figures.diff import CHANGED, ONLY_A, ONLY_B, SAME
from coaiapy.langfuse.traces.figures.display import taken
from coaiapy.util.formats.json_values import text_or_json
from coaiapy.util.text.wording import counted, one_line

# The sign before a step, which says the same as its color.
SIGNS = {SAME: "=", CHANGED: "~", ONLY_A: "-", ONLY_B: "+"}
# Deeper steps are not indented further.
_DEEPEST = 40
# How much is shown of what both texts have, before and after a change.
_CONTEXT = 40
_MOST_SHOWN = 2000


class Line(NamedTuple):
    """A line of a comparison, and the status of the step that it shows."""

    text: str
    status: str


def diff_lines(found: Body, only_changed: bool = False) -> Iterator[Line]:
    """Yield the lines of what ``diff`` returns; ``only_changed`` leaves out equal steps."""
    total = found["total"]
    steps = _both_counted(total["a"]["steps"], total["b"]["steps"], "step")
    errors = _both_counted(total["a"]["errors"], total["b"]["errors"], "error")
    names = one_line("{} -> {}".format(found["a"], found["b"]))
    status = SAME if total["a"] == total["b"] else CHANGED
    yield Line("  ".join([names, steps, errors] + _figures(total)), status)
    for step in found["steps"]:
        if not only_changed or step["status"] != SAME:
            yield from _step_lines(step)


def _step_lines(step: Body) -> Iterator[Line]:
    indent = "  " * min(len(step["path"]) - 1, _DEEPEST)
    before = "{} {}".format(SIGNS[step["status"]], indent)
    name = one_line(step["path"][-1] or "(no name)")
    if step["status"] in (ONLY_A, ONLY_B):
        side = step["a"] or step["b"]
        parts = [name, step["status"], taken(side["duration"])]
        parts += [side["model"] or "", price(side["cost"])]
        yield Line(
            before + "  ".join(one_line(part) for part in parts if part != "-" and part),
            step["status"],
        )
        return
    yield Line(before + "  ".join([name] + _figures(step)), step["status"])
    for field, change in step["changes"].items():
        yield Line("{}    {}: {}".format(indent, field, change_text(change)), step["status"])


def _figures(pair: Body) -> List[str]:
    """Return the duration, tokens and cost of both sides, as far as there are any."""
    a, b = pair["a"], pair["b"]
    parts = [_durations(a["duration"], b["duration"], pair["slower"])]
    for name, label in (("inputTokens", "in"), ("outputTokens", "out"), ("cachedTokens", "cached")):
        if a[name] or b[name]:
            parts.append("{}={}".format(label, _both(a[name], b[name])))
    if a["cost"] or b["cost"]:
        parts.append(
            _both(price(a["cost"]) or "$0", price(b["cost"]) or "$0") + _times(pair["dearer"])
        )
    return [part for part in parts if part]


def _durations(a: Optional[float], b: Optional[float], ratio: Optional[float]) -> str:
    if a is None and b is None:
        return ""
    difference = (
        ""
        if a is None or b is None or a == b
        else ", {}{}".format("+" if b > a else "-", taken(abs(b - a)))
    )
    shown = "{} -> {}".format(taken(a), taken(b))
    return shown + _times(ratio, difference)


def _times(ratio: Optional[float], more: str = "") -> str:
    return "" if ratio is None or ratio == 1 else " ({:.3g}x{})".format(ratio, more)


def _both_counted(a: int, b: int, what: str) -> str:
    return counted(b, what) if a == b else "{} -> {}".format(a, counted(b, what))


def _both(a: Any, b: Any) -> str:
    return str(a) if a == b else "{} -> {}".format(a, b)


def change_text(change: Body) -> str:
    """Return how a value has changed, in one line: ``[-removed-]{+added+}`` where there are words."""
    if "words" not in change:
        sides = [
            "(none)" if one is None else text_or_json(one) for one in (change["a"], change["b"])
        ]
        return "{} -> {}".format(*(one_line(one[:_MOST_SHOWN]) for one in sides))
    parts = change["words"]
    shown = []
    for place, (sign, text) in enumerate(parts):
        if sign == "=":
            text = _cut(text, place > 0, place < len(parts) - 1)
        else:
            text = {"-": "[-{}-]", "+": "{{+{}+}}"}[sign].format(text[:_MOST_SHOWN])
        shown.append(one_line(text))
    return "".join(shown)


def _cut(text: str, keep_start: bool, keep_end: bool) -> str:
    """Return what both sides have, cut where it is far from a change."""
    start, end = _CONTEXT * keep_start, _CONTEXT * keep_end
    if len(text) <= start + end + 3:
        return text
    return text[:start] + "..." + (text[-end:] if end else "")
