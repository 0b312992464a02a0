"""Reads traces, observations and sessions, from any kind of server or from the journal.

Records of this machine that the server does not show yet are added and marked (see
``unconfirmed``). If the server cannot be reached, the functions return what this machine has
written, if there is anything, and call ``note`` with a sentence about it.
"""

import itertools
from typing import Any, Iterable, Iterator, List, Optional

from coaiapy.config.settings import Settings
from coaiapy.errors import NetworkError, NotFoundError, UsageError
from coaiapy.langfuse.journal import reads as journal_reads
from coaiapy.langfuse.journal.damage import open_reporting
from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.journal.destinations import destination_of
from coaiapy.langfuse.read import pending
from coaiapy.langfuse.read.filters import (
    EVERY_SESSION,
    EVERY_TRACE,
    ObservationFilter,
    Page,
    SessionFilter,
    TraceFilter,
    checked,
)
from coaiapy.langfuse.read.local import LocalReader, sessions_of
from coaiapy.langfuse.read.readers import Question, read
from coaiapy.langfuse.records import ids
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.records.fields import UNCONFIRMED
from coaiapy.util.text.notes import Note, ignore_note


def check_limit(limit: Optional[int], fewest: int = 0) -> None:
    """Raise ``UsageError`` unless ``limit`` is a whole number from ``fewest`` on, or ``None``."""
    if limit is not None and (not isinstance(limit, int) or limit < fewest):
        raise UsageError("limit {!r}: give a whole number from {} on".format(limit, fewest))


def list_traces(
    settings: Settings,
    wanted: TraceFilter = EVERY_TRACE,
    limit: Optional[int] = None,
    with_observations: bool = False,
    note: Note = ignore_note,
    query: Optional[str] = None,
) -> List[Body]:
    """Return the traces that ``wanted`` accepts, in its order, at most ``limit`` of them.

    With ``with_observations`` each has its ``observations`` and ``scores`` as well. With ``query``
    only traces are returned that contain this text in their name, input, output or metadata, or in
    those of an observation. They have ``matches``: of each place that is shown the ``observationId``
    (``None`` in the trace itself), its ``name``, the ``field``, and the ``text`` around the place,
    which is from ``start`` to ``end`` in it.
    """
    wanted = checked(wanted)
    check_limit(limit)
    if query is not None and (not isinstance(query, str) or not query.strip()):
        raise UsageError("query {!r}: give a text to search for".format(query))
    with open_reporting(settings.is_local, note) as journal:
        fresh = list(_fresh(journal, settings, kind="trace"))

        def ask(reader: Any) -> List[Body]:
            if query is None:
                shown = list(itertools.islice(reader.traces(wanted, limit), limit))
                found = pending.added_to_list(shown, fresh, wanted, limit)
            else:
                found = _searched(reader, query, wanted, limit, note)
            return _whole(journal, settings, reader, found) if with_observations else found

        found: List[Body] = read_or_recall(journal, settings, ask, note)
        return found


def _searched(
    reader: Any, query: str, wanted: TraceFilter, limit: Optional[int], note: Note
) -> List[Body]:
    found = reader.search(query, wanted, limit)
    for sentence in found.notes:
        note(sentence)
    traces: List[Body] = found.traces
    return traces if wanted.newest_first else traces[::-1]


def get_trace(settings: Settings, trace_id: str, note: Note = ignore_note) -> Body:
    """Return a trace with ``observations`` and ``scores``; ``NotFoundError`` if there is none."""
    trace_id = ids.check_given(trace_id, "trace")
    with open_reporting(settings.is_local, note) as journal:
        is_known = journal_reads.knows_trace(journal, destination_of(journal, settings), trace_id)
        shown = read_or_recall(
            journal, settings, lambda reader: reader.trace(trace_id), note, is_known
        )
        found = pending.added_to_trace(shown, _fresh(journal, settings, trace_id))
    if found is None:
        raise NotFoundError("no trace {!r}: coaia fuse traces lists them".format(trace_id))
    return found


def get_observation(
    settings: Settings,
    observation_id: str,
    note: Note = ignore_note,
) -> Body:
    """Return one observation.

    Raises ``NotFoundError`` if there is none, ``UsageError`` if several traces have one with this
    id.
    """
    observation_id = ids.check_given(observation_id, "observation")
    with open_reporting(settings.is_local, note) as journal:
        local = LocalReader(journal, destination_of(journal, settings))
        written = local.observations_by_id(observation_id)
        found = read_or_recall(
            journal,
            settings,
            lambda reader: reader.observations_by_id(observation_id),
            note,
            bool(written),
        )
        if not found:
            found = [
                body
                for known in written
                for _, body in _fresh(journal, settings, known["traceId"], "observation")
                if body["id"] == known["id"]
            ]
    if not found:
        raise NotFoundError("no observation {!r}".format(observation_id))
    if len(found) > 1:
        traces = ", ".join(sorted(body["traceId"] for body in found))
        raise UsageError(
            "observation {!r} exists in several traces ({}): view the trace instead".format(
                observation_id, traces
            )
        )
    only: Body = found[0]
    return only


def list_observations(
    settings: Settings,
    wanted: ObservationFilter,
    limit: int = 50,
    cursor: Optional[str] = None,
    note: Note = ignore_note,
) -> Page:
    """Return a page of at most ``limit`` observations, the latest first.

    The first page also has those that the server does not show yet, in addition to ``limit``.
    """
    wanted = checked(wanted)
    check_limit(limit, 1)
    with open_reporting(settings.is_local, note) as journal:

        def ask(reader: Any) -> Any:
            return reader.observations(wanted, limit, cursor)

        if cursor:  # this machine does not know where a server's page begins
            return read(journal, settings, ask)  # type: ignore[no-any-return]
        page: Page = read_or_recall(journal, settings, ask, note)
        known = {(_key(body), ids.span_id(body["id"])) for body in page.rows}
        late = [
            body
            for _, body in _fresh(journal, settings, wanted.trace_id, "observation")
            if wanted.accepts(body)
            and journal_reads.is_of_user(
                journal, destination_of(journal, settings), body, wanted.user_id
            )
            and (_key(body), ids.span_id(body["id"])) not in known
            and (page.cursor is None or body["startTime"] >= page.rows[-1]["startTime"])
        ]
    rows = sorted(page.rows + late, key=lambda body: str(body["startTime"]), reverse=True)
    return Page(rows, page.cursor)


def get_session(
    settings: Settings,
    session_id: str,
    note: Note = ignore_note,
    with_observations: bool = True,
) -> Body:
    """Return a session: ``id``, ``createdAt`` and its ``traces``, the oldest first.

    Each trace has its ``observations`` and ``scores``, unless ``with_observations`` is false.
    """
    session_id = ids.check_given(session_id, "session")
    wanted = TraceFilter(session_id=session_id, order="timestamp.asc")
    with open_reporting(settings.is_local, note) as journal:
        fresh = list(_fresh(journal, settings, kind="trace"))
        local = LocalReader(journal, destination_of(journal, settings))

        def ask(reader: Any) -> List[Body]:
            shown = reader.session_traces(session_id)
            found = pending.added_to_list(shown, fresh, wanted, None)
            return _whole(journal, settings, reader, found) if with_observations else found

        is_known = bool(local.session_traces(session_id))
        found: List[Body] = read_or_recall(journal, settings, ask, note, is_known)
    if not found:
        raise NotFoundError("no trace belongs to a session {!r}".format(session_id))
    return dict(next(sessions_of(found[::-1]), {"id": session_id}), id=session_id, traces=found)


def list_sessions(
    settings: Settings,
    wanted: SessionFilter = EVERY_SESSION,
    limit: Optional[int] = None,
    note: Note = ignore_note,
) -> List[Body]:
    """Return the sessions that ``wanted`` accepts, the latest first, at most ``limit`` of them.

    Each has ``id``, ``createdAt`` and perhaps ``environment``.
    """
    wanted = checked(wanted)
    check_limit(limit)
    of_it = TraceFilter(environment=wanted.environment)

    def ask(reader: Any) -> List[Body]:
        return list(itertools.islice(reader.sessions(wanted, limit), limit))

    with open_reporting(settings.is_local, note) as journal:
        shown: List[Body] = read_or_recall(journal, settings, ask, note)
        late = [body for _, body in _fresh(journal, settings, kind="trace") if of_it.accepts(body)]
    known = {session["id"] for session in shown}
    if limit is not None and len(shown) == limit:  # older ones may be on the next page
        late = [body for body in late if body["timestamp"] > str(shown[-1]["createdAt"])]
    begun = filter(wanted.accepts, sessions_of(late[::-1]))
    added = [session for session in begun if session["id"] not in known]
    return (_marked(added, late) + shown)[:limit]


def _marked(sessions: Iterable[Body], late: List[Body]) -> List[Body]:
    marks = {body.get("sessionId"): body[UNCONFIRMED] for body in late}
    return [dict(session, **{UNCONFIRMED: marks[session["id"]]}) for session in sessions]


def _fresh(
    journal: Journal,
    settings: Settings,
    trace_id: Optional[str] = None,
    kind: Optional[str] = None,
) -> Iterator[pending.Fresh]:
    """Yield the records that the server may not show yet; nothing in local mode."""
    if settings.is_local:
        return iter(())
    destination = destination_of(journal, settings)
    return pending.records(journal, destination, trace_id, kind)


def _whole(journal: Journal, settings: Settings, reader: Any, traces: List[Body]) -> List[Body]:
    """Return listed traces with their observations and scores, also the unconfirmed ones."""
    is_local = isinstance(reader, LocalReader)
    shown = [trace for trace in traces if is_local or UNCONFIRMED not in trace]
    whole = {_key(trace, "id"): trace for trace in reader.whole(shown)}
    found = []
    for trace in traces:
        fresh = _fresh(journal, settings, trace["id"])
        complete = pending.added_to_trace(whole.get(_key(trace, "id")), fresh) or trace
        matches = {"matches": trace["matches"]} if "matches" in trace else {}
        found.append(dict(complete, **matches))
    return found


def _key(body: Body, name: str = "traceId") -> str:
    return ids.span_trace_id(body[name])


def read_or_recall(
    journal: Journal,
    settings: Settings,
    ask: Question,
    note: Note,
    is_known: Optional[bool] = None,
) -> Any:
    """Return what the server's reader answers.

    If the server cannot be reached and the journal has an answer, return that and call ``note``.
    ``is_known`` says whether it has one; without it, that is any answer but an empty one.
    """
    try:
        return read(journal, settings, ask, bool(is_known))
    except NetworkError as error:
        if is_known is False or settings.is_local:
            raise
        found = ask(LocalReader(journal, destination_of(journal, settings)))
        if is_known is None and not _rows(found):
            raise
        note("{}; this is what this machine has written".format(error))
        return found


def _rows(found: Any) -> Any:
    return found.rows if isinstance(found, Page) else found
