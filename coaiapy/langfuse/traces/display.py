"""The columns that list traces, observations, sessions and the nodes of a session's file; prices."""

TRACE_COLUMNS = {
    "id": "Trace",
    "name": "Name",
    "timestamp": "Started",
    "userId": "User",
    "sessionId": "Session",
    "tags": "Tags",
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
