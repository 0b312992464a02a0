"""Runs of datasets, as servers with legacy tables have them.

An events_only server accepts a run item but does not store it.
"""

import uuid
from typing import Any, Dict, List

from . import zod as z
from .datasets import issues_of, known, known_item
from .messages import Answer, not_found
from .paging import page_answer
from .request import Request
from .tables import Body
from .times import now_iso

RUN_CHECKS: Dict[str, z.Check] = {
    name: z.text() for name in ("runDescription", "traceId", "observationId")
}


def create_run_item(server: Any, request: Request) -> Answer:
    body = request.json()
    issues_of(server.zod, body, ["runName", "datasetItemId"], RUN_CHECKS)
    if body["datasetItemId"] not in server.dataset_items:
        raise not_found("Dataset item not found" + ("" if server.kind.otlp else " or not active"))
    item, now = known_item(server, body["datasetItemId"]), now_iso()
    runs = server.dataset_runs.setdefault(item["datasetName"], {})
    run = runs.get(body["runName"])
    if run is None:
        run = {"id": str(uuid.uuid4()), "name": body["runName"], "datasetId": item["datasetId"]}
        run.update(datasetName=item["datasetName"], createdAt=now)
        run.update(description=None, metadata={} if server.kind.otlp else None, items=[])
        if server.kind.legacy:
            runs[body["runName"]] = run
    run.update(updatedAt=now, description=body.get("runDescription") or run["description"])
    run["metadata"] = body.get("metadata") or run["metadata"]
    row = {"id": str(uuid.uuid4()), "datasetRunId": run["id"], "datasetRunName": run["name"]}
    row.update(datasetItemId=item["id"], traceId=body.get("traceId"))
    row.update(observationId=body.get("observationId"), createdAt=now, updatedAt=now)
    run["items"].append(row)
    return Answer(200, row)


def shown(run: Body) -> Body:
    return {name: value for name, value in run.items() if name != "items"}


def list_runs(server: Any, request: Request, name: str) -> Answer:
    known(server, name)
    return page_answer(server, request, runs_of(server, name), shown)


def runs_of(server: Any, name: str) -> List[Body]:
    return list(server.dataset_runs.get(name, {}).values())[::-1]


def known_run(server: Any, name: str, run_name: str) -> Body:
    run: Any = server.dataset_runs.get(name, {}).get(run_name)
    if run is None:
        raise not_found("Dataset run not found")
    return run  # type: ignore[no-any-return]


def get_run(server: Any, request: Request, name: str, run_name: str) -> Answer:
    run = known_run(server, name, run_name)
    return Answer(200, dict(shown(run), datasetRunItems=run["items"]))


def delete_run(server: Any, request: Request, name: str, run_name: str) -> Answer:
    known_run(server, name, run_name)
    del server.dataset_runs[name][run_name]
    return Answer(200, {"message": "Dataset run successfully deleted"})


def list_run_items(server: Any, request: Request) -> Answer:
    found = [
        row
        for name in server.dataset_runs
        for run in runs_of(server, name)
        if [run["datasetId"], run["name"]] == [request.first("datasetId"), request.first("runName")]
        for row in run["items"]
    ]
    return page_answer(server, request, found, dict)
