"""Reads observations from a file, and checks all of them.

Each id must be there only once, and parents must not form a cycle. The ids are in a temporary SQLite
database, which SQLite moves to disk when it grows, so that there may be any number of them. Derived
ids are hashes that differ anyway. They wait in 16 bytes each, and only go to the database if there
are other ids.
"""

import struct
from functools import partial
from typing import (
    IO,
    Any,
    Callable,
    Dict,
    Iterable,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Set,
    Tuple,
)

from coaiapy.errors import UsageError
from coaiapy.langfuse.journal.staging import to_json
from coaiapy.langfuse.records import ids
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.records.fields import OBSERVATION_FIELDS
from coaiapy.langfuse.records.records import Kept, kept_observation
from coaiapy.util import times
from coaiapy.util.formats.item_files import Item, RowErrors, read_items
from coaiapy.util.formats.json_values import is_surely_plain

# Rows are inserted in groups of this size.
_ROWS = 1000
# The number of an observation and its derived id.
_DERIVED = struct.Struct(">Q8s")
# How many ids of a cycle the error names.
_NAMED = 6
# ``id`` is null if it is the same as ``key``.
_SCHEMA = "CREATE TABLE ids (number INTEGER PRIMARY KEY, key TEXT, parent TEXT, id TEXT)"
_INSERT = "INSERT INTO ids VALUES (?, ?, ?, ?)"
_ID = "coalesce(id, key)"
_REPEATED = """
SELECT later.number, coalesce(later.id, later.key), first.number
FROM (SELECT key, min(number) AS number FROM ids GROUP BY key HAVING count(*) > 1) AS first
JOIN ids AS later ON later.key = first.key AND later.number > first.number
ORDER BY later.number
"""
# An observation that comes before its parent, or is its own parent. Every cycle has one; most files
# have none, and this query is faster than the next.
_BEFORE_ITS_PARENT = """
SELECT 1 FROM ids JOIN ids AS above ON above.key = ids.parent AND above.number >= ids.number LIMIT 1
"""
# ``tree`` is everything below the observations whose parents are not in the batch. The rest are
# cycles, and the observations below them.
_IN_A_CYCLE = """
WITH RECURSIVE tree (key) AS (
    SELECT key FROM ids WHERE parent IS NULL OR parent NOT IN (SELECT key FROM ids)
    UNION SELECT ids.key FROM tree JOIN ids ON ids.parent = tree.key
)
SELECT key FROM ids WHERE key NOT IN (SELECT key FROM tree) ORDER BY number LIMIT 1
"""
_ID_NAMES = [
    name
    for field in OBSERVATION_FIELDS
    if field.attribute == "id"
    for name in (field.attribute, field.api) + field.aliases
]


class Wrong(NamedTuple):
    """An observation of the batch that cannot be written, and why."""

    number: int
    reason: str


class BatchIds:
    """The ids of a batch so far; a context manager, which deletes them at its end."""

    def __init__(self) -> None:
        import sqlite3

        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute(_SCHEMA)
        self._db.execute("BEGIN")
        self._derived = bytearray()
        self._rows: List[Tuple[int, str, Optional[str], Optional[str]]] = []

    def __enter__(self) -> "BatchIds":
        return self

    def __exit__(self, *exc: Any) -> None:
        self._db.close()

    def add(self, number: int, body: Body, is_derived: bool) -> None:
        """Add an observation, with a number that rises from one to the next.

        ``is_derived`` says that its id is a hash of its content and its place in the batch.
        """
        id, parent = body["id"], body.get("parentObservationId")
        if is_derived and parent is None:
            self._derived += _DERIVED.pack(number, bytes.fromhex(id))
            return
        key = ids.span_id(id)
        above = None if parent is None else ids.span_id(parent)
        self._rows.append((number, key, above, None if id == key else id))
        if len(self._rows) == _ROWS:
            self._store()

    def problems(self, place: Callable[[int], str]) -> Iterator[Wrong]:
        """Yield the observations with an id that is there before; if there are none, a cycle.

        ``place`` returns what messages call the observation with a number.
        """
        self._store()
        if not self._db.execute("SELECT 1 FROM ids LIMIT 1").fetchone():
            return
        derived = _DERIVED.iter_unpack(self._derived)
        self._db.executemany(_INSERT, ((number, id.hex(), None, None) for number, id in derived))
        self._db.execute("CREATE INDEX by_key ON ids (key)")
        repeated = False
        for number, id, first in self._db.execute(_REPEATED):
            repeated = True
            yield Wrong(number, "id: {!r} is already the id of {}".format(id, place(first)))
        if not repeated:
            yield from self._cycles()

    def _cycles(self) -> Iterator[Wrong]:
        """Yield the first observation that is its own ancestor."""
        if not self._db.execute(_BEFORE_ITS_PARENT).fetchone():
            return
        self._db.execute("CREATE INDEX by_parent ON ids (parent)")
        for (key,) in self._db.execute(_IN_A_CYCLE):
            cycle = self._cycle_above(key)
            names = [repr(self._found(one, _ID)) for one in (cycle + cycle[:1])[:_NAMED]]
            more = [] if len(cycle) < _NAMED else ["... ({} in all)".format(len(cycle))]
            reason = "parent_id: the parents form a cycle: " + " -> ".join(names + more)
            yield Wrong(self._found(cycle[0], "number"), reason)

    def _cycle_above(self, key: str) -> List[str]:
        """Return the cycle that is reached from ``key`` by going from parent to parent."""
        way: List[str] = []
        met: Set[str] = set()
        while key not in met:
            way.append(key)
            met.add(key)
            key = self._found(key, "parent")
        return way[way.index(key) :]

    def _found(self, key: str, column: str) -> Any:
        sql = "SELECT {} FROM ids WHERE key = ?".format(column)
        return self._db.execute(sql, (key,)).fetchone()[0]

    def _store(self) -> None:
        self._db.executemany(_INSERT, self._rows)
        self._rows = []


def read_observations(
    stream: IO[bytes], trace_id: str, name: str = "", format: Optional[str] = None
) -> Iterator[Kept]:
    """Yield the observations in a file for a trace, each when it has been checked.

    One without a start time begins at the current time. One without an id gets a hash of the trace
    id, its number and its content (in JSON Lines: its line), so that reading the same file again
    gives the same observations.

    Without ``format`` the extension of ``name`` or the content tells the format. At the end of the
    file, raises one ``UsageError`` that lists all mistakes with their lines or items; then none of
    the observations may be used.
    """
    errors = RowErrors()
    moments = times.rising()
    count, line_of = 0, None
    with BatchIds() as known:
        for item in read_items(stream, name, format):
            count, line_of = item.number, item.line_of
            at = item.line or item.number
            try:
                given = item.fields("an observation")
                new_id = None if _has_id(given) else _derived_id(item, trace_id)
                observation = kept_observation(
                    given, trace_id, _is_plain(item), next(moments), new_id
                )
            except UsageError as error:
                errors.add(_place(line_of, at), error)
                continue
            known.add(at, observation.fields, is_derived=new_id is not None)
            yield observation
        for wrong in known.problems(partial(_place, line_of)):
            errors.add(_place(line_of, wrong.number), UsageError(wrong.reason))
    errors.check(count, "observation", "written")


def _place(line_of: Optional[Callable[[int], int]], number: int) -> str:
    """Return what messages call a line, or with ``line_of`` an item, by its number."""
    if line_of is None:
        return "line {}".format(number)
    return "item {} (line {})".format(number, line_of(number))


def _is_plain(item: Item) -> bool:
    return item.text is not None and is_surely_plain(item.text)


def _has_id(values: Dict[str, Any]) -> bool:
    for name in _ID_NAMES:
        if values.get(name) is not None:
            return True
    return False


def _derived_id(item: Item, trace_id: str) -> str:
    content = item.text
    if content is None:
        given = {name: value for name, value in item.values.items() if value is not None}
        content = to_json(dict(sorted(given.items())))
    return ids.derived_observation_id(ids.span_trace_id(trace_id), str(item.number), content)


def preview(observations: Iterable[Kept]) -> Iterator[Any]:
    """Yield a short description of each observation, for a dry run."""
    for index, observation in enumerate(observations):
        body = observation.body()
        yield {
            "index": index,
            "id": body["id"],
            "type": body.get("type", "EVENT"),
            "name": body.get("name"),
            "has_input": "input" in body,
            "has_output": "output" in body,
            "parent": body.get("parentObservationId"),
        }
