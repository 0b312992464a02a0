"""Writing scores: the rules that POST /scores and score-create share."""

import uuid
from typing import Any, Dict, List

from . import score_configs
from . import zod as z
from .messages import Answer, invalid_request
from .request import Request
from .stored_values import environment_of, metadata_of
from .tables import Body
from .times import now_iso

OLD_DATA_TYPES = ("NUMERIC", "CATEGORICAL", "BOOLEAN")
DATA_TYPES = OLD_DATA_TYPES + ("CORRECTION", "TEXT")
TARGETS = ("traceId", "sessionId", "datasetRunId")
ONE_TARGET = (
    "Provide exactly one of the following: traceId (with optional observationId), sessionId or "
    "datasetRunId. ObservationId requires traceId."
)
SCORE_CHECKS: Dict[str, z.Check] = {
    "id": z.record_id,
    "name": z.text(1),
    "traceId": z.text(),
    "sessionId": z.text(),
    "datasetRunId": z.text(),
    "observationId": z.text(),
    "comment": z.text(),
    "environment": z.text(),
    "queueId": z.text(),
    "configId": z.text(),
    "source": z.choice("API", "EVAL", "ANNOTATION"),
}
STORED = ("name", "comment", "observationId", "configId", "queueId") + TARGETS


def score_issues(
    zod: z.Zod, body: Any, path: z.Path, checks: Dict[str, z.Check] = SCORE_CHECKS
) -> List[z.Issue]:
    if not isinstance(body, dict):
        issue = zod.wrong_type("object", body, path)
        # The newer schema is two objects joined, and each of them complains in its own key order.
        other = {"code": issue["code"], "expected": "object"}
        other.update(path=path, message=issue["message"])
        return [issue] if zod.old else [issue, other]
    issues: List[z.Issue] = []
    for required in ("traceId", "name") if zod.old else ("name",):
        if body.get(required) is None:
            value = body.get(required, z.MISSING)
            issues.append(zod.wrong_type("string", value, path + [required]))
    issues += z.check_fields(zod, body, checks, path)
    types = OLD_DATA_TYPES if zod.old else DATA_TYPES
    if body.get("dataType") is not None and body["dataType"] not in types:
        issues.append(zod.bad_choice(types, body["dataType"], path + ["dataType"]))
    else:
        issues += value_issues(zod, body, path + ["value"])
    if not issues and not zod.old and not has_one_target(body):
        issues.append(
            zod.custom(["traceId", "sessionId", "datasetRunId", "observationId"], ONE_TARGET)
        )
    return issues


def has_one_target(body: Body) -> bool:
    named = [target for target in TARGETS if body.get(target) is not None]
    return len(named) == 1 and (body.get("observationId") is None or named == ["traceId"])


def value_issues(zod: z.Zod, body: Body, path: z.Path) -> List[z.Issue]:
    value, data_type = body.get("value", z.MISSING), body.get("dataType")
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if data_type is None:
        fits = is_number or isinstance(value, str)
        return [] if fits else [zod.neither(["string", "number"], value, path)]
    if data_type == "NUMERIC":
        return [] if is_number else [zod.wrong_type("number", value, path)]
    if data_type == "BOOLEAN":
        if not is_number:
            return [zod.wrong_type("number", value, path)]
        return [] if value in (0, 1) else [zod.custom(path, "Value must be either 0 or 1")]
    return z.text(*((1, 500) if data_type == "TEXT" else (0, None)))(zod, value, path)


def stored_score(server: Any, body: Body, timestamp: str) -> Body:
    """The record: its value as number and as text, as the lists show it."""
    now = now_iso()
    body = score_configs.as_configured(server, body)
    score = {key: body[key] for key in STORED if key in body}
    value, data_type = body["value"], body.get("dataType")
    if data_type is None:
        data_type = "CATEGORICAL" if isinstance(value, str) else "NUMERIC"
    if data_type == "BOOLEAN":
        score.update(value=value, stringValue="True" if value else "False")
    elif data_type == "NUMERIC":
        score.update(value=value, stringValue=None)
    else:  # a text's number comes from its score config
        has_number = server.kind.otlp or body.get("configId")
        number = score_configs.number_of(server, body) if has_number else None
        score.update(value=number, stringValue=value)
    if data_type == "CORRECTION":
        score["name"] = "output"
    score.update(dataType=data_type, source=body.get("source") or "API")
    score["metadata"] = metadata_of(server.kind, body.get("metadata")) or {}
    score["environment"] = environment_of(body.get("environment"))
    score.update(timestamp=timestamp if server.kind.otlp else now, createdAt=now, updatedAt=now)
    score["number"] = server.store.next_number()
    return score


def create(server: Any, request: Request) -> Answer:
    body = request.json()
    issues = score_issues(server.zod, body, [])
    if issues:
        raise invalid_request(issues)
    score_id = body.get("id") or str(uuid.uuid4())
    if not score_configs.keeps(server, body):
        return Answer(200, {"id": score_id})
    now = now_iso()
    stored = stored_score(server, body, now)
    # Every call is a change of its own: the server makes a fresh event id for each.
    server.store.first_time("score", score_id, str(uuid.uuid4()))
    server.store.put("score", score_id, now, False, stored)
    return Answer(200, {"id": score_id})


def delete(server: Any, request: Request, score_id: str) -> Answer:
    server.store.write("delete_score", score_id)
    if not server.kind.otlp:
        return Answer(200, {"message": "Score deleted successfully"})
    return Answer(202, {"message": "Score deletion queued successfully"})
