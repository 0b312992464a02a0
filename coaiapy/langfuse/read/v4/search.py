"""Searches a v4 server with its filters: inputs and outputs by whole words, other texts by parts.

It cannot search metadata. What it finds is looked at again, so that the places are known.
"""

from typing import Any, Dict, List, Optional

from coaiapy.langfuse.read import search as texts
from coaiapy.langfuse.read.filters import TraceFilter
from coaiapy.langfuse.read.v4 import spans as read_spans
from coaiapy.langfuse.read.v4.spans import PAGE_SIZE, SpanPages, condition, filter_of
from coaiapy.langfuse.records import ids
from coaiapy.langfuse.records.body import Body

_FIELDS = "core,basic,time,io,metadata,trace_context"
_QUESTIONS = (
    ("input", "matches"),
    ("output", "matches"),
    ("statusMessage", "contains"),
    ("name", "contains"),
    ("traceName", "contains"),
)
NOTE = (
    "this server searches inputs and outputs by whole words, names and status messages with regard to "
    "case, and no metadata"
)


def search(reader: Any, text: str, wanted: TraceFilter, most: Optional[int]) -> texts.Found:
    """Return the traces that ``wanted`` accepts and that contain a text; ``reader`` asks the server."""
    hits = texts.Hits(text)
    accepted: Dict[str, Optional[Body]] = {}
    for column, operator in _QUESTIONS:
        query = {"filter": filter_of([condition("string", column, operator, text)])}
        pages = SpanPages(reader.http, dict(query, fields=_FIELDS))
        while most is None or len(hits.keys()) < most:
            rows = read_spans.merged(pages.whole(PAGE_SIZE))[::-1]
            _look_up(reader, rows, wanted, accepted)
            for row in rows:
                key = ids.span_trace_id(row["traceId"])
                for body in _bodies(accepted[key], row):
                    hits.add(key, body)
            if not pages.cursor:
                break
    traces = (accepted[key] for key in hits.keys())
    found = texts.newest_first(hits.with_matches(one) for one in traces if one is not None)
    return texts.Found(found[:most], (NOTE,))


def _look_up(
    reader: Any, rows: List[Body], wanted: TraceFilter, accepted: Dict[str, Optional[Body]]
) -> None:
    """Add the traces of ``rows`` to those that are known: ``None`` for one that is not wanted."""
    unknown = {ids.span_trace_id(row["traceId"]) for row in rows}.difference(accepted)
    found = reader.known({key: False for key in sorted(unknown)})
    for key in unknown:
        trace = found[key].body if key in found else None
        accepted[key] = trace if trace is not None and wanted.accepts(trace) else None


def _bodies(trace: Optional[Body], row: Body) -> List[Body]:
    """Return the trace that is wanted, and the observation that the row is."""
    return [] if trace is None else [trace] + read_spans.observations([row])
