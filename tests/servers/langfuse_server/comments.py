"""Comments on traces, observations, sessions and prompt versions.

The object must be readable. A 2.x server looks for it in the project in the body, and its listings
have no `meta`; later ones use the key's project. Listings are ordered by the random ids.
"""

import uuid
from typing import Any, List

from . import zod as z
from .messages import Answer, invalid_request, not_found
from .paging import page_answer
from .request import Request
from .tables import Body
from .times import now_iso

TYPES = ("TRACE", "OBSERVATION", "SESSION", "PROMPT")
CHECKS = {
    "projectId": z.text(),
    "objectType": z.choice(*TYPES),
    "objectId": z.text(),
    "content": z.text(1, 5000),
}
PARAMETERS = {"page", "limit", "objectType", "objectId", "authorUserId"}


def create(server: Any, request: Request) -> Answer:
    body = request.json()
    issues = issues_of(server.zod, body)
    if issues:
        raise invalid_request(issues)
    project = server.project_id if server.kind.otlp else body["projectId"]
    kind, object_id = body["objectType"], body["objectId"]
    if project != server.project_id or not exists(server, kind, object_id):
        said = "Reference object, %s: %s not found. Skipping comment creation." % (kind, object_id)
        if not server.kind.otlp:
            said = "No %s with id %s in project %s" % (kind.lower(), object_id, project)
        raise not_found(said)
    now = now_iso()
    comment = {"id": str(uuid.uuid4()), "projectId": project, "createdAt": now, "updatedAt": now}
    comment.update(objectType=kind, objectId=object_id, content=body["content"].strip())
    comment["authorUserId"] = body.get("authorUserId")
    server.comments[comment["id"]] = comment
    return Answer(200, {"id": comment["id"]})


def issues_of(zod: z.Zod, body: Any) -> List[z.Issue]:
    if not isinstance(body, dict):
        return [zod.wrong_type("object", body, [])]
    issues: List[z.Issue] = []
    for name, check in CHECKS.items():
        value = body.get(name, z.MISSING)
        trimmed = name == "content" and isinstance(value, str)
        issues += check(zod, value.strip() if trimmed else value, [name])
    issues += z.check_fields(zod, body, {"authorUserId": z.text()}, [])
    return issues + unknown_keys(set(body) - set(CHECKS) - {"authorUserId"})


def unknown_keys(names: Any) -> List[z.Issue]:
    if not names:
        return []
    listed = ", ".join('"%s"' % name for name in sorted(names))
    issue = {"code": "unrecognized_keys", "keys": sorted(names), "path": []}
    return [dict(issue, message="Unrecognized key(s) in object: " + listed)]


def exists(server: Any, kind: str, object_id: str) -> bool:
    """Whether the object can be read: from the legacy tables if there are any, else from rows."""
    tables = server.store.tables()
    if kind == "PROMPT":
        versions = [one for known in server.prompts.values() for one in known]
        return any(version["id"] == object_id for version in versions)
    if server.kind.legacy:
        if kind == "SESSION":
            return object_id in tables.sessions
        return tables.get(kind.lower(), object_id) is not None
    key = {"TRACE": "traceId", "OBSERVATION": "id", "SESSION": "sessionId"}[kind]
    return any(row[key] == object_id for row in tables.rows)


def list_comments(server: Any, request: Request) -> Answer:
    unknown = unknown_keys(set(request.query) - PARAMETERS)
    if unknown:
        raise invalid_request(unknown)
    kind, object_id = request.first("objectType"), request.first("objectId")
    if kind is not None and kind not in TYPES:
        raise invalid_request([server.zod.bad_choice(TYPES, kind, ["objectType"])])
    if object_id and not kind:
        said = "objectType is required when objectId is provided"
        raise invalid_request([server.zod.custom(["objectType"], said)])
    wanted = {"objectType": kind, "objectId": object_id}
    wanted["authorUserId"] = request.first("authorUserId")
    asked = {name: value for name, value in wanted.items() if value}
    in_no_order = [server.comments[one] for one in sorted(server.comments)]
    found: List[Body] = [one for one in in_no_order if asked.items() <= one.items()]
    answer = page_answer(server, request, found, dict)
    if not server.kind.otlp:
        del answer.body["meta"]
    return answer


def get(server: Any, request: Request, comment_id: str) -> Answer:
    if comment_id not in server.comments:
        raise not_found("Comment not found within authorized project")
    return Answer(200, server.comments[comment_id])
