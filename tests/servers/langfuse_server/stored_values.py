"""Rules for values that legacy records, scores and v4 rows share."""

import json
import re
from typing import Any, Dict, NamedTuple, Optional

from .kinds import Kind
from .tables import Body

JSON_STARTS = frozenset('{["-0123456789tfn ')
EXACT = 2**53

ENVIRONMENT = re.compile(r"[a-z0-9_-]+\Z")


class Price(NamedTuple):
    """A model that the server knows: USD per token."""

    model_id: str
    input: float
    output: float
    tier_id: str
    tier_name: str


# The one model whose price the recordings show.
PRICES = {
    "gpt-4o-mini": Price(
        "clyrjp56f0000t0mzapoocd7u",
        0.15 / 1e6,
        0.6 / 1e6,
        "clyrjp56f0000t0mzapoocd7u_tier_default",
        "Standard",
    )
}


def environment_of(value: Any) -> str:
    """Return a valid environment (lower case, no `langfuse` prefix, at most 40 characters), else
    `default`."""
    if not isinstance(value, str):
        return "default"
    name = re.sub(r"^langfuse[-_]", "", value.lower())[:40]
    return name if ENVIRONMENT.match(name) else "default"


def metadata_of(kind: Kind, value: Any) -> Any:
    """Newer servers keep an object only: any other value moves under the key `metadata`."""
    if not isinstance(value, dict) and kind.otlp and value is not None:
        value = {"metadata": value}
    if not isinstance(value, dict):
        return value
    return {key: content_of(kind, one) for key, one in value.items()}


def json_or_text(value: Any) -> Any:
    """The parsed value of a JSON text, or the text itself; most texts need not be parsed."""
    if not isinstance(value, str) or value[:1] not in JSON_STARTS:
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def content_of(kind: Kind, value: Any) -> Any:
    """An input, an output or a value of the metadata as it is shown: newer servers keep a text as
    it is and every other value as JSON text, and read both as JSON."""
    if kind.otlp:
        return in_javascript(json_or_text(value))
    return in_javascript(value.replace("\x00", "") if isinstance(value, str) else value)


def in_javascript(value: Any) -> Any:
    """Whole numbers as JavaScript has them: the large ones are rounded."""
    if isinstance(value, dict):
        return {key: in_javascript(one) for key, one in value.items()}
    if isinstance(value, list):
        return [in_javascript(one) for one in value]
    if isinstance(value, int) and abs(value) > EXACT and not isinstance(value, bool):
        return int(float(value))
    return value


def price_of(record: Body) -> Optional[Price]:
    return PRICES.get(record.get("model") or "") if usage_of(record) else None


def usage_of(record: Body) -> Dict[str, Any]:
    """Units by kind, from `usageDetails` or either form of `usage`; the total is added up."""
    details = {k: v for k, v in (record.get("usageDetails") or {}).items() if v is not None}
    if not details:
        usage = record.get("usage") or {}
        names = (
            ("input", "promptTokens"),
            ("output", "completionTokens"),
            ("total", "totalTokens"),
        )
        for name, other in names:
            count = usage.get(name) if usage.get(name) is not None else usage.get(other)
            if count is not None:
                details[name] = count
    if details and "total" not in details:
        details["total"] = sum(details.values())
    return details


def cost_of(record: Body) -> Dict[str, float]:
    """USD by kind: as the client sent it, else computed from the price list."""
    given = {k: v for k, v in (record.get("costDetails") or {}).items() if v is not None}
    usage = record.get("usage") or {}
    for name in ("input", "output", "total"):
        if not record.get("costDetails") and usage.get(name + "Cost") is not None:
            given[name] = usage[name + "Cost"]
    price = price_of(record)
    if given:
        given.setdefault("total", sum(given.values()))
        return given
    if price is None:
        return {}
    usage = usage_of(record)
    cost = {"input": usage.get("input", 0) * price.input}
    cost["output"] = usage.get("output", 0) * price.output
    cost["total"] = cost["input"] + cost["output"]
    return cost
