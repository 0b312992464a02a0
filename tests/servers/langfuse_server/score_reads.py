"""Reading scores: /scores (2.x and later), /v2/scores and /v3/scores."""

import base64
import json
from typing import Any, List, Optional

from .messages import Answer, invalid_request, not_found
from .paging import number_parameter, page_answer, time_window
from .request import Request
from .tables import Body, Tables

V3_PARAMETERS = frozenset(
    "limit cursor fields id name source dataType environment configId queueId authorUserId "
    "traceId sessionId observationId experimentId value valueMin valueMax fromTimestamp "
    "toTimestamp".split()
)


def shown(server: Any, score: Body, targets: bool = False) -> Body:
    """A score as /scores and /v2/scores and a trace's detail show it; `targets` adds v2's keys."""
    row = {key: score.get(key) for key in ("id", "name", "value", "source", "comment", "configId")}
    row["projectId"] = server.project_id
    row.update(authorUserId=None, dataType=score["dataType"], stringValue=score["stringValue"])
    for key in ("traceId", "observationId", "queueId", "timestamp", "createdAt", "updatedAt"):
        row[key] = score.get(key)
    if server.kind.otlp:
        row.update(environment=score["environment"], metadata=score.get("metadata") or {})
        row["executionTraceId"] = None
    if targets:
        row.update(sessionId=score.get("sessionId"), datasetRunId=score.get("datasetRunId"))
    return row


def shown_trace(server: Any, tables: Tables, score: Body, session: bool) -> Optional[Body]:
    trace = tables.get("trace", score.get("traceId") or "")
    if trace is None:
        return None
    row = {"userId": trace.get("userId"), "tags": trace.get("tags") or []}
    if server.kind.otlp:
        row["environment"] = trace["environment"]
    if session:
        row["sessionId"] = trace.get("sessionId")
    return row


def newest_first(scores: List[Body]) -> List[Body]:
    return sorted(scores, key=lambda score: (score["timestamp"], score["number"]), reverse=True)


def select(server: Any, request: Request, tables: Tables, equal: List[str]) -> List[Body]:
    """Scores that match the query's equality and time parameters, newest first."""
    scores = newest_first(time_window(server, request, tables.all_of("score"), "timestamp"))
    for name in equal:
        wanted = request.query.get(name)
        if wanted:
            values = {value for entry in wanted for value in entry.split(",")}
            scores = [score for score in scores if score.get(name) in values]
    return scores


def list_v1(server: Any, request: Request) -> Answer:
    tables = server.store.tables()
    scores = select(
        server, request, tables, ["name", "source", "dataType", "configId", "environment"]
    )
    scores = [score for score in scores if score.get("traceId")]
    return score_page(server, request, tables, scores, targets=False)


def list_v2(server: Any, request: Request) -> Answer:
    tables = server.store.tables()
    names = "name source dataType configId environment traceId sessionId observationId datasetRunId"
    scores = select(server, request, tables, names.split())
    user = request.first("userId")
    if user:
        traces = {trace["id"] for trace in tables.all_of("trace") if trace.get("userId") == user}
        scores = [score for score in scores if score.get("traceId") in traces]
    if request.first("scoreIds"):
        wanted = set(str(request.first("scoreIds")).split(","))
        scores = [score for score in scores if score["id"] in wanted]
    return score_page(server, request, tables, scores, targets=True)


def score_page(
    server: Any, request: Request, tables: Tables, scores: List[Body], targets: bool
) -> Answer:
    def row(score: Body) -> Body:
        trace = shown_trace(server, tables, score, session=targets)
        return dict(shown(server, score, targets), trace=trace)

    return page_answer(server, request, scores, row)


def get_v1(server: Any, request: Request, score_id: str) -> Answer:
    return get_one(server, score_id, targets=False)


def get_v2(server: Any, request: Request, score_id: str) -> Answer:
    return get_one(server, score_id, targets=True)


def get_one(server: Any, score_id: str, targets: bool) -> Answer:
    score = server.store.tables().get("score", score_id)
    if score is None or not (targets or score.get("traceId")):
        raise not_found("Score not found within authorized project")
    return Answer(200, shown(server, score, targets))


def list_v3(server: Any, request: Request) -> Answer:
    unknown = [name for name in request.query if name not in V3_PARAMETERS]
    if unknown:
        keys = ", ".join('"%s"' % name for name in unknown)
        issue = {"code": "unrecognized_keys", "keys": unknown, "path": []}
        issue["message"] = "Unrecognized key%s: %s" % ("s" if len(unknown) > 1 else "", keys)
        raise invalid_request([issue])
    limit = number_parameter(server, request, "limit", 50, 100)
    names = "id name source dataType environment configId traceId sessionId observationId"
    scores = select(server, request, server.store.tables(), names.split())
    if request.first("experimentId"):
        wanted = str(request.first("experimentId")).split(",")
        scores = [score for score in scores if score.get("datasetRunId") in wanted]
    cursor = request.first("cursor")
    if cursor:
        scores = scores[place_after(cursor, scores) :]
    groups = set(str(request.first("fields", "")).split(","))
    meta: Body = {"limit": limit}
    if len(scores) > limit:
        last = {"v": 1, "lastTimestamp": scores[limit - 1]["timestamp"]}
        last["lastId"] = scores[limit - 1]["id"]
        text = json.dumps(last, separators=(",", ":")).encode("utf-8")
        meta["cursor"] = base64.b64encode(text).decode("ascii").rstrip("=")
    data = [v3_row(server, score, groups) for score in scores[:limit]]
    return Answer(200, {"data": data, "meta": meta})


def place_after(cursor: str, scores: List[Body]) -> int:
    """The index of the first score after the one that a cursor names."""
    try:
        last = json.loads(base64.b64decode(cursor + "==").decode("utf-8"))
        return [score["id"] for score in scores].index(last["lastId"]) + 1
    except (ValueError, TypeError, LookupError):
        issue = {"code": "custom", "path": ["cursor"], "message": "Invalid cursor format"}
        raise invalid_request([issue]) from None


def v3_row(server: Any, score: Body, groups: Any) -> Body:
    row = {key: score.get(key) for key in ("id", "name", "source", "timestamp", "environment")}
    row.update(projectId=server.project_id, dataType=score["dataType"])
    row.update(createdAt=score["createdAt"], updatedAt=score["updatedAt"])
    row["value"] = score["value"]
    if score["dataType"] == "BOOLEAN":
        row["value"] = bool(score["value"])
    elif score["dataType"] != "NUMERIC":
        row["value"] = score["stringValue"]
    if "details" in groups:
        row.update(comment=score.get("comment"), configId=score.get("configId"))
        row["metadata"] = score.get("metadata") or {}
    if "subject" in groups:
        row["subject"] = subject_of(score)
    if "annotation" in groups:
        row.update(authorUserId=None, queueId=score.get("queueId"))
    return row


def subject_of(score: Body) -> Body:
    if score.get("observationId"):
        subject = {"kind": "observation", "id": score["observationId"]}
        return dict(subject, traceId=score["traceId"])
    for kind, key in (("trace", "traceId"), ("session", "sessionId")):
        if score.get(key):
            return {"kind": kind, "id": score[key]}
    return {"kind": "experiment", "id": score.get("datasetRunId")}
