"""POST /api/public/ingestion: legacy batches, with a result for each event in a 207."""

import json
import uuid
from typing import Any, Dict, List, NamedTuple, Optional

from . import zod as z
from .messages import Answer, RefusedError
from .request import Request
from .score_configs import keeps
from .scores import SCORE_CHECKS, score_issues, stored_score
from .stored_values import content_of, environment_of, metadata_of
from .tables import Body
from .times import normal, now_iso

GENERATION_LIKE = ("agent", "tool", "chain", "retriever", "evaluator", "embedding", "guardrail")
OLD_TYPES = (
    "trace-create",
    "score-create",
    "event-create",
    "span-create",
    "span-update",
    "generation-create",
    "generation-update",
    "sdk-log",
    "observation-create",
    "observation-update",
)
NEW_TYPES = OLD_TYPES + tuple(kind + "-create" for kind in GENERATION_LIKE)
EVENTS_ONLY_TYPES = ("score-create", "sdk-log")
EVENTS_ONLY_ERROR = (
    'Event type "%s" is not accepted by /api/public/ingestion when '
    "LANGFUSE_MIGRATION_V4_WRITE_MODE is events_only. This endpoint only accepts score and log "
    "events. Upgrade the client or integration to a v4-compatible SDK or OTLP ingestion path. As "
    "a temporary migration bridge, set LANGFUSE_MIGRATION_V4_WRITE_MODE=dual on both the web and "
    "worker services and redeploy. Docs: "
    "https://langfuse.com/self-hosting/upgrade/upgrade-guides/upgrade-v3-to-v4"
)

COUNT = z.number(0, whole=True)
USAGE_UNITS = ("TOKENS", "CHARACTERS", "MILLISECONDS", "SECONDS", "IMAGES", "REQUESTS")
TRACE_CHECKS = {
    "id": z.record_id,
    "timestamp": z.datetime,
    "name": z.text(0, 1000),
    "userId": z.text(),
    "sessionId": z.text(),
    "externalId": z.text(),
    "release": z.text(),
    "version": z.text(),
    "environment": z.text(),
    "tags": z.list_of(z.text()),
    "public": z.flag,
}
EVENT_CHECKS = {
    "id": z.record_id,
    "traceId": z.record_id,
    "name": z.text(),
    "startTime": z.datetime,
    "parentObservationId": z.text(),
    "level": z.choice("DEBUG", "DEFAULT", "WARNING", "ERROR"),
    "statusMessage": z.text(),
    "version": z.text(),
    "environment": z.text(),
}
SPAN_CHECKS = dict(EVENT_CHECKS, endTime=z.datetime)
GENERATION_CHECKS = dict(
    SPAN_CHECKS,
    completionStartTime=z.datetime,
    model=z.text(),
    modelParameters=z.map_of(lambda zod, value, path: []),
    usage=z.shape_of(
        {
            "input": COUNT,
            "output": COUNT,
            "total": COUNT,
            "promptTokens": COUNT,
            "completionTokens": COUNT,
            "totalTokens": COUNT,
            "unit": z.choice(*USAGE_UNITS),
            "inputCost": z.number(),
            "outputCost": z.number(),
            "totalCost": z.number(),
        }
    ),
    usageDetails=z.map_of(COUNT),
    costDetails=z.map_of(z.number(0)),
    promptName=z.text(),
    promptVersion=z.number(whole=True),
)
OBSERVATION_CHECKS = dict(GENERATION_CHECKS, type=z.choice("SPAN", "GENERATION", "EVENT"))
KEPT_AS_SENT = ("input", "output", "metadata")


class Event(NamedTuple):
    """A batch entry that passed validation."""

    id: str
    timestamp: str
    entity: Optional[str]  # trace, observation or score; None for a log entry
    kind: str  # the observation's type, upper case
    update: bool
    body: Body


def ingest(server: Any, request: Request) -> Answer:
    batch = batch_of(server, request)
    successes: List[Body] = []
    errors: List[Body] = []
    events: List[Event] = []
    for entry in batch:
        error = entry_error(server, entry)
        if error is not None:
            errors.append(error)
        else:
            events.append(event_of(entry))
    # The server works on creates before updates, each in the order of their timestamps.
    for event in sorted(events, key=lambda event: (event.update, event.timestamp)):
        accept(server, event)
    successes = [{"id": event.id, "status": 201} for event in events if event.entity]
    return Answer(207, {"successes": successes, "errors": errors})


def batch_of(server: Any, request: Request) -> List[Any]:
    body = request.json()
    problem = None
    if not isinstance(body, dict):
        problem = server.zod.wrong_type("object", body, [])
    elif not isinstance(body.get("batch"), list):
        problem = server.zod.wrong_type("array", body.get("batch", z.MISSING), ["batch"])
    if problem is not None:
        errors = [problem["message"]]
        raise RefusedError(400, {"message": "Invalid request data", "errors": errors})
    return body["batch"]


def entry_error(server: Any, entry: Any) -> Optional[Body]:
    """The error entry of the 207 for one event, or None when it is accepted."""
    kind = entry.get("type") if isinstance(entry, dict) else None
    event_id = entry.get("id") if isinstance(entry, dict) else None
    shown_id = event_id if isinstance(event_id, str) else "unknown"
    if not server.kind.legacy and isinstance(kind, str) and kind not in EVENTS_ONLY_TYPES:
        message, error = "Event type not accepted", EVENTS_ONLY_ERROR % kind
    else:
        issues = entry_issues(server, entry)
        if not issues:
            return None
        message = "Invalid request data"
        error = json.dumps(issues, indent=2, ensure_ascii=False)
    return {"id": shown_id, "status": 400, "message": message, "error": error}


def entry_issues(server: Any, entry: Any) -> List[z.Issue]:
    zod = server.zod
    if not isinstance(entry, dict):
        return [zod.wrong_type("object", entry, [])]
    types = OLD_TYPES if zod.old else NEW_TYPES
    if entry.get("type") not in types:
        return [zod.unknown_kind(types, ["type"])]
    issues = z.record_id(zod, entry.get("id", z.MISSING), ["id"])
    issues += z.datetime(zod, entry.get("timestamp", z.MISSING), ["timestamp"])
    body = entry.get("body", z.MISSING)
    if not isinstance(body, dict):
        return issues + [zod.wrong_type("object", body, ["body"])]
    return issues + body_issues(zod, entry["type"], body)


def body_issues(zod: z.Zod, event_type: str, body: Body) -> List[z.Issue]:
    name = event_type.rsplit("-", 1)[0]
    if event_type == "sdk-log":
        return []
    if name == "score":
        return score_issues(zod, body, ["body"], SCORE_CHECKS)
    if name == "trace":
        return z.check_fields(zod, body, TRACE_CHECKS, ["body"])
    checks = {"event": EVENT_CHECKS, "span": SPAN_CHECKS, "observation": OBSERVATION_CHECKS}.get(
        name, GENERATION_CHECKS
    )
    issues: List[z.Issue] = []
    if name != "observation" and body.get("id") is None:
        issues.append(zod.wrong_type("string", body.get("id", z.MISSING), ["body", "id"]))
    issues += z.check_fields(zod, body, checks, ["body"])
    if "promptName" in checks and (body.get("promptName") is None) != (
        body.get("promptVersion") is None
    ):
        issues.append(zod.custom(["body"], "Provide both promptName and promptVersion or neither"))
    return issues


def event_of(entry: Body) -> Event:
    name, action = entry["type"].rsplit("-", 1)
    entity = {"trace": "trace", "score": "score", "sdk": None}.get(name, "observation")
    body = entry["body"]
    kind = str(body.get("type") or "SPAN") if name == "observation" else name.upper()
    return Event(entry["id"], normal(entry["timestamp"]), entity, kind, action == "update", body)


def accept(server: Any, event: Event) -> None:
    """Store an event. One without body.id is reported as created but silently lost."""
    record_id = event.body.get("id")
    if event.entity is None or record_id is None:
        return
    if not server.store.first_time(event.entity, record_id, event.id):
        return
    if event.entity == "score" and not keeps(server, event.body):
        return
    make = {"trace": stored_trace, "observation": stored_observation}.get(event.entity)
    body = (
        stored_score(server, event.body, event.timestamp) if make is None else make(server, event)
    )
    server.store.put(event.entity, record_id, event.timestamp, event.update, body)


def known_fields(checks: Dict[str, z.Check], body: Body) -> Body:
    """The fields that the server knows; others are dropped."""
    return {key: body[key] for key in body if key in checks or key in KEPT_AS_SENT}


def stored_trace(server: Any, event: Event) -> Body:
    body = known_fields(TRACE_CHECKS, event.body)
    now = now_iso()
    default = event.timestamp if server.kind.otlp else now
    body["timestamp"] = normal(body.get("timestamp")) or default
    return with_common_values(server, body, now)


def stored_observation(server: Any, event: Event) -> Body:
    checks = EVENT_CHECKS if event.kind == "EVENT" else GENERATION_CHECKS
    body = known_fields(checks, event.body)
    if not event.update or server.store.stored.get("observation", body["id"]) is None:
        body["traceId"] = body.get("traceId") or str(uuid.uuid4())
        body["startTime"] = body.get("startTime") or event.timestamp
    body["type"] = event.kind
    for key in ("startTime", "endTime", "completionStartTime"):
        if key in body:
            body[key] = normal(body[key])
    return with_common_values(server, body, now_iso())


def with_common_values(server: Any, body: Body, now: str) -> Body:
    body["environment"] = environment_of(body.get("environment"))
    if "metadata" in body:
        body["metadata"] = metadata_of(server.kind, body["metadata"])
    for key in ("input", "output"):
        if key in body:
            body[key] = content_of(server.kind, body[key])
    body.update(createdAt=now, updatedAt=now)
    return body
