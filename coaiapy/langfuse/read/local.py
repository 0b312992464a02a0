"""Reads from the journal. All readers have the same methods and return the same dicts.

A trace has the fields of Langfuse's API; a whole trace has ``observations`` and ``scores`` as well.
A session has ``id``, ``createdAt`` and perhaps ``environment``.
"""

import itertools
from typing import Any, Dict, Iterable, Iterator, List, Optional

from coaiapy.errors import UsageError
from coaiapy.langfuse.journal import open_records
from coaiapy.langfuse.journal import reads as journal_reads
from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.journal.schema import LOCAL
from coaiapy.langfuse.read.filters import ObservationFilter, Page, SessionFilter, TraceFilter
from coaiapy.langfuse.records import ids
from coaiapy.langfuse.records.body import Body, completed
from coaiapy.langfuse.records.fields import RUNNING, UNCONFIRMED
from coaiapy.util.text.parsing import whole_number


class LocalReader:
    """Reads the journal's records of one destination."""

    def __init__(self, journal: Journal, destination: int = LOCAL) -> None:
        self.journal = journal
        self.destination = destination
        with journal.reporting_errors():
            self._running = open_records.running(journal.db, destination)

    def traces(self, wanted: TraceFilter, most: Optional[int] = None) -> Iterator[Body]:
        """Yield the traces that ``wanted`` accepts, without their observations.

        ``most`` is how many the caller will probably take; other readers need it.
        """
        found = journal_reads.traces(self.journal, self.destination, wanted.newest_first)
        return map(self._trace_as_it_is, filter(wanted.accepts, found))

    def _trace_as_it_is(self, trace: Body) -> Body:
        if self._running and (ids.span_trace_id(trace["id"]), "") in self._running:
            return dict(trace, **{UNCONFIRMED: RUNNING})
        return trace

    def _as_it_is(self, observation: Body) -> Body:
        body = completed(observation)
        if self._running:
            key = ids.span_trace_id(body["traceId"]), ids.span_id(body["id"])
            if key in self._running:
                return dict(body, **{UNCONFIRMED: RUNNING})
        return body

    def whole(self, traces: Iterable[Body]) -> List[Body]:
        """Return listed traces with their observations and scores."""
        return [self._whole(trace) for trace in traces]

    def trace(self, trace_id: str) -> Optional[Body]:
        """Return a trace with its observations and scores, or ``None``."""
        found = journal_reads.trace(self.journal, self.destination, trace_id)
        return None if found is None else self._whole(found)

    def _whole(self, trace: Body) -> Body:
        found = journal_reads.observations(self.journal, self.destination, trace["id"])
        return dict(
            self._trace_as_it_is(trace),
            observations=[self._as_it_is(body) for body in found],
            scores=journal_reads.scores(self.journal, self.destination, trace["id"]),
        )

    def session_traces(self, session_id: str) -> List[Body]:
        """Return the traces of a session, the oldest first."""
        return list(self.traces(TraceFilter(session_id=session_id, order="timestamp.asc")))

    def observations_by_id(self, observation_id: str) -> List[Body]:
        """Return every observation with this id."""
        found = journal_reads.find_observations(self.journal, self.destination, observation_id)
        return [self._as_it_is(body) for body in found]

    def observations(
        self, wanted: ObservationFilter, limit: int, cursor: Optional[str] = None
    ) -> Page:
        """Return at most ``limit`` observations, the latest first; the cursor is an offset."""
        start = offset_of(cursor)
        every = journal_reads.all_observations(self.journal, self.destination)
        accepted = (
            body
            for body in map(self._as_it_is, every)
            if wanted.accepts(body)
            and journal_reads.is_of_user(self.journal, self.destination, body, wanted.user_id)
        )
        found = list(itertools.islice(accepted, start, start + limit + 1))
        return Page(found[:limit], str(start + limit) if len(found) > limit else None)

    def search(self, text: str, wanted: TraceFilter, most: Optional[int]) -> Any:
        """Return the traces that ``wanted`` accepts and that contain a text (see ``search``)."""
        from coaiapy.langfuse.read import search

        return search.in_journal(self.journal, self.destination, text, wanted, most)

    def figures(self) -> Any:
        """Return what answers questions about figures of many observations."""
        from coaiapy.langfuse.read.figures.journal import JournalFigures

        return JournalFigures(self.journal, self.destination, self.traces)

    def sessions(self, wanted: SessionFilter, most: Optional[int] = None) -> Iterator[Body]:
        """Yield the sessions of traces that ``wanted`` accepts, the latest first."""
        found = self.traces(TraceFilter(environment=wanted.environment))
        return filter(wanted.accepts, sessions_of(found))


def offset_of(cursor: Optional[str]) -> int:
    """Return the offset in a cursor, the number of rows to skip; ``UsageError`` if it is none."""
    offset = whole_number(cursor or "0")
    if offset is None:
        raise UsageError("--cursor {!r} is not a cursor that a listing has shown".format(cursor))
    return offset


def sessions_of(newest_first: Iterable[Body]) -> Iterator[Body]:
    """Yield the sessions of traces in the order of the traces.

    ``createdAt`` is the time of a session's first trace.
    """
    sessions: Dict[str, Body] = {}
    for trace in newest_first:
        if trace.get("sessionId"):
            known = sessions.setdefault(trace["sessionId"], {"id": trace["sessionId"]})
            known["createdAt"] = trace["timestamp"]
            if trace.get("environment"):
                known["environment"] = trace["environment"]
    return iter(sessions.values())
