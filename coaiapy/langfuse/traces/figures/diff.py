"""Compares two traces: two runs of one pipeline, side by side.

Steps are aligned from the top down: the steps below two steps that belong together are aligned by
their names and their order. docs/figures.md says what is compared.
"""

import re
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from coaiapy.errors import UsageError
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.records.figures import ERROR, figures_of, whole
from coaiapy.langfuse.traces.figures.alignment import aligned
from coaiapy.util import times
from coaiapy.util.formats.json_values import text_or_json
from coaiapy.util.text.parsing import number

SAME, CHANGED, ONLY_A, ONLY_B = "same", "changed", "only in a", "only in b"
# What two steps are compared by besides their duration.
_FIELDS = ("type", "level", "statusMessage", "model", "input", "output")
_NUMBERS = ("inputTokens", "outputTokens", "cachedTokens", "cost")
# Longer texts are not compared word by word.
_MOST_WORDS = 20000
_WORD = re.compile(r"\s+|\w+|[^\w\s]")


class Step(NamedTuple):
    """Two steps that belong together, one of which may be missing; ``path`` are the names down to it."""

    path: Tuple[str, ...]
    a: Optional[Body]
    b: Optional[Body]


def diff(a: Body, b: Body) -> Body:
    """Return what differs between two traces with their observations.

    ``a`` and ``b`` are their ids, ``total`` compares them as a whole, and ``steps`` are all steps in
    the order of ``b``. A step has its ``path``, a ``status`` (``same``, ``changed``, ``only in a``,
    ``only in b``), figures on either side in ``a`` and ``b`` (duration in milliseconds, cost in US
    dollars), ``slower`` and ``dearer``, the ratios of b to a (``None`` if there is none), and
    ``changes``: the values of each field on either side, of texts also the words.
    """
    steps = [_compared(step) for step in _steps(a, b)]
    whole = {"a": _whole(a), "b": _whole(b)}
    return {
        "a": a["id"],
        "b": b["id"],
        "total": dict(whole, **_ratios(whole["a"], whole["b"])),
        "steps": steps,
    }


def _steps(a: Body, b: Body) -> Iterator[Step]:
    below_a, below_b = _by_parent(a), _by_parent(b)
    waiting: List[Step] = _pairs((), below_a.pop(None, []), below_b.pop(None, []))
    while waiting or below_a or below_b:
        if not waiting:  # only circles of parents are left
            waiting = _pairs((), _cut(below_a), _cut(below_b))
        step = waiting.pop()
        yield step
        here = below_a.pop(step.a["id"], []) if step.a else []
        there = below_b.pop(step.b["id"], []) if step.b else []
        waiting += _pairs(step.path, here, there)


def _by_parent(trace: Body) -> Dict[Optional[str], List[Body]]:
    """Return the observations of a trace by their parents, each group in the order of its start."""
    known = trace.get("observations") or []
    ids = {one["id"] for one in known}
    found: Dict[Optional[str], List[Body]] = {}
    for one in known:
        parent = one.get("parentObservationId")
        found.setdefault(parent if parent in ids else None, []).append(one)
    return found


def _cut(below: Dict[Optional[str], List[Body]]) -> List[Body]:
    """Take away the first group of those that are left, if there is one."""
    return below.pop(next(iter(below))) if below else []


def _pairs(path: Tuple[str, ...], a: Sequence[Body], b: Sequence[Body]) -> List[Step]:
    """Return the steps below two that belong together, the last one first."""
    found = []
    for here, there in aligned([_name(one) for one in a], [_name(one) for one in b]):
        one = None if here is None else a[here]
        other = None if there is None else b[there]
        found.append(Step(path + (_name(other or one or {}),), one, other))
    return found[::-1]


def _name(step: Body) -> str:
    return str(step.get("name") or step.get("type") or "")


def _compared(step: Step) -> Body:
    a, b = _figures(step.a), _figures(step.b)
    found: Body = {
        "path": list(step.path),
        "status": ONLY_B if a is None else ONLY_A,
        "a": a,
        "b": b,
    }
    if a is not None and b is not None and step.a is not None and step.b is not None:
        changes = {name: change(step.a.get(name), step.b.get(name)) for name in _FIELDS}
        changes = {name: one for name, one in changes.items() if one}
        is_same = not changes and all(a[name] == b[name] for name in _NUMBERS)
        found.update(_ratios(a, b), status=SAME if is_same else CHANGED, changes=changes)
    return found


def _figures(step: Optional[Body]) -> Optional[Body]:
    if step is None:
        return None
    one = figures_of(step)
    return {
        "id": step["id"],
        "type": one.type,
        "level": one.level,
        "model": one.model,
        "duration": one.duration,
        "inputTokens": whole(one.input_tokens),
        "outputTokens": whole(one.output_tokens),
        "cachedTokens": whole(one.cached_tokens),
        "cost": one.cost,
    }


def _whole(trace: Body) -> Body:
    """Return the figures of a trace: from its first start to its last end, and sums."""
    steps = trace.get("observations") or []
    every = [figures_of(one) for one in steps]
    starts = [times.epoch_milliseconds(one["startTime"]) for one in steps]
    ends = [start + one.duration for start, one in zip(starts, every) if one.duration is not None]
    return {
        "steps": len(every),
        "errors": sum(one.level == ERROR for one in every),
        "duration": max(ends) - min(starts) if ends else None,
        "inputTokens": whole(sum(one.input_tokens for one in every)),
        "outputTokens": whole(sum(one.output_tokens for one in every)),
        "cachedTokens": whole(sum(one.cached_tokens for one in every)),
        "cost": sum(one.cost for one in every),
    }


def _ratios(a: Body, b: Body) -> Body:
    return {
        "slower": _ratio(a["duration"], b["duration"]),
        "dearer": _ratio(a["cost"], b["cost"]),
    }


def _ratio(a: Optional[float], b: Optional[float]) -> Optional[float]:
    return b / a if a and b is not None else None


def change(a: Any, b: Any) -> Optional[Body]:
    """Return how a value has changed, ``None`` if it has not."""
    if a == b:
        return None
    found: Body = {"a": a, "b": b}
    if a is not None and b is not None:
        words = words_between(text_or_json(a), text_or_json(b))
        if words is not None:
            found["words"] = words
    return found


def words_between(a: str, b: str) -> Optional[List[List[str]]]:
    """Return the parts of two texts, each with ``=``, ``-`` (only in a) or ``+`` (only in b).

    ``None`` if they are too long for that.
    """
    here, there = _WORD.findall(a), _WORD.findall(b)
    if len(here) > _MOST_WORDS or len(there) > _MOST_WORDS:
        return None
    parts: List[List[str]] = []
    for one, other in aligned(here, there):
        if one is not None and other is not None:
            sign, word = "=", here[one]
        else:
            sign, word = ("-", here[one]) if one is not None else ("+", there[other or 0])
        if parts and parts[-1][0] == sign:
            parts[-1][1] += word
        else:
            parts.append([sign, word])
    return parts


class Limit(NamedTuple):
    """How many times the figure of the first trace the second one may have."""

    text: str
    field: str
    unit: str
    factor: float


def limit_of(text: str) -> Limit:
    """Return the limit that a text says: ``errors`` (no more of them), ``slower=1.5``, ``cost=1.2``.

    Raises ``UsageError`` for another.
    """
    name, _, said = text.partition("=")
    factor = 1.0 if text == "errors" else number(said)
    if name not in _LIMITED or factor is None or not factor > 0 or text[:7] == "errors=":
        raise UsageError("{!r}: write errors, slower=1.5 or cost=1.2".format(text))
    return Limit(text, _LIMITED[name][0], _LIMITED[name][1], float(factor))


# What each limit is about: a field of the whole trace, and its unit.
_LIMITED = {
    "errors": ("errors", ""),
    "slower": ("duration", " ms"),
    "cost": ("cost", " US dollars"),
}


def failures(found: Body, limits: Sequence[Limit]) -> List[str]:
    """Return a sentence for each limit that the second trace exceeds as a whole."""
    said = []
    for limit in limits:
        a, b = (found["total"][side][limit.field] or 0 for side in "ab")
        if b > a * limit.factor:
            form = "{0.text}: {1:,g}{0.unit} instead of {2:,g}{0.unit}"
            said.append(form.format(limit, b, a))
    return said
