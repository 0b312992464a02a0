"""``session.yml``: a file in the project that lists the traces of a session.

It is a YAML mapping with ``session_id`` and ``nodes``, a list of ``{trace_id, name}``. Other keys
are kept. A file that is not a session file, or belongs to another session, is never changed.
"""

import os
from typing import Any, List, NamedTuple, Optional

from coaiapy.config.settings import Settings
from coaiapy.errors import CoaiaError, StateError, UsageError
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.records.records import Trace, trace_from
from coaiapy.langfuse.send import delivery
from coaiapy.langfuse.traces import traces
from coaiapy.util.files import locked, read_text, write_output
from coaiapy.util.formats import json_values, yaml_values
from coaiapy.util.packages import require
from coaiapy.util.paths import check_stays

DEFAULT_PATH = "session.yml"
SESSION_NAME = "New Session"
NODE_NAME = "Child Node"
_WANTED = "a mapping of session_id and nodes, a list of trace_id and name"


class WrittenNode(NamedTuple):
    """A trace that was written for a session, and the outcome of sending it."""

    trace: Trace
    outcome: delivery.Outcome


def create(
    settings: Settings,
    path: str,
    session_id: str,
    user_id: str,
    name: Optional[str] = None,
) -> WrittenNode:
    """Write the first trace of a session, which has the session's id, then the session file.

    Without a ``name`` a trace that is there keeps its own, and a new one is called ``SESSION_NAME``.
    The file is checked first: ``StateError`` if it is broken, ``UsageError`` if it belongs to
    another session. If the server refuses the trace, the file is not written.
    """
    _check_file(path, session_id)
    names = _names(settings, session_id, name, SESSION_NAME)
    return _written(settings, path, session_id, session_id, user_id, names)


def add_node(
    settings: Settings,
    path: str,
    session_id: str,
    trace_id: str,
    user_id: str,
    name: Optional[str] = None,
) -> WrittenNode:
    """Write another trace of a session, then add it to the session file; see ``create``.

    A new trace without a ``name`` is called ``NODE_NAME``.
    """
    _check_file(path, session_id)
    names = _names(settings, trace_id, name, NODE_NAME)
    return _written(settings, path, session_id, trace_id, user_id, names)


def read(path: str) -> Body:
    """Return the content of a session file: ``session_id``, ``nodes`` and perhaps other keys.

    Raises ``StateError`` if it is missing or not a session file.
    """
    if not os.path.exists(path):
        raise StateError(
            "there is no session file {}: create one with coaia fuse sessions create, "
            "or name another with -f".format(path)
        )
    return _checked(_parsed(path), path)


def write(path: str, session: Body) -> None:
    """Replace the file ``path`` by ``session``; ``UsageError`` if that is not a session."""
    try:
        _checked(session, path)
    except StateError as error:
        raise UsageError(str(error)) from error
    text = require("yaml", "PyYAML").safe_dump(session, allow_unicode=True)
    write_output(path, text)


class _Names(NamedTuple):
    """The name that is written to a trace, if any, and the one in the session file."""

    written: Optional[str]
    shown: str


def _names(settings: Settings, trace_id: str, given: Optional[str], default: str) -> _Names:
    """Return the names of a node: those of a trace that is there are not replaced by a default.

    If the server cannot say whether there is one, none is written.
    """
    if given is not None:
        return _Names(given, given)
    try:
        found = traces.known(settings, trace_id)
    except CoaiaError:
        return _Names(None, default)
    return _Names(default, default) if found is None else _Names(None, found.get("name") or default)


def _written(
    settings: Settings,
    path: str,
    session_id: str,
    trace_id: str,
    user_id: str,
    names: _Names,
) -> WrittenNode:
    given = {"id": trace_id, "session_id": session_id, "user_id": user_id, "name": names.written}
    trace = trace_from(given)
    outcome = traces.create(settings, trace)
    if not outcome.rejected:
        with locked(path):
            session = _of_session(path, session_id)
            if trace_id != session_id:
                session = dict(session, nodes=_with_node(session["nodes"], trace_id, names.shown))
            write(path, session)
    return WrittenNode(trace, outcome)


def _check_file(path: str, session_id: str) -> None:
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder) or os.path.isdir(path):
        raise StateError(
            "the session file {} cannot be written, because its folder does not exist or it is a "
            "folder itself: name another with -f".format(path)
        )
    check_stays(path)
    _of_session(path, session_id)


def _of_session(path: str, session_id: str) -> Body:
    """Return the content of this session's file, or that of a new one if there is no file."""
    if not os.path.exists(path):
        return {"session_id": session_id, "nodes": []}
    found = read(path)
    if found["session_id"] not in (None, session_id):
        raise UsageError(
            "{} is the file of session {!r}, not of {!r}: name another with -f".format(
                path, found["session_id"], session_id
            )
        )
    return dict(found, session_id=session_id)


def _with_node(nodes: List[Body], trace_id: str, name: str) -> List[Body]:
    """Return the nodes with one added; it replaces an earlier node of the same trace."""
    node = {"trace_id": trace_id, "name": name}
    known = [item["trace_id"] for item in nodes]
    if trace_id not in known:
        return nodes + [node]
    return [dict(item, **node) if item["trace_id"] == trace_id else item for item in nodes]


def _parsed(path: str) -> Any:
    try:
        return json_values.plain(yaml_values.load(read_text(path), "timestamp"))
    except ValueError as error:
        raise StateError(
            "{} is not YAML ({}): correct it, or name another file with -f".format(path, error)
        ) from error


def _checked(session: Any, path: str) -> Body:
    """Return a session file's content with its ids as text."""
    if not isinstance(session, dict) or "session_id" not in session:
        raise _foreign(path, "it is not " + _WANTED)
    nodes = session.get("nodes") or []
    if not isinstance(nodes, list):
        raise _foreign(path, "nodes is not a list")
    for number, node in enumerate(nodes, 1):
        if not isinstance(node, dict) or _id(node.get("trace_id")) is None:
            raise _foreign(path, "node {} has no trace_id".format(number))
    session_id = session["session_id"]
    if session_id is not None and _id(session_id) is None:
        raise _foreign(path, "session_id is neither text nor a number")
    nodes = [dict(node, trace_id=_id(node["trace_id"])) for node in nodes]
    return dict(session, session_id=_id(session_id), nodes=nodes)


def _id(value: Any) -> Optional[str]:
    is_id = isinstance(value, (str, int)) and not isinstance(value, bool) and value != ""
    return str(value) if is_id else None


def _foreign(path: str, reason: str) -> StateError:
    return StateError(
        "{} is not a session file ({}): correct it, or name another with -f".format(path, reason)
    )
