"""Traces, observations and sessions under the names that scripts import.

Functions that return data return JSON text. A write returns what Langfuse's ingestion endpoint
would: status 201 if the server has accepted the record; 202 if it stays local, or waits in the
outbox because the server could not be reached. A waiting record is sent later and must not be
written again. Failures raise a ``CoaiaError``, or are returned as ``{"error": ...}`` where the
function's description says so.
"""

import io
import json
from typing import Any, Dict, Optional, Sequence, Tuple

from coaiapy.config import settings
from coaiapy.errors import UsageError
from coaiapy.langfuse.client import project as current_project
from coaiapy.langfuse.read.filters import (
    ORDERS,
    ObservationFilter,
    SessionFilter,
    TraceFilter,
    tags_of,
)
from coaiapy.langfuse.records.display import fields, listing, with_note
from coaiapy.langfuse.records.records import observation_from, trace_from
from coaiapy.langfuse.send import delivery
from coaiapy.langfuse.traces import reads as trace_reads
from coaiapy.langfuse.traces import traces
from coaiapy.langfuse.traces.batch import preview, read_observations
from coaiapy.langfuse.traces.display import TRACE_COLUMNS
from coaiapy.legacy.json_text import for_people, or_error, parsed, rows, to_text
from coaiapy.util import times
from coaiapy.util.old_names import with_old_names
from coaiapy.views.tree import session_tree, trace_tree

__all__ = [
    "add_observation",
    "add_observations_batch",
    "add_trace",
    "add_trace_node",
    "create_session",
    "delete_trace",
    "delete_traces_batch",
    "detect_and_parse_datetime",
    "format_observation_display",
    "format_session_tree",
    "format_trace_tree",
    "format_traces_table",
    "get_observation",
    "get_session",
    "get_trace_with_observations",
    "list_observations_v2",
    "list_projects",
    "list_sessions",
    "list_traces",
    "parse_tlid_to_iso",
    "patch_trace_output",
    "process_langfuse_response",
]

ACCEPTED = 201
KEPT = 202


def add_trace(
    trace_id: str,
    user_id: Optional[str] = None,
    session_id: Optional[str] = None,
    name: Optional[str] = None,
    input_data: Any = None,
    output_data: Any = None,
    metadata: Optional[Dict[str, Any]] = None,
) -> str:
    """Write a trace; return ``{"successes": [{"id", "status"}], "errors": []}``.

    The status is 201, or 202 if the trace stays local or is sent later.
    """
    trace = trace_from(
        {
            "id": trace_id,
            "user_id": user_id,
            "session_id": session_id,
            "name": name,
            "input": input_data,
            "output": output_data,
            "metadata": metadata,
        }
    )
    return written(traces.create(settings.load(), trace), [trace_id])


def add_observation(
    observation_id: str,
    trace_id: str,
    observation_type: str = "EVENT",
    name: Optional[str] = None,
    input_data: Any = None,
    output_data: Any = None,
    metadata: Optional[Dict[str, Any]] = None,
    parent_observation_id: Optional[str] = None,
    start_time: Any = None,
    end_time: Any = None,
    level: str = "DEFAULT",
    model: Optional[str] = None,
    usage: Optional[Dict[str, Any]] = None,
) -> str:
    """Write an observation; return ``{"successes": [{"id", "status"}], "errors": []}``.

    The status is 201, or 202 if the observation stays local or is sent later.
    """
    observation = observation_from(
        {
            "id": observation_id,
            "type": observation_type,
            "name": name,
            "input": input_data,
            "output": output_data,
            "metadata": metadata,
            "parent_id": parent_observation_id,
            "start_time": start_time,
            "end_time": end_time,
            "level": level,
            "model": model,
            "usage": usage,
        },
        trace_id,
    )
    return written(traces.add_observation(settings.load(), observation), [observation_id])


def patch_trace_output(trace_id: str, output_data: Any) -> str:
    """Set a trace's output and change nothing else of it; return what ``add_trace`` returns."""
    return written(traces.patch_output(settings.load(), trace_id, output_data), [trace_id])


def create_session(session_id: str, user_id: str, session_name: str = "New Session") -> str:
    """Write the first trace of a session, with the session's id; return what ``add_trace`` does."""
    return add_trace(session_id, user_id=user_id, session_id=session_id, name=session_name)


def add_trace_node(
    session_id: str, trace_id: str, user_id: str, node_name: str = "Child Node"
) -> str:
    """Write another trace of a session; return what ``add_trace`` returns."""
    return add_trace(trace_id, user_id=user_id, session_id=session_id, name=node_name)


def delete_trace(trace_id: str) -> str:
    """Delete a trace; return ``{"message": ...}``."""
    return delete_traces_batch([trace_id])


def delete_traces_batch(trace_ids: Sequence[str]) -> str:
    """Delete traces; return ``{"message": ...}``."""
    traces.delete(settings.load(), list(trace_ids))
    return json.dumps({"message": "{} traces deleted".format(len(trace_ids))})


@with_old_names(operation_type="operation_name")
def process_langfuse_response(
    response_text: str, actual_id: Optional[str] = None, operation_name: str = "operation"
) -> str:
    """Return an ingestion response with event ids (``...-event``) replaced by ``actual_id``.

    A text that is not an ingestion response is returned unchanged.
    """
    try:
        answer = parsed(response_text)
        accepted = rows(answer["successes"])
    except (UsageError, TypeError, KeyError):
        return response_text
    for success in accepted:
        if actual_id and str(success.get("id", "")).endswith("-event"):
            success["id"] = actual_id
    return to_text(answer)


@with_old_names(tlid_str="tlid")
def parse_tlid_to_iso(tlid: str) -> str:
    """Return ``20YY-MM-DDTHH:MM:SSZ`` for ``yyMMddHHmmss`` or ``yyMMddHHmm``.

    ``ValueError`` for any other text.
    """
    return times.parse_tlid(tlid)[:19] + "Z"


@with_old_names(time_str="time_text")
def detect_and_parse_datetime(time_text: Any) -> Optional[str]:
    """Return ISO 8601 text in UTC for a time in any accepted form; ``None`` for an empty value.

    ``UsageError`` for a value that is not a time.
    """
    return times.parse_time(time_text) if time_text else None


def add_observations_batch(
    trace_id: str, observations_data: Any, format_type: str = "json", dry_run: bool = False
) -> str:
    """Write the observations of a list, an object, or a JSON, JSON Lines or YAML text.

    Returns what ``add_trace`` returns. All are checked before the first is written; a
    ``UsageError`` lists all mistakes. ``dry_run`` writes nothing and returns
    ``{"trace_id", "total_observations", "observations_preview"}``.
    """
    text = observations_data
    if not isinstance(text, str):
        text, format_type = json.dumps(observations_data), "json"
    stream = io.BytesIO(text.encode("utf-8"))
    observations = list(read_observations(stream, trace_id, format=format_type))
    if dry_run:
        shown = {
            "trace_id": trace_id,
            "total_observations": len(observations),
            "observations_preview": list(preview(observations)),
        }
        return to_text(shown)
    ids = [observation.fields["id"] for observation in observations]
    return written(traces.submit(settings.load(), observations), ids)


def list_traces(
    include_observations: bool = False,
    session_id: Optional[str] = None,
    user_id: Optional[str] = None,
    name: Optional[str] = None,
    tags: Any = None,
    from_timestamp: Any = None,
    to_timestamp: Any = None,
    order_by: Optional[str] = None,
    version: Optional[str] = None,
    release: Optional[str] = None,
    environment: Optional[str] = None,
    page: int = 1,
    limit: int = 50,
) -> str:
    """Return one page of traces as the text of a JSON list; ``tags`` is a tag or a list."""
    wanted = TraceFilter(
        user_id=user_id,
        session_id=session_id,
        name=name,
        tags=tags_of(tags),
        environment=environment,
        from_time=detect_and_parse_datetime(from_timestamp),
        to_time=detect_and_parse_datetime(to_timestamp),
        order=order_by or ORDERS[0],
        version=version or None,
        release=release or None,
    )
    start, end = _place(page, limit)
    found = trace_reads.list_traces(settings.load(), wanted, end, include_observations)
    return to_text(found[start:])


def get_trace_with_observations(trace_id: str) -> str:
    """Return a trace with its ``observations`` and ``scores``, or ``{"error": ...}``."""
    return or_error(lambda: trace_reads.get_trace(settings.load(), trace_id))


def get_observation(observation_id: str) -> str:
    """Return one observation, or ``{"error": ...}``."""
    return or_error(lambda: trace_reads.get_observation(settings.load(), observation_id))


def list_observations_v2(
    limit: int = 50,
    cursor: Optional[str] = None,
    name: Optional[str] = None,
    user_id: Optional[str] = None,
    trace_id: Optional[str] = None,
    observation_type: Optional[str] = None,
    parent_observation_id: Optional[str] = None,
    from_start_time: Any = None,
    to_start_time: Any = None,
    version: Optional[str] = None,
    environment: Optional[str] = None,
) -> str:
    """Return ``{"data": [...], "meta": {"cursor"?}}``, the latest observations first.

    The times limit when they started, in any form that ``parse_time`` reads.
    """
    from_time, to_time = map(detect_and_parse_datetime, (from_start_time, to_start_time))
    wanted = ObservationFilter(
        trace_id=trace_id,
        name=name,
        type=observation_type,
        environment=environment,
        user_id=user_id,
        parent_id=parent_observation_id,
        from_time=from_time,
        to_time=to_time,
        version=version,
    )
    page = trace_reads.list_observations(settings.load(), wanted, limit, cursor)
    return to_text({"data": page.rows, "meta": {"cursor": page.cursor} if page.cursor else {}})


def list_sessions(
    page: int = 1,
    limit: int = 50,
    from_timestamp: Any = None,
    to_timestamp: Any = None,
    environment: Optional[str] = None,
) -> str:
    """Return ``{"data": [{"id", "createdAt"}], "meta": {"page", "limit"}}``.

    The timestamps limit it to sessions that began between them.
    """
    from_time, to_time = map(detect_and_parse_datetime, (from_timestamp, to_timestamp))
    wanted = SessionFilter(environment, from_time, to_time)
    start, end = _place(page, limit)
    found = trace_reads.list_sessions(settings.load(), wanted, end)
    return to_text({"data": found[start:], "meta": {"page": page, "limit": limit}})


def _place(page: Any, limit: Any) -> Tuple[int, int]:
    """Return where a page of ``limit`` rows begins and ends; pages are counted from 1."""
    for name, number in (("page", page), ("limit", limit)):
        if not isinstance(number, int) or number < 1:
            raise UsageError("{} {!r}: give a whole number from 1 on".format(name, number))
    return (page - 1) * limit, page * limit


def get_session(session_id: str) -> str:
    """Return a session with its ``traces``."""
    return to_text(trace_reads.get_session(settings.load(), session_id))


def list_projects() -> str:
    """Return ``{"data": [{"id", "name"}]}``: the project of the keys."""
    return to_text({"data": current_project.list_projects(settings.load())})


@for_people
def format_traces_table(traces_json: Any) -> str:
    """Return a table of what ``list_traces`` returned, with the number of traces below it."""
    found = rows(traces_json)
    if not found:
        return "No traces found."
    shown = listing(found, with_note(TRACE_COLUMNS, found))
    return "{}\nTotal traces: {}".format(shown, len(found))


@for_people
def format_trace_tree(trace_json: Any) -> str:
    """Return a trace as a tree of its observations."""
    return trace_tree(parsed(trace_json))


@with_old_names(obs_json="observation_json")
@for_people
def format_observation_display(observation_json: Any) -> str:
    """Return an observation with one field on each line."""
    return fields(parsed(observation_json))


@for_people
def format_session_tree(session_json: Any) -> str:
    """Return the traces of a session as trees."""
    return session_tree(parsed(session_json))


def written(outcome: delivery.Outcome, ids: Sequence[str]) -> str:
    """Return what an ingestion endpoint would for records with these ids; raise if one failed."""
    delivery.check(outcome)
    status = KEPT if outcome.is_local or outcome.waiting else ACCEPTED
    return json.dumps({"successes": [{"id": i, "status": status} for i in ids], "errors": []})
