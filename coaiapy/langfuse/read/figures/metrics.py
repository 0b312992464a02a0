"""Figures from the metrics of a v3 server (``GET /api/public/metrics``).

They are asked for only where they are the figures that reading every observation gives: grouped by
the observations' own fields, without conditions on traces. A v4 server counts the span of a trace and
ends that nobody has given, so that its observations are read. docs/figures.md has the details.
"""

import json
from typing import Any, Dict, List, Optional

from coaiapy.errors import NetworkError
from coaiapy.langfuse.client.http import LangfuseHttp
from coaiapy.langfuse.read.figures.groups import LEVELS, Sums, Wanted, figures_row
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.records.figures import ERROR
from coaiapy.util.text.wording import described

METRICS = "/api/public/metrics"
# The most rows that a server returns; where there are as many, some may be missing.
MOST_ROWS = 1000
WITHOUT_CACHED = (
    "the server's metrics do not say how many tokens were read from a cache: --exact reads every "
    "observation"
)
_DIMENSIONS = {
    "name": "name",
    "model": "providedModelName",
    "type": "type",
    "level": "level",
    "environment": "environment",
}
_TIME = "time_dimension"
_SUMMED = ("inputTokens", "outputTokens", "totalCost")
_PERCENTILES = [name[:3] for name in LEVELS]
_FIRST, _LAST = "1970-01-01T00:00:00.000Z", "2100-01-01T00:00:00.000Z"


def can_answer(wanted: Wanted) -> bool:
    """Tell whether the metrics are the figures that are wanted."""
    return not wanted.looks_at_traces and (wanted.by in (None, "day") or wanted.by in _DIMENSIONS)


def figures(http: LangfuseHttp, wanted: Wanted) -> Optional[Dict[Optional[str], Body]]:
    """Return the figures of each group, ``None`` if there are more groups than the server shows.

    The tokens that were read from a cache are ``None``: the server does not count them.
    """
    measures = [{"measure": "count", "aggregation": "count"}]
    measures += [{"measure": name, "aggregation": "sum"} for name in _SUMMED]
    measures += [{"measure": "latency", "aggregation": level} for level in _PERCENTILES]
    rows = _rows(http, wanted, measures, [])
    failed = [{"column": "level", "operator": "=", "value": ERROR, "type": "string"}]
    errors = _rows(http, wanted, measures[:1], failed)
    if len(rows) >= MOST_ROWS or len(errors) >= MOST_ROWS:
        return None
    failures = {_key(row, wanted): int(_number(row, "count_count")) for row in errors}
    return {
        key: _figures(row, failures.get(key, 0))
        for key, row in ((_key(row, wanted), row) for row in rows)
        if _number(row, "count_count")
    }


def _rows(
    http: LangfuseHttp, wanted: Wanted, measures: List[Any], filters: List[Any]
) -> List[Body]:
    traces = wanted.traces
    if traces.environment is not None:
        named = {"column": "environment", "operator": "=", "value": traces.environment}
        filters = filters + [dict(named, type="string")]
    field = _DIMENSIONS.get(wanted.by or "")
    query: Body = {
        "view": "observations",
        "dimensions": [{"field": field}] if field else [],
        "metrics": measures,
        "filters": filters,
        "fromTimestamp": traces.from_time or _FIRST,
        "toTimestamp": traces.to_time or _LAST,
        "config": {"row_limit": MOST_ROWS},
    }
    if wanted.by == "day":
        query["timeDimension"] = {"granularity": "day"}
    found: List[Body] = http.request("GET", METRICS, {"query": json.dumps(query)})["data"]
    return found


def _key(row: Body, wanted: Wanted) -> Optional[str]:
    value = row.get(_TIME if wanted.by == "day" else _DIMENSIONS.get(wanted.by or "", ""))
    if value is None or value == "":
        return None
    return str(value)[:10] if wanted.by == "day" else str(value)


def _figures(row: Body, errors: int) -> Body:
    sums = Sums(
        int(_number(row, "count_count")),
        errors,
        _number(row, "sum_inputTokens"),
        _number(row, "sum_outputTokens"),
        None,
        _number(row, "sum_totalCost"),
    )
    names = ["{}_latency".format(level) for level in _PERCENTILES]
    return figures_row(
        sums, [_number(row, one) if row.get(one) is not None else None for one in names]
    )


def _number(row: Body, name: str) -> float:
    """Return a figure of a row; one that is missing is 0."""
    try:
        return float(row.get(name) or 0)
    except (TypeError, ValueError):
        raise NetworkError(
            "the server's metrics say that {} is {}: check that LANGFUSE_BASE_URL is the address of "
            "Langfuse".format(name, described(row.get(name)))
        ) from None
