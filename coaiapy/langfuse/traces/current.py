"""The current step: below which trace and observation a new observation belongs.

In a script it is the step that is observed around it: in this thread and, where Python has context
variables, in this asyncio task. Elsewhere it is what the environment says, see ``env.context``.
"""

import importlib
import threading
from typing import Any, NamedTuple, Optional

from coaiapy.langfuse.records import ids
from coaiapy.langfuse.traces.active import PARENT, TRACE, active_ids


class Position(NamedTuple):
    """A place in a trace: below an observation, or at the top."""

    trace_id: str
    parent_id: Optional[str] = None


class _ThreadVariable(threading.local):
    """What stands in for a context variable on Python 3.6."""

    value: Optional[Position] = None

    def get(self) -> Optional[Position]:
        return self.value

    def set(self, value: Optional[Position]) -> None:
        self.value = value


def _variable() -> Any:
    try:
        return importlib.import_module("contextvars").ContextVar("coaiapy_step", default=None)
    except ImportError:
        return _ThreadVariable()


_observed = _variable()


class Inside:
    """Makes ``position`` the active one in a ``with`` block, for this thread and task only."""

    def __init__(self, position: Optional[Position]) -> None:
        self._position = position

    def __enter__(self) -> None:
        self._before = _observed.get()
        _observed.set(self._position)

    def __exit__(self, *exc: object) -> None:
        _observed.set(self._before)  # no token: a generator may be closed in another context


def position(trace_id: Optional[str] = None) -> Optional[Position]:
    """Return the active position, or that in ``trace_id``; ``None`` if no trace is active.

    Raises ``CoaiaError`` for an environment file that cannot be read.
    """
    here = _observed.get() or _of_environment()
    if trace_id is None or _is_in(here, trace_id):
        return here
    return Position(trace_id)


def _is_in(here: Optional[Position], trace_id: str) -> bool:
    return here is not None and ids.span_trace_id(here.trace_id) == ids.span_trace_id(trace_id)


def _of_environment() -> Optional[Position]:
    found = active_ids()
    return Position(found[TRACE], found.get(PARENT)) if TRACE in found else None
