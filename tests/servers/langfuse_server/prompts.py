"""Prompts: every POST makes a new version; each label is on only one version.

The recordings show the refusal of another type; the other refusals follow the OpenAPI
document, in wording of the same kind.
"""

import re
import uuid
from typing import Any, List, Optional

from . import zod as z
from .messages import Answer, RefusedError, invalid_request, not_found
from .paging import number_parameter
from .request import Request
from .tables import Body
from .times import now_iso

LATEST = "latest"
PRODUCTION = "production"
LABEL = re.compile(r"[a-z0-9_.-]{1,36}\Z")
RESERVED = ("new", "metrics", "prompt-detail")
OTHER_TYPE = (
    "Previous versions have different prompt type. Create a new prompt with a different name."
)


def create(server: Any, request: Request) -> Answer:
    body = request.json()
    issues = prompt_issues(server.zod, body)
    if issues:
        raise invalid_request(issues)
    versions = server.prompts.setdefault(body["name"], [])
    kind = body.get("type") or "text"
    if versions and versions[0]["type"] != kind:
        raise refused(OTHER_TYPE)
    labels = unique(list(body.get("labels") or []) + [LATEST])
    take_away(versions, labels)
    now = now_iso()
    prompt: Body = {"id": str(uuid.uuid4()), "createdAt": now, "updatedAt": now}
    prompt.update(projectId=server.project_id, createdBy="API", prompt=body["prompt"])
    prompt.update(name=body["name"], version=versions[-1]["version"] + 1 if versions else 1)
    prompt.update(type=kind, isActive=None, config=body.get("config") or {}, labels=labels)
    prompt["tags"] = unique(body["tags"]) if body.get("tags") is not None else tags_of(versions)
    if server.kind.otlp:
        prompt["commitMessage"] = body.get("commitMessage")
    for version in versions:
        version["tags"] = prompt["tags"]
    versions.append(prompt)
    return Answer(201, prompt)


def prompt_issues(zod: z.Zod, body: Any) -> List[z.Issue]:
    if not isinstance(body, dict):
        return [zod.wrong_type("object", body, [])]
    issues = z.text(1)(zod, body.get("name", z.MISSING), ["name"])
    if not issues and not is_name(body["name"]):
        issues.append(zod.custom(["name"], "Prompt name is not allowed"))
    for label in body.get("labels") or []:
        if not isinstance(label, str) or not LABEL.match(label):
            issues.append(zod.custom(["labels"], "Label is not allowed"))
    if body.get("type") == "chat":
        issues += chat_issues(zod, body.get("prompt", z.MISSING))
    else:
        issues += z.text()(zod, body.get("prompt", z.MISSING), ["prompt"])
    fields = {"commitMessage": z.text(0, 500), "tags": z.list_of(z.text())}
    return issues + z.check_fields(zod, body, fields, [])


def is_name(name: str) -> bool:
    bad = "|" in name or "//" in name or name.startswith("/") or name.endswith("/")
    return not bad and "<" not in name and name not in RESERVED


def chat_issues(zod: z.Zod, messages: Any) -> List[z.Issue]:
    if not isinstance(messages, list):
        return [zod.wrong_type("array", messages, ["prompt"])]
    issues: List[z.Issue] = []
    for index, message in enumerate(messages):
        if not isinstance(message, dict):
            issues.append(zod.wrong_type("object", message, ["prompt", index]))
            continue
        wanted = ("name",) if message.get("type") == "placeholder" else ("role", "content")
        for name in wanted:
            issues += z.text()(zod, message.get(name, z.MISSING), ["prompt", index, name])
    return issues


def list_prompts(server: Any, request: Request) -> Answer:
    page = number_parameter(server, request, "page", 1)
    limit = number_parameter(server, request, "limit", 10, 100)
    rows = []
    for name in sorted(server.prompts):
        versions = [one for one in server.prompts[name] if is_wanted(one, request)]
        if versions:
            rows.append(listed(server, versions))
    chosen = rows[(page - 1) * limit : page * limit]
    meta = {"page": page, "limit": limit, "totalPages": -(-len(rows) // limit)}
    meta["totalItems"] = len(rows)
    return Answer(200, {"data": chosen, "meta": meta, "pagination": meta})


def is_wanted(version: Body, request: Request) -> bool:
    name, label, tag = (request.first(key) for key in ("name", "label", "tag"))
    return (
        (not name or version["name"] == name)
        and (not label or label in version["labels"])
        and (not tag or tag in version["tags"])
    )


def listed(server: Any, versions: List[Body]) -> Body:
    newest = versions[-1]
    row = {"name": newest["name"], "tags": newest["tags"]}
    row["lastUpdatedAt"] = max(one["updatedAt"] for one in versions)
    row["versions"] = [one["version"] for one in versions]
    row["labels"] = sorted({label for one in versions for label in one["labels"]})
    if server.kind.otlp:
        row["type"] = newest["type"]
    row["lastConfig"] = newest["config"]
    return row


def get(server: Any, request: Request, name: str) -> Answer:
    label = request.first("label")
    version = number_parameter(server, request, "version", 0)
    if label and version:
        raise refused("Cannot specify both version and label")
    label = label or (None if version else PRODUCTION)
    prompt = dict(found(server, name, version, label))
    if server.kind.otlp:
        prompt.update(isActive=PRODUCTION in prompt["labels"], resolutionGraph=None)
    return Answer(200, prompt)


def found(server: Any, name: str, version: int, label: Optional[str]) -> Body:
    for prompt in server.prompts.get(name, []):
        if prompt["version"] == version or label in prompt["labels"]:
            return dict(prompt)
    what = "version %d" % version if version else "label '%s'" % label
    raise not_found("Prompt not found: '%s' with %s" % (name, what))


def label_version(server: Any, request: Request, name: str, number: str) -> Answer:
    body = request.json()
    labels = body.get("newLabels") if isinstance(body, dict) else None
    issues = z.list_of(z.text(1))(server.zod, labels, ["newLabels"])
    if issues:
        raise invalid_request(issues)
    if LATEST in labels:
        raise refused("Label 'latest' is always assigned to the latest prompt version")
    versions = server.prompts.get(name, [])
    chosen = [one for one in versions if str(one["version"]) == number]
    if not chosen:
        raise not_found("Prompt not found: %s version %s" % (name, number))
    take_away([one for one in versions if one is not chosen[0]], labels)
    chosen[0].update(labels=unique(labels + chosen[0]["labels"]), updatedAt=now_iso())
    return Answer(200, dict(chosen[0]))


def delete(server: Any, request: Request, name: str) -> Answer:
    label = request.first("label")
    version = number_parameter(server, request, "version", 0)
    versions = server.prompts.get(name, [])
    gone = [
        one
        for one in versions
        if (not version or one["version"] == version) and (not label or label in one["labels"])
    ]
    if not gone:
        raise not_found("Prompt not found")
    kept = [one for one in versions if one not in gone]
    server.prompts[name] = kept
    if not kept:
        del server.prompts[name]
    elif LATEST not in kept[-1]["labels"]:
        kept[-1]["labels"].append(LATEST)
    return Answer(204, "", None)


def take_away(versions: List[Body], labels: List[str]) -> None:
    """Remove labels, which another version gets, from these versions."""
    for version in versions:
        if set(version["labels"]) & set(labels):
            version["labels"] = [one for one in version["labels"] if one not in labels]
            version["updatedAt"] = now_iso()


def tags_of(versions: List[Body]) -> List[str]:
    return versions[-1]["tags"] if versions else []


def unique(values: List[str]) -> List[str]:
    return list(dict.fromkeys(values))


def refused(message: str) -> RefusedError:
    return RefusedError(400, {"message": message, "error": "InvalidRequestError"})
