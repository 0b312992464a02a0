"""Writes, changes and deletes traces and observations; ``reads.py`` reads them.

The journal may have only observations of a trace, which others have written or nobody has created.
Locally and on a v4 server a trace exists as soon as it has an observation. A server of v2 or v3
shows only traces that were created, so that missing ones are created there. Those that exist are
left alone: creating a trace again would make a public one private.
"""

from typing import Any, Dict, Iterable, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from coaiapy.config.settings import Settings
from coaiapy.errors import CoaiaError, NetworkError, NotFoundError, UsageError
from coaiapy.langfuse.journal import reads as journal_reads
from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.journal.destinations import destination_of
from coaiapy.langfuse.journal.staging import IMMUTABLE, merge_bodies
from coaiapy.langfuse.read.filters import DEFAULT_ENVIRONMENT
from coaiapy.langfuse.records import ids
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.records.fields import checked
from coaiapy.langfuse.records.records import Kept, Observation, Trace, from_body
from coaiapy.langfuse.send import delivery
from coaiapy.langfuse.traces.placing import placed

# What ``patch_trace`` and ``patch_observation`` can change.
CONTENTS = ("input", "output", "metadata")


def unknown_note(trace_id: str) -> str:
    """Return a note for the user about an unknown trace, whose id may be mistyped."""
    return (
        "trace {!r} was not known here before; if it is new, "
        "coaia fuse traces create gives it a name".format(trace_id)
    )


def missing_on_server(
    journal: Journal, settings: Settings, destination: int, trace_ids: Iterable[str]
) -> Iterator[Kept]:
    """Yield those of the traces that must be created on a server of v2 or v3.

    Yields nothing for other servers, and stops when the server does not respond.
    """
    from coaiapy.langfuse.client.server import recall
    from coaiapy.langfuse.read.readers import read

    server = recall(journal, settings.base_url)
    if server is None or server.keeps_spans:
        return
    for trace_id in trace_ids:
        try:
            found = read(journal, settings, _has(trace_id), hasty=True)
        except CoaiaError:
            return
        body = journal_reads.trace(journal, destination, trace_id)
        if found is None and body is not None:
            yield Kept("trace", body)


def _has(trace_id: str) -> Any:
    return lambda reader: reader.trace(trace_id)


def submit(settings: Settings, records: Iterable[Any]) -> delivery.Outcome:
    """Save records in the journal, try to send them, and return the outcome."""
    with Journal() as journal:
        return _write(journal, settings, records)


def _write(journal: Journal, settings: Settings, records: Iterable[Any]) -> delivery.Outcome:
    destination = destination_of(journal, settings)
    unread: Dict[str, bool] = {}
    records = placed(journal, settings, destination, records, unread)
    written = journal.append(destination, records, unread)
    outcome = delivery.deliver(journal, settings, written)
    lone = [
        trace_id
        for trace_id, is_unknown in unread.items()
        if is_unknown and journal_reads.context(journal, destination, trace_id) is None
    ]
    if lone and outcome.sent and not outcome.waiting:
        missing = list(missing_on_server(journal, settings, destination, lone))
        if missing:
            written = journal.append(destination, missing)
            opened = delivery.deliver(journal, settings, written)
            outcome = outcome._replace(waiting=opened.waiting, problem=opened.problem)
    return outcome._replace(messages=outcome.messages + tuple(map(unknown_note, lone)))


def create(settings: Settings, trace: Trace) -> delivery.Outcome:
    """Write one trace; if there is one with this id already, it is changed, not replaced."""
    return submit(settings, [trace])


def as_kept(settings: Settings, record: Any) -> Body:
    """Return the fields of a record that was just written, as the journal has stored them.

    They differ from the given ones if the record existed before: start and environment stay those
    of the first write.
    """
    body: Body = record.body()
    with Journal() as journal:
        destination = destination_of(journal, settings)
        if record.kind == "trace":
            row = journal_reads.row_of_trace(journal, destination, body["id"])
        else:
            place = body["traceId"], body["id"]
            row = journal_reads.row_of_observation(journal, destination, *place)
        stored = journal_reads.body_at(journal, row)
    stored.setdefault("environment", DEFAULT_ENVIRONMENT)
    return dict(
        body, **{name: stored[name] for name in IMMUTABLE if name in body and name in stored}
    )


def add_observation(settings: Settings, observation: Observation) -> delivery.Outcome:
    """Write one observation; ``UsageError`` if its id and its trace's seem to be swapped."""
    with Journal() as journal:
        destination = destination_of(journal, settings)
        _refuse_swapped(journal, destination, observation)
        observation = _as_known(journal, destination, observation)
        messages = _missing_parent(journal, destination, observation)
        outcome = _write(journal, settings, [observation])
        return outcome._replace(messages=outcome.messages + messages)


def _missing_parent(
    journal: Journal, destination: int, observation: Observation
) -> Tuple[str, ...]:
    """Return a note if the journal has the trace but not the parent, whose id may be mistyped."""
    parent, trace_id = observation.parent_id, observation.trace_id
    if (
        parent is None
        or not journal_reads.knows_trace(journal, destination, trace_id)
        or journal_reads.row_of_observation(journal, destination, trace_id, parent) is not None
    ):
        return ()
    return (
        "the parent {!r} is not known in trace {!r} yet: {!r} is shown below it "
        "as soon as it is written".format(parent, trace_id, observation.id),
    )


def _refuse_swapped(journal: Journal, destination: int, observation: Observation) -> None:
    """Raise ``UsageError`` if the observation's id is that of a known trace, and its trace is not.

    Earlier releases had the two arguments in the other order.
    """
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
    """Return an observation with the trace id in the form in which the trace was written.

    A UUID may be given with or without dashes.
    """
    known = journal_reads.trace(journal, destination, observation.trace_id)
    return observation._replace(trace_id=known["id"]) if known else observation


def patch_output(settings: Settings, trace_id: str, output: Any) -> delivery.Outcome:
    """Set the output of a trace and change nothing else; ``NotFoundError`` if there is none."""
    return patch_trace(settings, trace_id, {"output": output})


def patch_trace(settings: Settings, trace_id: str, contents: Body) -> delivery.Outcome:
    """Set the ``input``, ``output`` or ``metadata`` of a trace and change nothing else of it.

    Metadata is merged key by key. Raises ``NotFoundError`` if there is no such trace.
    """
    trace_id = ids.check_given(trace_id, "trace")
    changes = _changes(contents)
    with Journal() as journal:
        destination = destination_of(journal, settings)
        row = journal_reads.row_of_trace(journal, destination, trace_id)
        if row is not None:
            written = journal.patch(row, changes)
        else:
            known = _made_elsewhere(journal, settings, destination, trace_id)
            written = journal.append(destination, [Kept("trace", merge_bodies(known, changes))])
        return delivery.deliver(journal, settings, written)


def _changes(contents: Body) -> Body:
    """Return ``contents`` in the form that is stored; ``UsageError`` if they change nothing."""
    changes = checked({name: contents.get(name) for name in CONTENTS}, "trace")
    if not changes:
        raise UsageError("null changes nothing: give an {}".format(" or ".join(CONTENTS)))
    return changes


def patch_observation(
    settings: Settings,
    trace_id: str,
    observation_id: str,
    contents: Body,
) -> delivery.Outcome:
    """Set the ``input``, ``output`` or ``metadata`` of an observation, as ``patch_trace`` does."""
    trace_id = ids.check_given(trace_id, "trace")
    observation_id = ids.check_given(observation_id, "observation")
    changes = _changes(contents)
    with Journal() as journal:
        destination = destination_of(journal, settings)
        row = journal_reads.row_of_observation(journal, destination, trace_id, observation_id)
        if row is not None:
            written = journal.patch(row, changes)
        else:
            known = _observed_elsewhere(journal, settings, trace_id, observation_id)
            changed = Kept("observation", merge_bodies(known, changes))
            written = journal.append(destination, [changed])
        return delivery.deliver(journal, settings, written)


def _made_elsewhere(journal: Journal, settings: Settings, destination: int, trace_id: str) -> Body:
    """Return a trace that another machine has written, as the server shows it.

    If the server does not show it, the journal may still have observations of it, from which a
    trace is made. Raises ``NotFoundError`` otherwise.
    """
    from coaiapy.langfuse.read.readers import read

    found = read(journal, settings, lambda reader: reader.trace(trace_id))
    found = found or journal_reads.trace(journal, destination, trace_id)
    if found is None:
        raise NotFoundError("no trace {!r} to change".format(trace_id))
    if ids.span_trace_id(found["id"]) != ids.span_trace_id(trace_id):
        raise NetworkError(
            "the request was for trace {!r}, but the server returned {!r}: nothing was "
            "changed".format(trace_id, found["id"])
        )
    trace: Trace = from_body("trace", found)
    return trace.body()


def known(settings: Settings, trace_id: str) -> Optional[Body]:
    """Return a trace as it was written here, else as the server has it, ``None`` if it is new.

    Raises what a reader raises: then it is not known whether there is one.
    """
    from coaiapy.langfuse.read.readers import read

    trace_id = ids.check_given(trace_id, "trace")
    with Journal() as journal:
        destination = destination_of(journal, settings)
        row = journal_reads.row_of_trace(journal, destination, trace_id)
        if row is not None:
            return journal_reads.body_at(journal, row)
        return read(  # type: ignore[no-any-return]
            journal, settings, lambda reader: reader.trace(trace_id), hasty=True
        )


def _observed_elsewhere(
    journal: Journal, settings: Settings, trace_id: str, observation_id: str
) -> Body:
    """Return an observation that another machine has written, as the server shows it."""
    from coaiapy.langfuse.read.readers import read

    found = read(journal, settings, lambda reader: reader.observations_by_id(observation_id))
    for body in found:
        is_it = ids.span_id(body["id"]) == ids.span_id(observation_id)
        if is_it and ids.span_trace_id(body["traceId"]) == ids.span_trace_id(trace_id):
            observation: Observation = from_body("observation", body)
            return observation.body()
    raise NotFoundError("no observation {!r} in trace {!r}".format(observation_id, trace_id))


class Deleted(NamedTuple):
    """The ids of deleted traces: on the server, which takes a while, and only on this machine."""

    on_server: List[str]
    here: List[str]


def delete(settings: Settings, trace_ids: Sequence[str]) -> Deleted:
    """Delete traces with their observations and scores, on the server and in the journal.

    If one of them is neither there nor here, ``NotFoundError`` is raised, and nothing is deleted.
    """
    trace_ids = [ids.check_given(trace_id, "trace") for trace_id in trace_ids]
    with Journal() as journal:
        destination = destination_of(journal, settings)
        there = _on_server(journal, settings, destination, trace_ids)
        for trace_id in _not_here(journal, destination, trace_ids):
            if trace_id not in there:
                raise nothing_to_delete(trace_id)
        if there:
            from coaiapy.langfuse.read.readers import delete_on_server

            delete_on_server(journal, settings, there)
        for trace_id in trace_ids:
            journal_reads.forget_trace(journal, destination, trace_id)
    return Deleted(there, [trace_id for trace_id in trace_ids if trace_id not in there])


def unknown(settings: Settings, trace_ids: Sequence[str]) -> List[str]:
    """Return those of the traces that are neither on the server nor in the journal."""
    with Journal() as journal:
        destination = destination_of(journal, settings)
        absent = _not_here(journal, destination, trace_ids)
        there = _on_server(journal, settings, destination, absent) if absent else []
    return [trace_id for trace_id in absent if trace_id not in there]


def nothing_to_delete(trace_id: str) -> NotFoundError:
    """Return the error for a trace that should be deleted and is not known."""
    return NotFoundError("no trace {!r} to delete".format(trace_id))


def _not_here(journal: Journal, destination: int, trace_ids: Sequence[str]) -> List[str]:
    return [one for one in trace_ids if not journal_reads.knows_trace(journal, destination, one)]


def _on_server(
    journal: Journal, settings: Settings, destination: int, trace_ids: Sequence[str]
) -> List[str]:
    """Return those of the traces that the server has, or has accepted and may show only later."""
    if settings.is_local:
        return []
    from coaiapy.langfuse.read.readers import read

    shown = read(journal, settings, lambda reader: reader.existing(trace_ids))
    return [
        trace_id
        for trace_id in trace_ids
        if trace_id in shown or journal_reads.was_sent(journal, destination, trace_id)
    ]
