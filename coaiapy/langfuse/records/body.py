"""The fields of a record by the names of Langfuse's API, as servers and the journal have them."""

import math
from typing import Any, Dict

Body = Dict[str, Any]
_TOTALLED = ("usageDetails", "costDetails")


def completed(body: Body) -> Body:
    """Return an observation with the defaults that servers add: type, level, totals."""
    whole = dict({"type": "EVENT", "level": "DEFAULT"}, **body)
    for name in _TOTALLED:
        details = whole.get(name)
        total = sum(details.values()) if details else 0
        if details and "total" not in details and math.isfinite(total):
            whole[name] = dict(details, total=total)
    return whole
