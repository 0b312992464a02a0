"""Datasets and their items, as the recordings show them.

Newer servers check items against the dataset's schemas, of which the stand-in knows the `type`, and
list only the active ones.
"""

import uuid
from typing import Any, Dict, List

from . import zod as z
from .messages import Answer, domain_error, invalid_request, not_found
from .paging import page_answer
from .request import Request
from .stored_values import in_javascript
from .tables import Body
from .times import now_iso

ITEM_CHECKS: Dict[str, z.Check] = {
    "id": z.text(1, 255),
    "sourceTraceId": z.text(),
    "sourceObservationId": z.text(),
    "status": z.choice("ACTIVE", "ARCHIVED"),
}


JSON_TYPES = {"object": dict, "array": list, "string": str, "number": (int, float), "boolean": bool}


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
    check_schemas(dataset, body)
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
        return of_another_dataset(server, item, name)
    kept = ("id", "datasetName")
    changes = {key: in_javascript(body[key]) for key in body if key in item and key not in kept}
    item.update({key: value for key, value in changes.items() if value is not None}, updatedAt=now)
    return Answer(200, item)


def of_another_dataset(server: Any, item: Body, name: str) -> Answer:
    """An item's id is unique in the project; 2.x servers write nothing, and do not say so."""
    if not server.kind.otlp:
        return Answer(200, {"datasetName": name})
    raise domain_error(
        "Dataset item id {id} already exists in another dataset (id {datasetId}) in this project; "
        "item ids are unique per project across datasets. Use a different id or target dataset "
        "{datasetId}.".format(**item),
        409,
        "LangfuseConflictError",
    )


def check_schemas(dataset: Body, body: Body) -> None:
    for name, what in (("input", "Input"), ("expectedOutput", "Expected output")):
        schema = dataset.get(name + "Schema")
        kind = (schema or {}).get("type")
        if kind and body.get(name) is not None and not isinstance(body[name], JSON_TYPES[kind]):
            message = "Dataset item validation failed: %s validation failed: must be %s"
            raise domain_error(message % (what, kind))


def list_items(server: Any, request: Request) -> Answer:
    items = list(server.dataset_items.values())[::-1]
    name = request.first("datasetName")
    if name:
        known(server, name)
        items = [item for item in items if item["datasetName"] == name]
    if server.kind.otlp:
        items = [item for item in items if item["status"] == "ACTIVE"]
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
