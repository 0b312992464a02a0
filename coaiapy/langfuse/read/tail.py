"""New traces and observations, as they come: in the journal by their rows, on a server by looking again.

A server shows a record only after a while, and an observation may be sent long after it began. Each
look therefore goes back some time, and what was seen before is left out.
"""

from datetime import timedelta
from typing import Any, Dict, Iterator, List, Optional, Set, Tuple

from coaiapy.config.settings import Settings
from coaiapy.langfuse.journal import reads as journal_reads
from coaiapy.langfuse.journal.damage import open_reporting, whole
from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.journal.schema import LOCAL
from coaiapy.langfuse.read.filters import EVERY_TRACE, ObservationFilter, TraceFilter, checked
from coaiapy.langfuse.read.pending import LATE_SECONDS
from coaiapy.langfuse.read.readers import read
from coaiapy.langfuse.records import ids
from coaiapy.langfuse.records.body import Body, completed
from coaiapy.util import times
from coaiapy.util.text.notes import Note, ignore_note

# How many observations are asked for at once.
_PAGE = 100
_LAST_ROW = "SELECT coalesce(max(seq), 0) AS last FROM records"
_NEW_ROWS = """
SELECT seq, kind, trace_key, body FROM records
WHERE seq > ? AND destination = ? AND kind IN ('trace', 'observation') ORDER BY seq
"""

# A kind of record, and its body.
New = Tuple[str, Body]


class Tail:
    """What is new since it was made, or since it was asked before; ``wanted`` are conditions on traces.

    The times in ``wanted`` are not looked at.
    """

    def __init__(
        self, settings: Settings, wanted: TraceFilter = EVERY_TRACE, note: Note = ignore_note
    ) -> None:
        self._settings = settings
        self._wanted = checked(wanted)._replace(from_time=None, to_time=None)
        self._note = note
        self._accepted: Dict[str, bool] = {}
        self._seen: Set[Tuple[str, str]] = set()
        self._since = times.to_text(times.from_text(times.now()) - timedelta(seconds=LATE_SECONDS))
        self._row: Optional[int] = None  # the last one that was looked at
        self.new()

    def new(self) -> List[New]:
        """Return the traces and observations that are new, the earliest first."""
        with open_reporting(self._settings.is_local, self._note) as journal:
            if self._settings.is_local:
                return list(self._written(journal))
            found: List[New] = read(journal, self._settings, lambda one: list(self._shown(one)))
            return found

    def _written(self, journal: Journal) -> Iterator[New]:
        if self._row is None:
            self._row = next(journal.rows(_LAST_ROW))["last"]
        for row, body in whole(journal, journal.rows(_NEW_ROWS, self._row, LOCAL)):
            self._row = row["seq"]
            trace = body if row["kind"] == "trace" else None
            if trace is None and self._wanted != EVERY_TRACE:
                trace = journal_reads.trace(journal, LOCAL, row["trace_key"])
            if trace is None or self._wanted.accepts(trace):
                yield row["kind"], body if row["kind"] == "trace" else completed(body)

    def _shown(self, reader: Any) -> Iterator[New]:
        is_first, self._row = self._row is None, 0
        found = [
            ("trace", body) for body in reader.traces(self._wanted._replace(from_time=self._since))
        ]
        found += [("observation", body) for body in self._observations(reader)]
        for kind, body in sorted(found, key=_begun):
            key = kind, body["id"] if kind == "trace" else body["traceId"] + body["id"]
            if key not in self._seen:
                self._seen.add(key)
                if not is_first and (kind == "trace" or self._accepts(reader, body["traceId"])):
                    yield kind, body

    def _observations(self, reader: Any) -> Iterator[Body]:
        """Yield the observations since the beginning, page by page."""
        wanted = ObservationFilter(from_time=self._since, environment=self._wanted.environment)
        cursor: Optional[str] = None
        while True:
            page = reader.observations(wanted, _PAGE, cursor)
            for body in page.rows:
                yield body
            cursor = page.cursor
            if not cursor:
                return

    def _accepts(self, reader: Any, trace_id: str) -> bool:
        """Tell whether the trace of an observation meets the conditions; it is asked for once."""
        key = ids.span_trace_id(trace_id)
        if self._wanted._replace(environment=None) == EVERY_TRACE:
            return True
        if not self._accepted.get(key):
            trace = reader.trace(trace_id)
            self._accepted[key] = trace is not None and self._wanted.accepts(trace)
        return self._accepted[key]


def _begun(found: New) -> Tuple[str, bool]:
    kind, body = found
    return str(body.get("startTime") or body.get("timestamp")), kind != "trace"
