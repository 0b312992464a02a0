"""Ids of records that exist: ``latest``, and beginnings of ids as narrow tables show them.

An option or operand takes ``type=trace`` (``session``, ``observation``, ``score``, ``comment``). An id
that is written in full stays as it is, without a look at any server.
"""

import argparse
from typing import Any, Callable, Optional, TypeVar

from coaiapy.cli.streams import Context
from coaiapy.errors import CoaiaError, NotFoundError, UsageError

LATEST = "latest"
# What a shortened id ends with; the second can be typed.
MARKS = ("…", "...")
LATEST_HELP = '"latest", or a beginning of the id'
Found = TypeVar("Found")
# The options of listings that name a record, and its kind.
_ASKED_FOR = {
    "trace_id": "trace",
    "observation_id": "observation",
    "session_id": "session",
    "parent": "observation",
}
# Characters of an id that is no beginning of another one, as tracing libraries make them.
_WHOLE = 32


class Reference(str):
    """An id that has to be looked for first: ``latest``, or its beginning and one of ``MARKS``."""

    kind = ""


def _reference(kind: str, text: str) -> str:
    if text != LATEST and not text.endswith(MARKS):
        return text
    found = Reference(text)
    found.kind = kind
    return found


def trace(text: str) -> str:
    """Take the id of a trace."""
    return _reference("trace", text)


def session(text: str) -> str:
    """Take the id of a session."""
    return _reference("session", text)


def observation(text: str) -> str:
    """Take the id of an observation."""
    return _reference("observation", text)


def score(text: str) -> str:
    """Take the id of a score."""
    return _reference("score", text)


def comment(text: str) -> str:
    """Take the id of a comment."""
    return _reference("comment", text)


def new(text: str) -> str:
    """Take the id of a record that may be new: not the word for another one."""
    if text == LATEST:
        raise argparse.ArgumentTypeError(
            "{!r} stands for the latest record: choose another id".format(text)
        )
    return text


def resolve(args: argparse.Namespace, context: Context) -> None:
    """Replace the references in ``args`` by the ids that they mean."""
    for name, value in vars(args).items():
        if isinstance(value, list) and any(isinstance(one, Reference) for one in value):
            setattr(args, name, [_id(one, context) for one in value])
        elif isinstance(value, Reference):
            setattr(args, name, _id(value, context))


def _id(value: Any, context: Context) -> str:
    if not isinstance(value, Reference):
        return str(value)
    from coaiapy.config import settings
    from coaiapy.langfuse import lookup

    known = settings.load(context.env_file)
    if value == LATEST:
        found = lookup.latest(known, value.kind)
    else:
        beginning = value[: -len(next(mark for mark in MARKS if value.endswith(mark)))]
        found = lookup.beginning_with(known, value.kind, beginning)
    context.note("{} {}".format(value.kind, found))
    return found


def read_one(read: Callable[[str], Found], known: Any, kind: str, given: str) -> Found:
    """Return ``read(id)`` for the id that is given, or for the only one that begins with it."""
    try:
        return read(given)
    except NotFoundError:
        whole = beginning(known, kind, given)
        if whole == given:
            raise
        return read(whole)


def read_some(
    read: Callable[[], Found],
    args: argparse.Namespace,
    context: Context,
    known: Any,
    rows: Callable[[Found], Any] = lambda found: found,
) -> Found:
    """Return ``read()``; if it has no ``rows``, what it returns with the ids completed in ``args``.

    An id of which the beginning was given is said. A listing asks for records that exist, so that a
    beginning may stand for the whole id, as for ``read_one``.
    """
    found = read()
    if not rows(found) and _is_completed(args, context, known):
        found = read()
    return found


def _is_completed(args: argparse.Namespace, context: Context, known: Any) -> bool:
    """Replace beginnings of ids in ``args`` by the ids, and say so; tell whether there was one."""
    done = False
    for name, kind in _ASKED_FOR.items():
        given = getattr(args, name, None)
        if given and len(given) < _WHOLE:
            whole = beginning(known, kind, given)
            if whole != given:
                setattr(args, name, whole)
                context.note("{} {}".format(kind, whole))
                done = True
    return done


def beginning(known: Any, kind: str, given: str) -> str:
    """Return the only id that begins with the given one, the given one if there is none.

    Raises ``UsageError`` if there are several.
    """
    from coaiapy.langfuse import lookup

    try:
        return lookup.beginning_with(known, kind, given)
    except UsageError:
        raise
    except CoaiaError:
        return given


def given_or_active(given: Optional[str], variable: str, what: str) -> str:
    """Return the id that is given, else that of this shell or project; ``UsageError`` if none is."""
    if given is not None:
        return given
    from coaiapy.langfuse.traces.active import active_ids

    active = active_ids().get(variable)
    if not active:
        raise UsageError(
            'the id of the {} is missing: give it, or "latest", or set {}'.format(what, variable)
        )
    return active
