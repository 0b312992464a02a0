"""The items of a dataset on disk, in their order and each id once: there may be any number of them."""

import json
from typing import Any, Iterator, NamedTuple

from coaiapy.errors import UsageError
from coaiapy.langfuse.datasets.scratch import Scratch
from coaiapy.langfuse.records.body import Body

_SCHEMA = """
CREATE TABLE items (
    number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, body TEXT NOT NULL, place TEXT NOT NULL
)
"""
_ALL = "SELECT number, body, place FROM items"


class Shelved(NamedTuple):
    """An item, its number on the shelf, and the place that a file has it at."""

    number: int
    body: Body
    place: str


class Shelf:
    """Items on disk. ``repeated`` is how many were added that had been there before."""

    def __init__(self) -> None:
        self.repeated = 0
        self._scratch = Scratch(_SCHEMA)

    def add(self, body: Body, place: str = "") -> None:
        """Add an item behind the others; ``UsageError`` if one that differs has its id."""
        id = body["id"].encode("utf-8", "surrogatepass")
        for known in self._found(_ALL + " WHERE id = ?", id):
            if known.body != body:
                raise UsageError("id: {!r} is already the id of {}".format(body["id"], known.place))
            self.repeated += 1
            return
        row = (id, json.dumps(body), place)
        self._scratch.write("INSERT INTO items (id, body, place) VALUES (?, ?, ?)", [row])

    def __iter__(self) -> Iterator[Shelved]:
        return self._found(_ALL + " ORDER BY number")

    def item(self, number: int) -> Shelved:
        """Return the item with this number."""
        return next(self._found(_ALL + " WHERE number = ?", number))

    def _found(self, sql: str, *values: Any) -> Iterator[Shelved]:
        for number, text, place in self._scratch.read(sql, *values):
            yield Shelved(number, json.loads(text), place)
