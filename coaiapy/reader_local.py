"""Reading from the journal, in the shapes that every reader gives.

A trace is a body with ``observations`` and ``scores`` added; a session is ``id``, ``createdAt``
and ``traces``.
"""

from typing import Dict, Iterator, List, Optional

from coaiapy import journal_reads
from coaiapy.journal import LOCAL, Journal
from coaiapy.record_fields import Body
from coaiapy.trace_filter import EVERY_TRACE, TraceFilter


class LocalReader:
    """Reads what was written for one destination, and was not sent or stays here."""

    def __init__(self, journal: Journal, destination: int = LOCAL) -> None:
        self.journal = journal
        self.destination = destination

    def traces(self, wanted: TraceFilter) -> Iterator[Body]:
        """Yield the traces that ``wanted`` accepts, without their observations."""
        found = journal_reads.traces(self.journal, self.destination)
        accepted = (trace for trace in found if wanted.accepts(trace))
        return iter(list(accepted)[::-1]) if wanted.order.endswith(".asc") else accepted

    def trace(self, trace_id: str) -> Optional[Body]:
        """Return one trace with its observations and scores, or ``None``."""
        found = journal_reads.trace(self.journal, self.destination, trace_id)
        if found is None:
            return None
        return dict(
            found,
            observations=journal_reads.observations(self.journal, self.destination, trace_id),
            scores=journal_reads.scores(self.journal, self.destination, trace_id),
        )

    def session_traces(self, session_id: str) -> Iterator[Body]:
        """Yield the traces of a session, the oldest first, with their observations."""
        for listed in self.traces(TraceFilter(session_id=session_id, order="timestamp.asc")):
            found = self.trace(listed["id"])
            if found is not None:
                yield found

    def observations_by_id(self, observation_id: str) -> List[Body]:
        """Return every observation with this id."""
        return journal_reads.find_observations(self.journal, self.destination, observation_id)

    def sessions(self) -> Iterator[Body]:
        """Yield the sessions that traces belong to, the latest first."""
        seen: Dict[str, Body] = {}
        for trace in self.traces(EVERY_TRACE):
            session = trace.get("sessionId")
            if session:
                entry = seen.setdefault(session, {"id": session, "traces": 0})
                entry["traces"] += 1
                entry["createdAt"] = trace["timestamp"]
        return iter(seen.values())
