"""Datasets, their items and runs.

The responses follow the recordings; a second write with the same id, and the item id of another
dataset, are not recorded. Runs exist on servers with legacy tables; an events_only server accepts a
run item but does not store it.
"""

import uuid
from typing import Any, Dict, List

from . import zod as z
from .messages import Answer, invalid_request, not_found
from .paging import page_answer
from .request import Request
from .tables import Body
from .times import now_iso

ITEM_CHECKS: Dict[str, z.Check] = {
    "id": z.text(1, 255),
    "sourceTraceId": z.text(),
    "sourceObservationId": z.text(),
    "status": z.choice("ACTIVE", "ARCHIVED"),
}
RUN_CHECKS: Dict[str, z.Check] = {
    name: z.text() for name in ("runDescription", "traceId", "observationId")
}


def issues_of(zod: z.Zod, body: Any, needed: List[str], checks: Dict[str, z.Check]) -> None:
    if not isinstance(body, dict):
        raise invalid_request([zod.wrong_type("object", body, [])])
    issues: List[z.Issue] = []
    for name in needed:
        issues += z.text(1)(zod, body.get(name, z.MISSING), [name])
    issues += z.check_fields(zod, body, checks, [])
    if issues:
        raise invalid_request(issues)


def create(server: Any, request: Request) -> Answer:
    """Create or change a dataset, found by its name."""
    body = request.json()
    issues_of(server.zod, body, ["name"], {"description": z.text()})
    now = now_iso()
    dataset = server.datasets.get(body["name"])
    if dataset is None:
        dataset = {"id": "cm" + uuid.uuid4().hex[:23], "projectId": server.project_id}
        dataset.update(name=body["name"], description=None, metadata=None, createdAt=now)
        if server.kind.otlp:
            dataset.update(inputSchema=None, expectedOutputSchema=None)
        server.datasets[body["name"]] = dataset
    names = ("description", "metadata", "inputSchema", "expectedOutputSchema")
    dataset.update({name: body[name] for name in names if name in body and name in dataset})
    dataset["updatedAt"] = now
    return Answer(200, dataset)


def list_datasets(server: Any, request: Request) -> Answer:
    return page_answer(server, request, list(server.datasets.values())[::-1], dict)


def get(server: Any, request: Request, name: str) -> Answer:
    return Answer(200, known(server, name))


def known(server: Any, name: Any) -> Body:
    if name not in server.datasets:
        raise not_found("Dataset not found")
    dataset: Body = server.datasets[name]
    return dataset


def create_item(server: Any, request: Request) -> Answer:
    """Create or change an item, found by its id; fields that are not in the body stay."""
    body = request.json()
    issues_of(server.zod, body, ["datasetName"], ITEM_CHECKS)
    name = body["datasetName"]
    if name not in server.datasets and server.kind.otlp:
        raise not_found("Dataset %s not found for project %s" % (name, server.project_id))
    dataset, now = known(server, name), now_iso()
    item_id = body.get("id") or str(uuid.uuid4())
    item = server.dataset_items.get(item_id)
    if item is None:
        item = {"id": item_id, "datasetId": dataset["id"], "status": "ACTIVE", "input": None}
        item.update(expectedOutput=None, metadata=None, sourceTraceId=None, createdAt=now)
        item.update(sourceObservationId=None, datasetName=name)
        if server.kind.otlp:
            item["mediaReferences"] = []
        server.dataset_items[item_id] = item
    elif item["datasetId"] != dataset["id"]:
        raise not_found("Dataset item with id %s not found in dataset %s" % (item_id, name))
    kept = ("id", "datasetName")
    changes = {key: body[key] for key in body if key in item and key not in kept}
    item.update({key: value for key, value in changes.items() if value is not None}, updatedAt=now)
    return Answer(200, item)


def list_items(server: Any, request: Request) -> Answer:
    items = list(server.dataset_items.values())[::-1]
    name = request.first("datasetName")
    if name:
        known(server, name)
        items = [item for item in items if item["datasetName"] == name]
    for key in ("sourceTraceId", "sourceObservationId"):
        if request.first(key):
            items = [item for item in items if item[key] == request.first(key)]
    return page_answer(server, request, items, dict)


def get_item(server: Any, request: Request, item_id: str) -> Answer:
    return Answer(200, known_item(server, item_id))


def known_item(server: Any, item_id: str) -> Body:
    if item_id not in server.dataset_items:
        raise not_found("Dataset item not found")
    item: Body = server.dataset_items[item_id]
    return item


def delete_item(server: Any, request: Request, item_id: str) -> Answer:
    known_item(server, item_id)
    del server.dataset_items[item_id]
    return Answer(200, {"message": "Dataset item successfully deleted"})


def create_run_item(server: Any, request: Request) -> Answer:
    body = request.json()
    issues_of(server.zod, body, ["runName", "datasetItemId"], RUN_CHECKS)
    item, now = known_item(server, body["datasetItemId"]), now_iso()
    runs = server.dataset_runs.setdefault(item["datasetName"], {})
    run = runs.get(body["runName"])
    if run is None:
        run = {"id": str(uuid.uuid4()), "name": body["runName"], "datasetId": item["datasetId"]}
        run.update(datasetName=item["datasetName"], createdAt=now)
        run.update(description=None, metadata={} if server.kind.otlp else None)
        if server.kind.legacy:
            runs[body["runName"]] = run
    run.update(updatedAt=now, description=body.get("runDescription") or run["description"])
    row = {"id": str(uuid.uuid4()), "datasetRunId": run["id"], "datasetRunName": run["name"]}
    row.update(datasetItemId=item["id"], traceId=body.get("traceId"))
    row.update(observationId=body.get("observationId"), createdAt=now, updatedAt=now)
    return Answer(200, row)


def list_runs(server: Any, request: Request, name: str) -> Answer:
    known(server, name)
    runs = list(server.dataset_runs.get(name, {}).values())[::-1]
    return page_answer(server, request, runs, dict)
