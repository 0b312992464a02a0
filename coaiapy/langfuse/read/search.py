"""Finds a text in the names, inputs, outputs and metadata of traces and observations.

A record contains a text if one of its texts or numbers does, wherever it stands, without regard to
case. The journal is gone through in SQL, which leaves out most bodies that do not contain it. It has
no full-text index, see docs/figures.md.
"""

import json
from typing import Any, Dict, Iterable, Iterator, List, NamedTuple, Optional, Tuple

from coaiapy.langfuse.journal import reads as journal_reads
from coaiapy.langfuse.journal.damage import whole
from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.read.filters import TraceFilter
from coaiapy.langfuse.records import ids
from coaiapy.langfuse.records.body import Body

FIELDS = ("name", "input", "output", "metadata")
# How many places are shown of one trace.
MOST_PLACES = 3
# How many characters are shown on either side of the text.
AROUND = 30
# The latest rows come first, and are read in the order in which they are stored. The text, which most
# do not have, is compared first: conditions are evaluated in their order.
_CANDIDATES = """
SELECT seq, kind, trace_key, body FROM records
WHERE body LIKE ? ESCAPE '!' AND +destination = ? AND +kind IN ('trace', 'observation')
ORDER BY seq DESC
"""
# A page is read only once, and a small cache stays in that of the processor.
_CACHE = "PRAGMA cache_size = -200"


class Place(NamedTuple):
    """Where a text was found: a field, and the part of it around the text, with where it is there.

    ``observation_id`` is ``None`` in a field of the trace itself.
    """

    observation_id: Optional[str]
    name: Optional[str]
    field: str
    text: str
    start: int
    end: int


class Found(NamedTuple):
    """Traces that contain a text, each with ``matches``, and sentences about how they were found."""

    traces: List[Body]
    notes: Tuple[str, ...] = ()


def places_in(body: Body, text: str) -> Iterator[Place]:
    """Yield where a trace or an observation contains a text, once for each value."""
    wanted = text.lower()
    observation_id = body["id"] if "traceId" in body else None
    for field in FIELDS:
        for value in _texts(body.get(field)):
            at = value.lower().find(wanted)
            if at >= 0:
                start, end = max(0, at - AROUND), at + len(text) + AROUND
                shown = value[start:end]
                yield Place(
                    observation_id,
                    body.get("name"),
                    field,
                    shown,
                    at - start,
                    at - start + len(text),
                )


def _texts(value: Any) -> Iterator[str]:
    """Yield the texts, numbers and keys in a value, in its order."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            waiting += [part for key in reversed(list(one)) for part in (one[key], key)]
        elif isinstance(one, list):
            waiting += one[::-1]
        elif one is not None:
            yield json.dumps(one)


class Hits:
    """Collects places by trace, until there are enough traces."""

    def __init__(self, most: Optional[int]) -> None:
        self._most = most
        self._places: Dict[str, List[Place]] = {}

    def add(self, trace_key: str, places: Iterable[Place]) -> bool:
        """Add places in a record of a trace; false if there are enough traces already."""
        found = list(places)
        if not found:
            return True
        if trace_key not in self._places and len(self._places) == self._most:
            return False
        known = self._places.setdefault(trace_key, [])
        known += found[: MOST_PLACES - len(known)]
        return True

    def keys(self) -> List[str]:
        """Return the traces that contain the text."""
        return list(self._places)

    def with_matches(self, trace: Body) -> Body:
        """Return a trace with the places that were found in it, as they are shown as JSON."""
        return dict(trace, matches=[_match(one) for one in self._places[key_of(trace)]])


def _match(place: Place) -> Body:
    return {
        "observationId": place.observation_id,
        "name": place.name,
        "field": place.field,
        "text": place.text,
        "start": place.start,
        "end": place.end,
    }


def key_of(trace: Body) -> str:
    """Return the key of a trace in ``Hits``."""
    return ids.span_trace_id(trace["id"])


def newest_first(traces: Iterable[Body]) -> List[Body]:
    """Return traces with the latest first."""
    return sorted(traces, key=lambda trace: str(trace.get("timestamp")), reverse=True)


def in_journal(
    journal: Journal, destination: int, text: str, wanted: TraceFilter, most: Optional[int]
) -> Found:
    """Return the traces of a destination that contain a text; those written last are looked at first."""
    hits = Hits(most)
    accepted: Dict[str, Optional[Body]] = {}
    with journal.reporting_errors():
        journal.db.execute(_CACHE)
    for row, body in whole(journal, journal.rows(_CANDIDATES, _pattern(text), destination)):
        places = list(places_in(body, text))
        key = row["trace_key"]
        if places and key not in accepted:
            trace = journal_reads.trace(journal, destination, key)
            accepted[key] = trace if trace is not None and wanted.accepts(trace) else None
        if places and accepted[key] is not None and not hits.add(key, places):
            break
    traces = (accepted[key] for key in hits.keys())
    return Found(newest_first(hits.with_matches(one) for one in traces if one is not None))


def _pattern(text: str) -> str:
    """Return a pattern for SQL that fits the JSON of every record that contains a text.

    Letters beyond ASCII may be there in either case, so that only letters without case are looked for.
    """
    parts = []
    for character in text:
        if ord(character) < 128 or character.lower() == character.upper():
            parts.append("".join("!" + one if one in "%_!" else one for one in _encoded(character)))
        else:
            parts.append("%")
    return "%{}%".format("".join(parts))


def _encoded(character: str) -> str:
    return json.dumps(character, ensure_ascii=False)[1:-1]


def in_pages(
    traces: Iterable[Body], observations: Iterable[Body], text: str, most: Optional[int]
) -> List[Body]:
    """Return those of ``traces`` that contain a text themselves or in one of ``observations``."""
    hits = Hits(None)
    known = {key_of(trace): trace for trace in traces}
    for key, trace in known.items():
        hits.add(key, places_in(trace, text))
    for body in observations:
        key = ids.span_trace_id(body["traceId"])
        if key in known:
            hits.add(key, places_in(body, text))
    return newest_first(hits.with_matches(known[key]) for key in hits.keys())[:most]
