"""Finds a text in the names, inputs, outputs, status messages and metadata of traces and observations.

A record contains a text if one of its texts or numbers does, wherever it stands, without regard to
case. The journal is gone through in SQL, which leaves out most bodies that do not contain it. It has
no full-text index, see docs/figures.md.
"""

import json
from itertools import chain, islice
from typing import Any, Dict, Iterable, Iterator, List, NamedTuple, Optional, Tuple

from coaiapy.langfuse.journal import reads as journal_reads
from coaiapy.langfuse.journal.damage import whole
from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.read.filters import TraceFilter
from coaiapy.langfuse.records import ids
from coaiapy.langfuse.records.body import Body

FIELDS = ("name", "input", "output", "statusMessage", "metadata")
# How many places are shown of one trace, the first ones.
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
# The same of one trace, in the order in which places are shown.
_IN_TRACE = """
SELECT seq, kind, body FROM records
WHERE body LIKE ? ESCAPE '!' AND destination = ? AND trace_key = ? AND kind IN ('trace', 'observation')
ORDER BY kind DESC, time, key
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
    """Collects places by trace: those of the trace itself first, then those of what began first."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._places: Dict[str, Dict[Tuple[str, str], List[Place]]] = {}

    def add(self, trace_key: str, body: Body) -> None:
        """Add the places in a trace or in one of its observations."""
        found = list(islice(places_in(body, self._text), MOST_PLACES))
        if found:
            known = self._places.setdefault(trace_key, {})
            is_of_trace = found[0].observation_id is None
            known[("", "") if is_of_trace else (body["startTime"], ids.span_id(body["id"]))] = found
            if len(known) > MOST_PLACES:
                del known[max(known)]

    def keys(self) -> List[str]:
        """Return the traces that contain the text."""
        return list(self._places)

    def of(self, trace_key: str) -> List[Place]:
        """Return the first places in a trace."""
        known = self._places.get(trace_key, {})
        return list(islice(chain.from_iterable(known[one] for one in sorted(known)), MOST_PLACES))

    def with_matches(self, trace: Body) -> Body:
        """Return a trace with the places that were found in it, as they are shown as JSON."""
        return dict(trace, matches=[_match(one) for one in self.of(key_of(trace))])


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
    """Return traces with the latest first, and of the same time that with the larger id."""
    return sorted(traces, key=lambda one: (str(one.get("timestamp")), key_of(one)), reverse=True)


def in_journal(
    journal: Journal, destination: int, text: str, wanted: TraceFilter, most: Optional[int]
) -> Found:
    """Return the traces of a destination that contain a text; those written last are looked at first."""
    pattern, hits = _pattern(text), Hits(text)
    with journal.reporting_errors():
        journal.db.execute(_CACHE)
    rows = whole(journal, journal.rows(_CANDIDATES, pattern, destination))
    contain = (row["trace_key"] for row, body in rows if any(places_in(body, text)))
    found = list(islice(_accepted(journal, destination, contain, wanted), most))
    for key in map(key_of, found):
        for _, body in whole(journal, journal.rows(_IN_TRACE, pattern, destination, key)):
            hits.add(key, body)
            if len(hits.of(key)) == MOST_PLACES:
                break
    return Found(newest_first(map(hits.with_matches, found)))


def _accepted(
    journal: Journal, destination: int, trace_keys: Iterable[str], wanted: TraceFilter
) -> Iterator[Body]:
    """Yield the traces that ``wanted`` accepts, each once."""
    known = set()
    for key in trace_keys:
        trace = None if key in known else journal_reads.trace(journal, destination, key)
        known.add(key)
        if trace is not None and wanted.accepts(trace):
            yield trace


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
    hits = Hits(text)
    known = {key_of(trace): trace for trace in traces}
    for key, trace in known.items():
        hits.add(key, trace)
    for body in observations:
        key = ids.span_trace_id(body["traceId"])
        if key in known:
            hits.add(key, body)
    return newest_first(hits.with_matches(known[key]) for key in hits.keys())[:most]
