"""Traces and their observations: writing them, changing them, reading them back."""

import itertools
from typing import Any, Iterable, List, Optional, Sequence

from coaiapy import delivery, journal_reads, unconfirmed
from coaiapy.destinations import destination_of
from coaiapy.errors import NotFoundError, UsageError
from coaiapy.journal import Journal
from coaiapy.langfuse_http import LangfuseHttp
from coaiapy.reader_local import LocalReader
from coaiapy.readers import delete_on_server, reader_for
from coaiapy.record_fields import Body
from coaiapy.records import Observation, Trace, from_body
from coaiapy.settings import Settings
from coaiapy.trace_filter import EVERY_TRACE, TraceFilter


def submit(
    settings: Settings, records: Iterable[Any], seconds: Optional[float] = None
) -> delivery.Outcome:
    """Write records down, send what can be sent within ``seconds``, and tell what became of it."""
    with Journal() as journal:
        destination = destination_of(journal, settings)
        written = journal.append(destination, records)
        return delivery.deliver(journal, settings, written, seconds)


def create(settings: Settings, trace: Trace, seconds: Optional[float] = None) -> delivery.Outcome:
    """Write one trace; a known trace id is added to, not replaced."""
    return submit(settings, [trace], seconds)


def add_observation(
    settings: Settings, observation: Observation, seconds: Optional[float] = None
) -> delivery.Outcome:
    """Write one observation; ``UsageError`` if its id and its trace's look swapped."""
    with Journal() as journal:
        destination = destination_of(journal, settings)
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
    """Return the traces that ``wanted`` accepts in its order, at most ``limit`` of them."""
    with Journal() as journal:
        shown = list(itertools.islice(reader_for(journal, settings).traces(wanted), limit))
        if settings.is_local:
            return shown
        fresh = unconfirmed.records(journal, destination_of(journal, settings))
        return unconfirmed.added_to_list(shown, fresh, wanted, limit)


def get_trace(settings: Settings, trace_id: str) -> Body:
    """Return a trace with its ``observations`` and ``scores``; ``NotFoundError`` without one."""
    with Journal() as journal:
        found = reader_for(journal, settings).trace(trace_id)
        if not settings.is_local:
            destination = destination_of(journal, settings)
            fresh = unconfirmed.records(journal, destination, trace_id)
            found = unconfirmed.added_to_trace(found, fresh)
    if found is None:
        raise NotFoundError("no trace {!r}: coaia fuse traces lists them".format(trace_id))
    return found


def get_observation(settings: Settings, observation_id: str) -> Body:
    """Return one observation; ``NotFoundError`` without one, ``UsageError`` if there are several."""
    with Journal() as journal:
        found = reader_for(journal, settings).observations_by_id(observation_id)
        if not found and not settings.is_local:
            local = LocalReader(journal, destination_of(journal, settings))
            found = local.observations_by_id(observation_id)
    if not found:
        raise NotFoundError("no observation {!r}".format(observation_id))
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
        found = list(reader_for(journal, settings).session_traces(session_id))
    if not found:
        raise NotFoundError("no trace belongs to a session {!r}".format(session_id))
    return {"id": session_id, "traces": found}


def list_sessions(settings: Settings, limit: Optional[int] = None) -> List[Body]:
    """Return the sessions (``id``, ``createdAt``), the latest first, at most ``limit`` of them."""
    with Journal() as journal:
        return list(itertools.islice(reader_for(journal, settings).sessions(), limit))


def patch_output(
    settings: Settings, trace_id: str, output: Any, seconds: Optional[float] = None
) -> delivery.Outcome:
    """Set the output of a trace and nothing else of it; ``NotFoundError`` without one."""
    with Journal() as journal:
        destination = destination_of(journal, settings)
        row = journal_reads.row_of_trace(journal, destination, trace_id)
        if row is not None:
            written = journal.patch(row, {"output": output})
        else:
            known = _made_elsewhere(journal, settings, trace_id)
            written = journal.append(destination, [known._replace(output=output)])
        return delivery.deliver(journal, settings, written, seconds)


def _made_elsewhere(journal: Journal, settings: Settings, trace_id: str) -> Trace:
    """Return a trace that the journal has no record of, as its server knows it."""
    found = reader_for(journal, settings).trace(trace_id)
    if found is None:
        raise NotFoundError("no trace {!r} to set the output of".format(trace_id))
    trace: Trace = from_body("trace", found)
    return trace


def delete(settings: Settings, trace_ids: Sequence[str]) -> None:
    """Remove traces with all that belongs to them, from the server and from the journal.

    A server deletes in its own time and does not tell which ids it knew. Locally, an unknown id is
    a ``NotFoundError``, and nothing is removed.
    """
    with Journal() as journal:
        destination = destination_of(journal, settings)
        if settings.is_local:
            for trace_id in trace_ids:
                if not journal_reads.knows_trace(journal, destination, trace_id):
                    raise NotFoundError("no trace {!r} to delete".format(trace_id))
        else:
            delete_on_server(LangfuseHttp(settings), journal, trace_ids)
        for trace_id in trace_ids:
            journal_reads.forget_trace(journal, destination, trace_id)
