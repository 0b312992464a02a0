"""Comments and session files under the names that scripts have imported for years.

What returns data returns JSON text; failures raise a ``CoaiaError``, unless a function says that it
tells them otherwise. A comment is not kept for a server that cannot be reached: ``NetworkError``.
"""

from typing import Any, Dict, Optional

from coaiapy import comments, session_files, settings
from coaiapy.errors import CoaiaError
from coaiapy.json_text import to_text
from coaiapy.published_traces import written

__all__ = [
    "add_trace_node_and_save",
    "create_session_and_save",
    "get_comment_by_id",
    "get_comments",
    "load_session_file",
    "post_comment",
    "save_session_file",
]


def get_comments(
    object_type: Optional[str] = None,
    object_id: Optional[str] = None,
    author_user_id: Optional[str] = None,
    page: int = 1,
    limit: int = 50,
) -> str:
    """Return one page of comments, ``{"data": [...], "meta"}``, of one object or of all.

    ``object_type`` is TRACE, OBSERVATION, SESSION or PROMPT; of a prompt the id is its version's.
    """
    found = comments.list_page(settings.load(), object_type, object_id, author_user_id, page, limit)
    return to_text(found)


def get_comment_by_id(comment_id: str) -> str:
    """Return one comment."""
    return to_text(comments.get_comment(settings.load(), comment_id))


def post_comment(
    text: str, object_type: str, object_id: str, author_user_id: Optional[str] = None
) -> str:
    """Post a comment on an object and return ``{"id": ...}``; what was just written is waited for."""
    on = comments.target(object_type, object_id)
    return to_text({"id": comments.post_comment(settings.load(), on, text, author_user_id)})


def create_session_and_save(
    session_file: str, session_id: str, user_id: str, session_name: str = session_files.SESSION_NAME
) -> str:
    """Write the trace that opens a session, then its file; return as ``add_trace`` does."""
    made = session_files.create(settings.load(), session_file, session_id, user_id, session_name)
    return written(made.outcome, [session_id])


def add_trace_node_and_save(
    session_file: str,
    session_id: str,
    trace_id: str,
    user_id: str,
    node_name: str = session_files.NODE_NAME,
) -> str:
    """Write one more trace of a session, then its file; return as ``add_trace`` does."""
    made = session_files.add_node(
        settings.load(), session_file, session_id, trace_id, user_id, node_name
    )
    return written(made.outcome, [trace_id])


def load_session_file(path: str) -> Dict[str, Any]:
    """Return ``{"session_id", "nodes"}`` of a session's file; empty if it is missing or broken."""
    try:
        return session_files.read(path)
    except CoaiaError:
        return {"session_id": None, "nodes": []}


def save_session_file(path: str, session_data: Dict[str, Any]) -> None:
    """Replace a session's file; ``UsageError`` for what is no session."""
    session_files.write(path, session_data)
