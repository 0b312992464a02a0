"""GET /api/public/v2/metrics: of its many aggregations, the count of spans by some columns.

A legacy server checks the query, and then says that it has no such metrics.
"""

import json
from collections import Counter
from typing import Any

from .messages import (
    NO_METRICS_MESSAGE,
    Answer,
    RefusedError,
    domain_error,
    invalid_request,
    not_found,
)
from .request import Request
from .tables import Body

VIEWS = ("observations", "scores-numeric", "scores-categorical", "scores-boolean")
COUNT = [{"measure": "count", "aggregation": "count"}]


def count_rows(server: Any, request: Request) -> Answer:
    query = checked(server, request)
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


def checked(server: Any, request: Request) -> Body:
    try:
        query = json.loads(request.first("query") or "")
    except ValueError:
        raise domain_error("Invalid JSON in query parameter") from None
    if query.get("view") not in VIEWS:
        issue = server.zod.bad_choice(VIEWS, query.get("view"), ["query", "view"])
        raise invalid_request([issue])
    return query
