"""Places records in their trace: fills in what was not given, and begins what ends later.

Nothing is sent here, so nothing is loaded that could send.
"""

from typing import Any, Dict, Iterable, Iterator

from coaiapy.config.settings import Settings
from coaiapy.langfuse.journal import reads as journal_reads
from coaiapy.langfuse.journal.db import Journal, Written
from coaiapy.langfuse.journal.destinations import destination_of
from coaiapy.langfuse.records import ids
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.records.records import Kept


def begin(
    journal: Journal,
    settings: Settings,
    records: Iterable[Any],
    observer: str,
    is_durable: bool = True,
) -> Written:
    """Save records of what begins now; they are sent once ``observer`` has closed them.

    ``is_durable`` is that of ``Journal.transaction``.
    """
    destination = destination_of(journal, settings)
    unread: Dict[str, bool] = {}
    whole = placed(journal, settings, destination, records, unread)
    return journal.begin(destination, whole, observer, unread, is_durable=is_durable)


def placed(
    journal: Journal,
    settings: Settings,
    destination: int,
    records: Iterable[Any],
    unread: Dict[str, bool],
) -> Iterator[Kept]:
    """Yield records with the fields that were not given filled in.

    A trace gets the environment and release of the settings; an observation gets the environment
    and version of its trace, or the environment of the settings. The ids of traces that the server
    may have and the journal has not are added to ``unread``, with whether only observations of a
    trace are written of which nothing was known here.
    """
    missing: Dict[str, Body] = {}

    def is_known(trace_id: str) -> bool:
        return journal_reads.row_of_trace(journal, destination, trace_id) is not None

    for record in records:
        body = record.body()
        if record.kind == "trace":
            _complete(body, _given(environment=settings.environment, release=settings.release))
            missing = {body["id"]: _inherited(body, settings)}
            if not ids.is_made_here(body["id"]) and not is_known(body["id"]):
                unread[body["id"]] = False
        elif record.kind == "observation":
            trace_id = body["traceId"]
            if trace_id not in missing:
                trace = journal_reads.context(journal, destination, trace_id)
                missing = {trace_id: _inherited(trace or {}, settings)}
                if trace is None and trace_id not in unread:
                    is_known_here = journal_reads.knows_trace(journal, destination, trace_id)
                    unread[trace_id] = not is_known_here
            _complete(body, missing[trace_id])
        yield record if isinstance(record, Kept) else Kept(record.kind, body)


def _inherited(trace: Body, settings: Settings) -> Body:
    """Return the fields that an observation takes from its trace if they are not given."""
    environment = trace.get("environment") or settings.environment
    return _given(environment=environment, version=trace.get("version"))


def _given(**fields: Any) -> Body:
    return {name: value for name, value in fields.items() if value is not None}


def _complete(body: Body, missing: Body) -> None:
    for name, value in missing.items():
        body.setdefault(name, value)
