"""Traces and their observations: writing them, changing them, reading them back."""

from typing import Any, Iterable, Iterator, List, Optional

from coaiapy import delivery, journal_reads
from coaiapy.errors import NotFoundError, UsageError
from coaiapy.journal import LOCAL, Journal
from coaiapy.reader_local import LocalReader
from coaiapy.record_fields import Body
from coaiapy.records import Observation, Trace
from coaiapy.settings import Settings
from coaiapy.trace_filter import EVERY_TRACE, TraceFilter


def submit(
    settings: Settings, records: Iterable[Any], seconds: float = delivery.DEADLINE
) -> delivery.Outcome:
    """Write records down, send what can be sent within ``seconds``, and tell what became of it."""
    with Journal() as journal:
        destination = delivery.destination_of(journal, settings)
        written = journal.append(destination, records)
        return delivery.deliver(journal, settings, written, seconds)


def create(
    settings: Settings, trace: Trace, seconds: float = delivery.DEADLINE
) -> delivery.Outcome:
    """Write one trace; a known trace id is added to, not replaced."""
    return submit(settings, [trace], seconds)


def add_observation(
    settings: Settings, observation: Observation, seconds: float = delivery.DEADLINE
) -> delivery.Outcome:
    """Write one observation; ``UsageError`` if its id and its trace's look swapped."""
    with Journal() as journal:
        destination = delivery.destination_of(journal, settings)
        _refuse_swapped(journal, destination, observation)
        observation = _as_known(journal, destination, observation)
        written = journal.append(destination, [observation])
        return delivery.deliver(journal, settings, written, seconds)


def _refuse_swapped(journal: Journal, destination: int, observation: Observation) -> None:
    """Earlier releases took the trace first; a known trace in the other's place gives it away."""
    if journal_reads.knows_trace(journal, destination, observation.trace_id):
        return
    if journal_reads.knows_trace(journal, destination, observation.id):
        raise UsageError(
            "these look swapped: {0!r} is a trace and {1!r} is not; write the observation first "
            "(add-observation {1} {0}), or use --trace-id and --observation-id".format(
                observation.id, observation.trace_id
            )
        )


def _as_known(journal: Journal, destination: int, observation: Observation) -> Observation:
    """Call the trace by the id it was written with (a UUID may come with or without dashes)."""
    known = journal_reads.trace(journal, destination, observation.trace_id)
    return observation._replace(trace_id=known["id"]) if known else observation


def list_traces(
    settings: Settings, wanted: TraceFilter = EVERY_TRACE, limit: Optional[int] = None
) -> List[Body]:
    """Return the newest traces that ``wanted`` accepts, at most ``limit`` of them."""
    with Journal() as journal:
        found = LocalReader(journal).traces(wanted)
        return _first(found, limit)


def get_trace(settings: Settings, trace_id: str) -> Body:
    """Return a trace with its ``observations`` and ``scores``; ``NotFoundError`` without one."""
    with Journal() as journal:
        found = LocalReader(journal).trace(trace_id)
    if found is None:
        raise NotFoundError("no trace {!r} here: coaia fuse traces lists them".format(trace_id))
    return found


def get_observation(settings: Settings, observation_id: str) -> Body:
    """Return one observation; ``NotFoundError`` without one, ``UsageError`` if there are several."""
    with Journal() as journal:
        found = LocalReader(journal).observations_by_id(observation_id)
    if not found:
        raise NotFoundError("no observation {!r} here".format(observation_id))
    if len(found) > 1:
        traces = ", ".join(sorted(body["traceId"] for body in found))
        raise UsageError(
            "observation {!r} exists in several traces ({}): view the trace instead".format(
                observation_id, traces
            )
        )
    return found[0]


def get_session(settings: Settings, session_id: str) -> Body:
    """Return a session: ``id`` and its ``traces``, oldest first, each with its observations."""
    with Journal() as journal:
        reader = LocalReader(journal)
        listed = reader.traces(TraceFilter(session_id=session_id, order="timestamp.asc"))
        found = [reader.trace(trace["id"]) for trace in listed]
    if not found:
        raise NotFoundError("no trace belongs to a session {!r} here".format(session_id))
    return {"id": session_id, "traces": found}


def patch_output(
    settings: Settings, trace_id: str, output: Any, seconds: float = delivery.DEADLINE
) -> delivery.Outcome:
    """Set the output of a trace and nothing else of it."""
    with Journal() as journal:
        row = journal_reads.row_of_trace(journal, LOCAL, trace_id)
        if row is None:
            raise NotFoundError("no trace {!r} here to set the output of".format(trace_id))
        return delivery.deliver(journal, settings, journal.patch(row, {"output": output}), seconds)


def delete(settings: Settings, trace_id: str) -> int:
    """Remove a trace with all its records; ``NotFoundError`` without one."""
    with Journal() as journal:
        removed = journal_reads.forget_trace(journal, LOCAL, trace_id)
    if not removed:
        raise NotFoundError("no trace {!r} here to delete".format(trace_id))
    return removed


def _first(found: Iterator[Body], limit: Optional[int]) -> List[Body]:
    import itertools

    return list(itertools.islice(found, limit))
