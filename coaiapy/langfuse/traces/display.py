"""The columns that list traces, observations, sessions and the nodes of a session's file; prices."""

from typing import List

from coaiapy.langfuse.records.body import Body

TRACE_COLUMNS = {
    "id": "Trace",
    "name": "Name",
    "timestamp": "Started",
    "userId": "User",
    "sessionId": "Session",
    "tags": "Tags",
}
SEARCH_COLUMNS = {
    "id": "Trace",
    "name": "Name",
    "timestamp": "Started",
    "matches": "Found",
}
OBSERVATION_COLUMNS = {
    "id": "Observation",
    "traceId": "Trace",
    "type": "Type",
    "name": "Name",
    "startTime": "Started",
    "level": "Level",
    "model": "Model",
}
SESSION_COLUMNS = {"id": "Session", "createdAt": "Created", "environment": "Environment"}
NODE_COLUMNS = {"trace_id": "Trace", "name": "Name"}


def price(dollars: float) -> str:
    """Return US dollars, such as ``$0.0012``; empty for nothing."""
    if not dollars:
        return ""
    if abs(dollars) < 0.000001:
        return "${:.1e}".format(dollars)
    whole, _, cents = "{:.6f}".format(dollars).partition(".")
    return "${}.{}".format(whole, cents.rstrip("0").ljust(2, "0"))


def with_places(traces: List[Body]) -> List[Body]:
    """Return traces with the first place where a text was found in each, in brackets."""
    return [dict(trace, matches=_place(trace["matches"][0])) for trace in traces]


def _place(match: Body) -> str:
    text, start, end = match["text"], match["start"], match["end"]
    where = match["field"] if match["observationId"] is None else match["name"] or "(no name)"
    if match["observationId"] is not None:
        where += " " + match["field"]
    return "{}: {}[{}]{}".format(where, text[:start], text[start:end], text[end:])
