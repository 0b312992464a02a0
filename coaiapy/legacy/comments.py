"""Comments and session files under the names that scripts import.

Functions that return data return JSON text; failures raise a ``CoaiaError``, unless a function's
description says otherwise. Comments do not go through the outbox: if the server cannot be reached,
``NetworkError`` is raised.
"""

from typing import Any, Dict, Optional

from coaiapy.config import settings
from coaiapy.errors import CoaiaError
from coaiapy.langfuse import comments
from coaiapy.langfuse.traces import sessions
from coaiapy.legacy.json_text import to_text
from coaiapy.legacy.traces import written

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

    ``object_type`` is TRACE, OBSERVATION, SESSION or PROMPT; for PROMPT the id is a version's id.
    """
    found = comments.list_page(settings.load(), object_type, object_id, author_user_id, page, limit)
    return to_text(found)


def get_comment_by_id(comment_id: str) -> str:
    """Return one comment."""
    return to_text(comments.get_comment(settings.load(), comment_id))


def post_comment(
    text: str, object_type: str, object_id: str, author_user_id: Optional[str] = None
) -> str:
    """Post a comment on an object and return ``{"id": ...}``.

    If this machine has just written the object, waits until the server shows it.
    """
    on = comments.target(object_type, object_id)
    return to_text({"id": comments.post_comment(settings.load(), on, text, author_user_id)})


def create_session_and_save(
    session_file: str, session_id: str, user_id: str, session_name: str = sessions.SESSION_NAME
) -> str:
    """Write the first trace of a session, then the session file; return what ``add_trace`` does."""
    made = sessions.create(settings.load(), session_file, session_id, user_id, session_name)
    return written(made.outcome, [session_id])


def add_trace_node_and_save(
    session_file: str,
    session_id: str,
    trace_id: str,
    user_id: str,
    node_name: str = sessions.NODE_NAME,
) -> str:
    """Write another trace of a session, then the session file; return what ``add_trace`` does."""
    made = sessions.add_node(
        settings.load(), session_file, session_id, trace_id, user_id, node_name
    )
    return written(made.outcome, [trace_id])


def load_session_file(path: str) -> Dict[str, Any]:
    """Return ``{"session_id", "nodes"}`` from a session file.

    If it is missing or broken, ``session_id`` is ``None`` and ``nodes`` is empty.
    """
    try:
        return sessions.read(path)
    except CoaiaError:
        return {"session_id": None, "nodes": []}


def save_session_file(path: str, session_data: Dict[str, Any]) -> None:
    """Replace a session file; ``UsageError`` if ``session_data`` is not a session."""
    sessions.write(path, session_data)
