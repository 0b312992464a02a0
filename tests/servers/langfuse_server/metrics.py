"""The metrics of observations: GET /api/public/v2/metrics counts rows by some columns, GET
/api/public/metrics of legacy servers also sums up tokens and costs, and has percentiles.

A legacy server checks the query of the newer route, and then says that it has no such metrics.
"""

import json
import math
from collections import Counter
from typing import Any, Callable, Dict, List, Tuple

from .messages import (
    NO_METRICS_MESSAGE,
    Answer,
    RefusedError,
    domain_error,
    invalid_request,
    not_found,
)
from .request import Request
from .stored_values import cost_of, usage_of
from .tables import Body
from .times import milliseconds

VIEWS = ("observations", "scores-numeric", "scores-categorical", "scores-boolean")
LEGACY_VIEWS = ("traces",) + VIEWS
COUNT = [{"measure": "count", "aggregation": "count"}]
COLUMNS: Dict[str, Callable[[Body], Any]] = {
    "name": lambda one: one.get("name") or "",
    "type": lambda one: one["type"],
    "level": lambda one: one.get("level") or "DEFAULT",
    "environment": lambda one: one["environment"],
    "providedModelName": lambda one: one.get("model"),
}


def count_rows(server: Any, request: Request) -> Answer:
    query = checked(server, request, VIEWS)
    if not server.kind.rows:
        raise not_found(NO_METRICS_MESSAGE)
    if query.get("metrics") != COUNT or query["view"] != "observations" or query.get("filters"):
        raise RefusedError(501, {"message": "The stand-in only counts observations"})
    columns = [one["field"] for one in query.get("dimensions") or []]
    found: "Counter[Any]" = Counter()
    for row in server.store.tables().rows:
        if query["fromTimestamp"] <= row["startTime"] < query["toTimestamp"]:
            found[tuple(row.get(column) for column in columns)] += 1
    data = [dict(zip(columns, key), count_count=count) for key, count in found.most_common()]
    return Answer(200, {"data": data})


def checked(server: Any, request: Request, views: Tuple[str, ...]) -> Body:
    try:
        query = json.loads(request.first("query") or "")
    except ValueError:
        raise domain_error("Invalid JSON in query parameter") from None
    if query.get("view") not in views:
        issue = server.zod.bad_choice(views, query.get("view"), ["query", "view"])
        raise invalid_request([issue])
    return query


def sum_up(server: Any, request: Request) -> Answer:
    query = checked(server, request, LEGACY_VIEWS)
    if query["view"] not in RECORDS:
        raise RefusedError(501, {"message": "The stand-in has no metrics of scores"})
    tables = server.store.tables()
    columns = [one["field"] for one in query.get("dimensions") or []]
    by_day = query.get("timeDimension") == {"granularity": "day"}
    groups: Dict[Tuple[Any, ...], List[Body]] = {}
    for one in RECORDS[query["view"]](tables):
        in_time = query["fromTimestamp"] <= one["startTime"] < query["toTimestamp"]
        if in_time and all(fits(one, condition) for condition in query.get("filters") or []):
            key = tuple(COLUMNS[column](one) for column in columns)
            groups.setdefault(key + ((one["startTime"][:10],) if by_day else ()), []).append(one)
    names = columns + (["time_dimension"] if by_day else [])
    most = (query.get("config") or {}).get("row_limit", 100)
    largest_first = sorted(groups, key=lambda key: -len(groups[key]))[:most]
    if not names:
        groups.setdefault((), [])
        largest_first = [()]
    data = [dict(zip(names, key), **measured(groups[key], query)) for key in largest_first]
    return Answer(200, {"data": data})


def traces_of(tables: Any) -> List[Body]:
    """Traces as if they were observations: from the first start of theirs to the last end."""
    found = []
    for trace in tables.all_of("trace"):
        below = tables.observations_of(trace["id"])
        costs = [cost_of(one)["total"] for one in below if cost_of(one)]
        ends = [one["endTime"] for one in below if one.get("endTime")]
        record = dict(trace, startTime=trace["timestamp"], type="SPAN", costDetails={})
        if costs:
            record["costDetails"] = {"total": sum(costs)}
        if ends:
            record.update(startTime=min(one["startTime"] for one in below), endTime=max(ends))
        found.append(record)
    return found


RECORDS: Dict[str, Callable[[Any], List[Body]]] = {
    "observations": lambda tables: tables.all_of("observation"),
    "traces": traces_of,
}


def fits(one: Body, condition: Body) -> bool:
    if condition["type"] != "string" or condition["operator"] != "=":
        raise RefusedError(501, {"message": "The stand-in compares only texts"})
    return COLUMNS[condition["column"]](one) == condition["value"]


def measured(observations: List[Body], query: Body) -> Body:
    found: Body = {}
    for metric in query["metrics"]:
        measure, how = metric["measure"], metric["aggregation"]
        values = [value for value in map(MEASURES[measure], observations) if value is not None]
        found["{}_{}".format(how, measure)] = AGGREGATIONS[how](values)
    return found


def tokens(part: str) -> Callable[[Body], Any]:
    def count(one: Body) -> Any:
        usage = usage_of(one)
        return sum(usage[name] for name in usage if part in name.lower())

    return count


def latency(one: Body) -> Any:
    end = one.get("endTime")
    return None if not end else max(0, milliseconds(end) - milliseconds(one["startTime"]))


MEASURES: Dict[str, Callable[[Body], Any]] = {
    "count": lambda one: 1,
    "latency": latency,
    "inputTokens": tokens("input"),
    "outputTokens": tokens("output"),
    "totalTokens": lambda one: usage_of(one).get("total", 0),
    "totalCost": lambda one: cost_of(one).get("total"),
}


def quantile(level: float) -> Callable[[List[float]], Any]:
    """As ClickHouse has it: between the two nearest values, in proportion."""

    def of(values: List[float]) -> Any:
        if not values:
            return None
        values = sorted(values)
        place = level * (len(values) - 1)
        lower, upper = values[math.floor(place)], values[math.ceil(place)]
        return lower + (upper - lower) * (place - math.floor(place))

    return of


AGGREGATIONS: Dict[str, Callable[[List[Any]], Any]] = {
    "count": len,
    "sum": lambda values: sum(values) if values else None,
    "p50": quantile(0.5),
    "p95": quantile(0.95),
    "p99": quantile(0.99),
}
