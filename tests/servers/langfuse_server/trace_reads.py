"""Legacy reads and deletes: traces, observations and sessions."""

from typing import Any, Dict, List, Optional, Tuple

from .messages import Answer, invalid_request, not_found
from .paging import page_answer, time_window
from .request import Request
from .score_reads import newest_first, shown
from .stored_values import cost_of, price_of, usage_of
from .tables import Body, Tables
from .times import seconds_between

TRACE_KEYS = (
    "id name timestamp release version userId sessionId input output createdAt updatedAt externalId"
).split()
TRACE_GROUPS = ("core", "io", "scores", "observations", "metrics")
OBSERVATION_KEYS = (
    "id traceId startTime endTime parentObservationId type name statusMessage version createdAt "
    "updatedAt input output model modelParameters completionStartTime promptId promptName "
    "promptVersion"
).split()


def shown_trace(server: Any, trace: Body) -> Body:
    """The trace's own values, without what belongs to its observations and scores."""
    row = {key: trace.get(key) for key in TRACE_KEYS}
    row.update(projectId=server.project_id, tags=trace.get("tags") or [], bookmarked=False)
    row.update(public=bool(trace.get("public")), metadata=trace.get("metadata"))
    if server.kind.otlp:
        row.update(environment=trace["environment"], metadata=trace.get("metadata") or {})
    return row


def trace_metrics(server: Any, trace: Body, observations: List[Body]) -> Body:
    costs = [cost_of(observation).get("total", 0) for observation in observations]
    starts = [observation["startTime"] for observation in observations]
    ends = [one.get("endTime") or one["startTime"] for one in observations]
    latency = seconds_between(min(starts), max(ends)) if observations else 0
    path = "/project/%s/traces/%s" % (server.project_id, trace["id"])
    return {"totalCost": sum(costs), "latency": latency, "htmlPath": path}


def shown_observation(server: Any, observation: Body, in_trace: bool = False) -> Body:
    row = {key: observation.get(key) for key in OBSERVATION_KEYS}
    start, end = row["startTime"], row["endTime"]
    if end and end < start:
        row["endTime"] = end = start
    row.update(projectId=server.project_id, level=observation.get("level") or "DEFAULT")
    row["latency"] = seconds_between(start, end)
    row["timeToFirstToken"] = seconds_between(start, row["completionStartTime"])
    row["metadata"] = observation.get("metadata")
    row.update(usage_values(server, observation))
    row.update(price_values(server, observation, in_trace))
    if server.kind.otlp:
        row.update(environment=observation["environment"], metadata=row["metadata"] or {})
        row.update(usageDetails=usage_of(observation), costDetails=cost_of(observation))
    return row


def usage_values(server: Any, observation: Body) -> Body:
    usage = usage_of(observation)
    counts = {name: usage.get(name, 0) for name in ("input", "output", "total")}
    unit = (observation.get("usage") or {}).get("unit")
    if unit is None and (server.kind.otlp or usage):
        unit = "TOKENS"
    values: Body = {"unit": unit, "promptTokens": counts["input"]}
    values.update(completionTokens=counts["output"], totalTokens=counts["total"])
    values["usage"] = dict(counts, unit=unit)
    return values


def price_values(server: Any, observation: Body, in_trace: bool) -> Body:
    """Prices and costs. Newer servers fill unknown prices with 0 inside a trace, and name the
    pricing tier only there."""
    price, cost = price_of(observation), cost_of(observation)
    nothing = 0 if in_trace and server.kind.otlp else None
    values: Body = {"modelId": price.model_id if price else None, "totalPrice": nothing}
    values["inputPrice"] = price.input if price else nothing
    values["outputPrice"] = price.output if price else nothing
    values["calculatedInputCost"] = cost.get("input")
    values["calculatedOutputCost"] = cost.get("output")
    values["calculatedTotalCost"] = cost.get("total", 0 if server.kind.otlp else None)
    if server.kind.otlp:
        named = price if in_trace else None
        values["usagePricingTierId"] = named.tier_id if named else None
        values["usagePricingTierName"] = named.tier_name if named else None
    return values


def list_traces(server: Any, request: Request) -> Answer:
    tables = server.store.tables()
    column, descending = ordering(server, request)
    traces = tables.sorted_once(
        ("traces", column, descending),
        lambda: sorted(
            tables.all_of("trace"),
            key=lambda trace: (str(trace.get(column) or ""), trace["id"]),
            reverse=descending,
        ),
    )
    traces = time_window(server, request, traces, "timestamp")
    for name in ("userId", "sessionId", "name", "version", "release", "environment"):
        wanted = request.query.get(name)
        if wanted:
            traces = [trace for trace in traces if trace.get(name) in wanted]
    tags = set(request.query.get("tags", []))
    traces = [trace for trace in traces if tags <= set(trace.get("tags") or [])]
    groups = set(str(request.first("fields") or ",".join(TRACE_GROUPS)).split(","))
    return page_answer(
        server, request, traces, lambda trace: listed_trace(server, tables, trace, groups)
    )


def ordering(server: Any, request: Request) -> Tuple[str, bool]:
    """Return the order in `orderBy=field.asc|desc`; the default is newest first."""
    text = request.first("orderBy") or "timestamp.desc"
    column, _, direction = text.partition(".")
    known = column in TRACE_KEYS or column == "environment"
    if not known or direction not in ("asc", "desc", ""):
        raise invalid_request([server.zod.custom(["orderBy"], "Invalid orderBy: " + text)])
    return column, direction == "desc"


def listed_trace(server: Any, tables: Tables, trace: Body, groups: Any) -> Body:
    row = shown_trace(server, trace)
    observations = tables.observations_of(trace["id"])
    row["observations"] = [one["id"] for one in observations] if "observations" in groups else []
    scores = tables.scores_of(trace["id"])
    row["scores"] = [one["id"] for one in scores] if "scores" in groups else []
    row.update(trace_metrics(server, trace, observations))
    if "metrics" not in groups:
        row.update(totalCost=-1, latency=-1)
    if "io" not in groups:
        row.update(input=None, output=None, metadata={})
    return row


def get_trace(server: Any, request: Request, trace_id: str) -> Answer:
    tables = server.store.tables()
    trace = tables.get("trace", trace_id)
    if trace is None:
        which = trace_id + " " if server.kind.otlp else ""
        raise not_found("Trace %snot found within authorized project" % which)
    observations = tables.observations_of(trace_id)
    if server.kind.otlp:  # newer servers show the latest start first
        observations.sort(key=lambda one: (one["startTime"], one["id"]), reverse=True)
    row = dict(shown_trace(server, trace), **trace_metrics(server, trace, observations))
    row["observations"] = [shown_observation(server, one, in_trace=True) for one in observations]
    row["scores"] = [shown(server, one) for one in newest_first(tables.scores_of(trace_id))]
    return Answer(200, row)


def delete_trace(server: Any, request: Request, trace_id: str) -> Answer:
    server.store.write("delete_trace", trace_id)
    return Answer(200, {"message": "Trace deleted successfully"})


def delete_traces(server: Any, request: Request) -> Answer:
    body = request.json()
    ids = body.get("traceIds") if isinstance(body, dict) else None
    if not isinstance(ids, list) or not 1 <= len(ids) <= 1000:
        raise invalid_request([server.zod.wrong_type("array", ids, ["traceIds"])])
    for trace_id in ids:
        server.store.write("delete_trace", trace_id)
    return Answer(200, {"message": "Traces deleted successfully"})


def list_observations(server: Any, request: Request) -> Answer:
    tables = server.store.tables()
    trace_id = request.first("traceId")
    found = tables.sorted_once(
        ("observations", trace_id),
        lambda: sorted(
            tables.observations_of(trace_id) if trace_id else tables.all_of("observation"),
            key=lambda one: (one["startTime"], one["id"]),
            reverse=True,
        ),
    )
    names = ("fromStartTime", "toStartTime")
    found = time_window(server, request, found, "startTime", names)
    wanted: Dict[str, Optional[List[str]]] = {
        name: request.query.get(name)
        for name in ("name", "type", "level", "parentObservationId", "environment", "version")
    }
    for name, values in wanted.items():
        if values:
            default = "DEFAULT" if name == "level" else None
            found = [one for one in found if (one.get(name) or default) in values]
    if request.first("userId"):
        user = request.first("userId")
        of_user = {one["id"] for one in tables.all_of("trace") if one.get("userId") == user}
        found = [one for one in found if one["traceId"] in of_user]
    return page_answer(server, request, found, lambda one: shown_observation(server, one))


def get_observation(server: Any, request: Request, observation_id: str) -> Answer:
    observation = server.store.tables().get("observation", observation_id)
    if observation is None:
        raise not_found("Observation not found within authorized project")
    return Answer(200, shown_observation(server, observation))


def shown_session(server: Any, session: Body) -> Body:
    row = {"id": session["id"], "createdAt": session["createdAt"], "projectId": server.project_id}
    if server.kind.otlp:
        row["environment"] = session["environment"]
    return row


def list_sessions(server: Any, request: Request) -> Answer:
    sessions = list(server.store.tables().sessions.values())
    sessions = time_window(server, request, sessions, "createdAt")
    environments = request.query.get("environment")
    if environments:
        sessions = [one for one in sessions if one["environment"] in environments]
    sessions.sort(key=lambda session: (session["createdAt"], session["id"]), reverse=True)
    return page_answer(server, request, sessions, lambda one: shown_session(server, one))


def get_session(server: Any, request: Request, session_id: str) -> Answer:
    tables = server.store.tables()
    session = tables.sessions.get(session_id)
    if session is None:
        raise not_found("Session not found within authorized project")
    traces = [one for one in tables.all_of("trace") if one.get("sessionId") == session_id]
    traces.sort(key=lambda trace: (trace["timestamp"], trace["id"]), reverse=True)
    row = shown_session(server, session)
    return Answer(200, dict(row, traces=[shown_trace(server, trace) for trace in traces]))
