"""The tokens of observations and their totals, as people read them."""

from typing import Dict, List

from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.records.figures import cost, figures_of
from coaiapy.langfuse.traces.display import price
from coaiapy.util.text.wording import counted
from coaiapy.util.times import duration


def totals(observations: List[Body]) -> str:
    """Return how many observations there are, how long they took together, and what they cost."""
    usage = usage_of(observations)
    starts = [one["startTime"] for one in observations if one.get("startTime")]
    ends = [one["endTime"] for one in observations if one.get("endTime")]
    taken = duration(min(starts), max(ends)) if starts and ends else ""
    parts = ["total", counted(len(observations), "observation"), counts(usage), taken]
    parts.append(price(sum(map(cost, observations))))
    return "  ".join(part for part in parts if part)


def usage_of(observations: List[Body]) -> Dict[str, float]:
    """Return the counts of all observations together, by the name of the unit."""
    usage: Dict[str, float] = {}
    for observation in observations:
        for name, count in (observation.get("usageDetails") or {}).items():
            usage[name] = usage.get(name, 0) + count
    return usage


def counts(usage: Body) -> str:
    """Return all counts of units by name, such as ``input=12 output=3``."""
    return " ".join("{}={}".format(name, count) for name, count in sorted(usage.items()))


def tokens(observation: Body) -> str:
    """Return what went in and what came out, such as ``1.2k > 345``; else the total, if known."""
    found = figures_of(observation)
    if found.input_tokens or found.output_tokens:
        return "{} > {}".format(short_count(found.input_tokens), short_count(found.output_tokens))
    total = (observation.get("usageDetails") or {}).get("total")
    return short_count(total) if total else ""


def short_count(count: float) -> str:
    """Return a count in about three digits: ``950``, ``1.2k``, ``34k``, ``5.6M``."""
    for unit in ("", "k", "M", "G"):
        if count < 999.5 or unit == "G":
            break
        count /= 1000
    digits = 0 if not unit or count >= 9.95 else 1
    return "{:.{}f}{}".format(count, digits, unit)
