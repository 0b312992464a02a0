"""What is counted of an observation: how long it took, its tokens, its cost, whether it failed.

Each figure is defined as Langfuse's own metrics define it; docs/figures.md has the definitions.
"""

from typing import Any, Dict, Mapping, NamedTuple, Optional, Tuple

from coaiapy.langfuse.records.body import Body
from coaiapy.util import times

ERROR = "ERROR"
# Larger counts are no counts.
_MOST = 2.0**53
_NONE = (0.0, 0.0, 0.0)


class Figures(NamedTuple):
    """The figures of one observation, and what observations are grouped by.

    ``duration`` is in milliseconds, ``None`` if the observation has no end; ``cost`` is in US dollars.
    """

    name: Optional[str] = None
    type: str = "EVENT"
    level: str = "DEFAULT"
    environment: Optional[str] = None
    model: Optional[str] = None
    duration: Optional[int] = None
    input_tokens: float = 0.0
    output_tokens: float = 0.0
    cached_tokens: float = 0.0
    cost: float = 0.0


def figures_of(body: Body) -> Figures:
    """Return the figures of an observation."""
    usage = _numbers(body.get("usageDetails"))
    return Figures(
        _text(body.get("name")),
        _text(body.get("type")) or "EVENT",
        _text(body.get("level")) or "DEFAULT",
        _text(body.get("environment")),
        _text(body.get("model")),
        milliseconds(body),
        *(_tokens(usage) if usage else _NONE),
        cost(body),
    )


def milliseconds(body: Body) -> Optional[int]:
    """Return how long an observation took, ``None`` if it has no end."""
    start, end = body.get("startTime"), body.get("endTime")
    if not isinstance(start, str) or not isinstance(end, str):
        return None
    try:
        return times.epoch_milliseconds(end) - times.epoch_milliseconds(start)
    except ValueError:
        return None


def cost(body: Body) -> float:
    """Return what an observation cost, in US dollars: its total, or the sum of its parts."""
    details = _numbers(body.get("costDetails"))
    return details["total"] if "total" in details else sum(details.values(), 0.0)


def whole(number: Optional[float]) -> Optional[float]:
    """Return a number as ``int`` if it is a whole one, so that it is shown without a point."""
    return int(number) if number is not None and float(number).is_integer() else number


def _tokens(usage: Mapping[str, float]) -> Tuple[float, float, float]:
    """Return the tokens (in, out, read from a cache) among counts by usage type."""
    read = [one for one in usage if _is_read_from_cache(one.lower())]
    return (
        sum((usage[one] for one in usage if "input" in one.lower()), 0.0),
        sum((usage[one] for one in usage if "output" in one.lower()), 0.0),
        sum((usage[one] for one in read), 0.0),
    )


def _is_read_from_cache(name: str) -> bool:
    return "cache" in name and "creat" not in name and "write" not in name


def _numbers(value: Any) -> Dict[str, float]:
    """Return the numbers of usage or cost by name; what is none is left out."""
    if not isinstance(value, dict):
        return {}
    counts = {name: value[name] for name in value if type(value[name]) in (int, float)}
    return {name: float(counts[name]) for name in counts if abs(counts[name]) < _MOST}


def _text(value: Any) -> Optional[str]:
    return value if isinstance(value, str) else None
