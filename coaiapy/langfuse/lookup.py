"""Finds ids of records by their beginning, among the latest ones."""

import itertools
from typing import Iterator

from coaiapy.config.settings import Settings
from coaiapy.errors import NotFoundError, UsageError
from coaiapy.langfuse import comments
from coaiapy.langfuse.read.filters import ObservationFilter
from coaiapy.langfuse.scores import scores
from coaiapy.langfuse.traces import reads as trace_reads

# How many of the latest records are looked through.
MOST = 1000
_NAMED = 3


def latest(settings: Settings, kind: str) -> str:
    """Return the id of the latest ``kind`` ("trace"); ``NotFoundError`` if there is none."""
    for found in _ids(settings, kind, 1):
        return found
    raise NotFoundError("there is no {} yet".format(kind))


def beginning_with(settings: Settings, kind: str, beginning: str) -> str:
    """Return the one id of the latest ``MOST`` records of a ``kind`` that begins so.

    Raises ``NotFoundError`` if there is none, ``UsageError`` if there are several.
    """
    found = dict.fromkeys(one for one in _ids(settings, kind, MOST) if one.startswith(beginning))
    if not found:
        raise NotFoundError(
            "no {} begins with {!r} among the latest {}".format(kind, beginning, MOST)
        )
    if len(found) > 1 and beginning not in found:
        named = ", ".join(itertools.islice(found, _NAMED))
        more = ", ..." if len(found) > _NAMED else ""
        raise UsageError(
            "{} ids of a {} begin with {!r}: give more of the one that you mean ({}{})".format(
                len(found), kind, beginning, named, more
            )
        )
    return beginning if beginning in found else next(iter(found))


def _ids(settings: Settings, kind: str, most: int) -> Iterator[str]:
    """Yield the ids of the latest records of a kind, the latest first."""
    if kind == "trace":
        rows = trace_reads.list_traces(settings, limit=most)
    elif kind == "session":
        rows = trace_reads.list_sessions(settings, limit=most)
    elif kind == "observation":
        page = trace_reads.list_observations(settings, ObservationFilter(), most)
        rows = page.rows
    elif kind == "score":
        rows = scores.list_scores(settings, limit=most)
    else:
        rows = comments.list_comments(settings)[::-1][:most]
    return (str(row["id"]) for row in rows)
