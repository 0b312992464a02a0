"""Writes traces to JSON Lines and reads them again, trace by trace, however many there are."""

import itertools
from typing import IO, Any, Callable, Dict, Iterable, Iterator, List, NamedTuple, Tuple

from coaiapy.config.settings import Settings
from coaiapy.errors import UsageError
from coaiapy.langfuse.journal import reads as journal_reads
from coaiapy.langfuse.journal.claims import Outgoing
from coaiapy.langfuse.journal.damage import open_reporting
from coaiapy.langfuse.read.filters import EVERY_TRACE, TraceFilter, checked
from coaiapy.langfuse.read.local import LocalReader
from coaiapy.langfuse.read.readers import read
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.send import otlp
from coaiapy.langfuse.traces.files import events, spans
from coaiapy.util.formats.item_files import RowErrors, read_items
from coaiapy.util.formats.json_values import json_line
from coaiapy.util.text.notes import Note, ignore_note
from coaiapy.util.text.wording import counted

FORMATS = ("langfuse", "otlp")
# How many traces are asked for at once.
_AT_ONCE = 20
_PARTS = {"observations": "observation", "scores": "score"}

# The records of one trace: kinds and bodies, the trace itself first if it has a record.
Records = List[Tuple[str, Body]]


class Exported(NamedTuple):
    """How many traces and records were exported."""

    traces: int
    records: int


def export(
    settings: Settings,
    write: Callable[[str], None],
    wanted: TraceFilter = EVERY_TRACE,
    format: str = FORMATS[0],
    note: Note = ignore_note,
) -> Exported:
    """Give ``write`` a line of JSON after the other, with all records of the traces that are wanted.

    ``langfuse`` are the events of Langfuse's ingestion, one for each record; ``otlp`` are documents of
    OTLP/JSON, which have no scores.
    """
    if format not in FORMATS:
        raise UsageError("format {!r}: choose {}".format(format, " or ".join(FORMATS)))
    wanted = checked(wanted)
    lines = _as_events if format == FORMATS[0] else _as_spans
    left_out: List[str] = []

    def ask(reader: Any) -> Exported:
        traces = count = 0
        for records in _records(reader, wanted):
            traces, count = traces + 1, count + len(records)
            for line in lines(records, left_out):
                write(line)
        return Exported(traces, count - len(left_out))

    with open_reporting(settings.is_local, note) as journal:
        found: Exported = read(journal, settings, ask)
    for reason in sorted(set(left_out)):
        note("left out: {} ({})".format(counted(left_out.count(reason), "record"), reason))
    return found


def _records(reader: Any, wanted: TraceFilter) -> Iterator[Records]:
    traces = iter(reader.traces(wanted))
    if isinstance(reader, LocalReader):  # as they were written, with nothing added
        for trace in traces:
            yield journal_reads.records_of_trace(reader.journal, reader.destination, trace["id"])
        return
    while True:
        some = list(itertools.islice(traces, _AT_ONCE))
        if not some:
            return
        for whole in reader.whole(some):
            yield _taken_apart(whole)


def _taken_apart(whole: Body) -> Records:
    trace = {name: value for name, value in whole.items() if name not in _PARTS}
    below = [(kind, body) for name, kind in _PARTS.items() for body in whole.get(name) or ()]
    return [("trace", trace)] + below


def _as_events(records: Records, left_out: List[str]) -> Iterator[str]:
    return (json_line(events.event(kind, body)) for kind, body in records)


def _as_spans(records: Records, left_out: List[str]) -> Iterator[str]:
    trace: Body = dict(records[:1]).get("trace", {})
    items = [
        Outgoing(0, 1, kind, body, "", {} if kind == "trace" else trace) for kind, body in records
    ]
    encoded = otlp.encode(items)
    left_out += [verdict.reason or "" for verdict in encoded.refused]
    return (request.content.decode("utf-8") for request in encoded.requests)


def read_records(stream: IO[bytes], name: str = "") -> Iterator[Any]:
    """Yield the records in a file: events, OTLP documents, or whole traces as a server shows them.

    At the end of the file, raises one ``UsageError`` that lists all mistakes with their lines; then
    none of the records may be used.
    """
    errors = RowErrors()
    count = 0
    for item in read_items(stream, name):
        count = item.number
        try:
            for record in _records_of(item.fields("a line")):
                yield record
        except UsageError as error:
            errors.add(item.place, error)
    errors.check(count, "line", "written")


def _records_of(values: Dict[str, Any]) -> Iterable[Any]:
    if events.is_event(values):
        return [events.record_of(values)]
    if spans.is_otlp(values):
        return spans.records_of_spans(values)
    if "timestamp" in values and "id" in values:
        return events.records_of_trace(values)
    raise UsageError("it is no event of Langfuse, no trace and no OTLP document")
