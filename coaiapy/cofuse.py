"""Langfuse for scripts: the names that other programs import, in one place.

Nothing here prints. What returns data returns JSON text; failures raise a ``CoaiaError`` unless a
function says that it tells them otherwise. Each group of names lives in the module of its kind.
"""

from coaiapy.published_traces import (
    add_observation,
    add_observations_batch,
    add_trace,
    add_trace_node,
    create_session,
    delete_trace,
    delete_traces_batch,
    detect_and_parse_datetime,
    format_observation_display,
    format_session_tree,
    format_trace_tree,
    format_traces_table,
    get_observation,
    get_session,
    get_trace_with_observations,
    list_observations_v2,
    list_projects,
    list_sessions,
    list_traces,
    parse_tlid_to_iso,
    patch_trace_output,
    process_langfuse_response,
)

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
