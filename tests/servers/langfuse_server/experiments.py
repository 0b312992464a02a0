"""GET /api/public/experiments and /experiment-items: what the spans of a v4 server tell of them.

An item is the span that names itself as the root observation of its item.
"""

import base64
from typing import Any, Dict, List

from .messages import NO_ROWS_MESSAGE, Answer, invalid_request, not_found
from .paging import number_parameter, time_window
from .request import Request
from .tables import Body

FILTERS = {
    "experimentId": "experimentId",
    "experimentName": "experimentName",
    "experimentItemId": "experimentItemId",
    "datasetId": "experimentDatasetId",
}


def list_experiments(server: Any, request: Request) -> Answer:
    check(server, request, "experiments")
    found: Dict[str, List[Body]] = {}
    for row in chosen(server, request):
        found.setdefault(told(row, "id"), []).append(row)
    shown = [experiment(rows) for rows in found.values()]
    for name in ("id", "name", "datasetId"):
        if request.first(name):
            shown = [one for one in shown if one[name] in request.first(name).split(",")]
    shown.sort(key=lambda one: one["endTime"], reverse=True)
    return page(server, request, shown)


def list_items(server: Any, request: Request) -> Answer:
    check(server, request, "experiment items")
    shown = [item(row) for row in chosen(server, request)]
    for name, key in FILTERS.items():
        if request.first(name):
            shown = [one for one in shown if one[key] in request.first(name).split(",")]
    return page(server, request, shown)


def check(server: Any, request: Request, what: str) -> None:
    if not request.first("fromStartTime"):
        issue = {"expected": "string", "code": "invalid_type", "path": ["fromStartTime"]}
        issue["message"] = "Invalid input: expected string, received undefined"
        raise invalid_request([issue])
    if not server.kind.rows:
        raise not_found(NO_ROWS_MESSAGE.replace("observations v2", what))


def chosen(server: Any, request: Request) -> List[Body]:
    rows = {
        (row["traceId"], row["id"]): row
        for row in server.store.tables().rows
        if told(row, "id") and told(row, "item.root_observation_id") == row["id"]
    }
    times = ("fromStartTime", "toStartTime")
    return time_window(server, request, list(rows.values()), "startTime", times)


def told(row: Body, name: str) -> Any:
    value = row["experiment"].get(name)
    return value if value is None or isinstance(value, (dict, list)) else str(value)


def experiment(rows: List[Body]) -> Body:
    last = rows[-1]
    return {
        "id": told(last, "id"),
        "name": told(last, "name"),
        "description": told(last, "description"),
        "startTime": min(row["startTime"] for row in rows),
        "endTime": max(row["endTime"] for row in rows),
        "itemCount": len(rows),
        "datasetId": told(last, "dataset.id"),
    }


def item(row: Body) -> Body:
    shown = {name: row[name] for name in ("id", "traceId", "startTime", "endTime", "level")}
    shown.update(environment=row["environment"], experimentId=told(row, "id"))
    shown.update(experimentName=told(row, "name"), experimentItemId=told(row, "item.id"))
    shown.update(experimentDatasetId=told(row, "dataset.id"))
    return dict(shown, experimentItemVersion=told(row, "item.version"))


def page(server: Any, request: Request, rows: List[Body]) -> Answer:
    limit = number_parameter(server, request, "limit", 50, 100)
    start = int(base64.b64decode(request.first("cursor") or "MA=="))
    end = start + limit
    more = {"cursor": base64.b64encode(b"%d" % end).decode("ascii")} if end < len(rows) else {}
    return Answer(200, {"data": rows[start:end], "meta": more})
