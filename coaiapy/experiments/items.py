"""The items of an experiment: of a Langfuse dataset or of a file, and which of them are wanted."""

import os
import random
from array import array
from typing import Any, Dict, Iterator, NamedTuple, Optional, Sequence, Tuple

from coaiapy.config.settings import Settings
from coaiapy.errors import ConfigError, StateError, UsageError
from coaiapy.langfuse.datasets import datasets
from coaiapy.langfuse.datasets.files import READABLE, read_dataset_items
from coaiapy.langfuse.datasets.shelf import Shelf, Shelved
from coaiapy.util.formats.json_values import text_or_json
from coaiapy.util.text.notes import Note

# The extensions of files that have items.
_ENDINGS = tuple("." + ending for ending in READABLE + ("ndjson", "tsv", "yml"))

FIELDS = ("id", "input", "expected", "metadata")


class Item(NamedTuple):
    """An item of a dataset; ``place`` is where a file has it, such as ``line 3``."""

    id: str
    input: Any = None
    expected: Any = None
    metadata: Any = None
    place: str = ""

    @property
    def fields(self) -> Dict[str, Any]:
        """What an item has, by the names that the user knows."""
        return {name: getattr(self, name) for name in FIELDS}


class Dataset(NamedTuple):
    """A dataset: ``id`` is that of Langfuse, ``None`` for a file. ``items`` are on disk; with
    ``is_reversed`` the last one was made first.
    """

    name: str
    id: Optional[str]
    items: Shelf
    is_reversed: bool = False


class Items:
    """The items that are wanted, in their order: read one by one, as often as they are asked for.

    In memory is a number of eight bytes for each.
    """

    def __init__(self, shelf: Shelf, numbers: "array[int]") -> None:
        self._shelf = shelf
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[Item]:
        return (_item(self._shelf.item(number)) for number in self._numbers)


class Choice(NamedTuple):
    """Which items are wanted: those that match all ``filters``, a random ``sample``, the first ones."""

    filters: Sequence[Tuple[str, str]] = ()
    sample: Optional[int] = None
    seed: int = 0
    limit: Optional[int] = None

    def of(self, dataset: Dataset) -> Items:
        """Return the active items of a dataset that are wanted."""
        found = array("q", (one.number for one in dataset.items if self._wants(one)))
        if dataset.is_reversed:
            found.reverse()
        if self.sample is not None and self.sample < len(found):
            drawn = random.Random(self.seed).sample(range(len(found)), self.sample)
            found = array("q", (found[place] for place in sorted(drawn)))
        return Items(dataset.items, found[: self.limit])

    def _wants(self, one: Shelved) -> bool:
        if datasets.is_archived(one.body):
            return False
        return all(_matches(_item(one), *wanted) for wanted in self.filters)


def load(settings: Settings, name: str, version: Optional[str], note: Note) -> Dataset:
    """Return the dataset of a file, or else of this name on the server.

    ``version`` is a point in time: the items as they were then. Raises ``ConfigError`` if neither
    can be.
    """
    if os.path.isfile(name) or name.lower().endswith(_ENDINGS):
        if version:
            raise UsageError("--version is for datasets of a server, and {} is a file".format(name))
        return _of_file(name, note)
    if not settings.has_server or settings.is_local:
        raise ConfigError(
            "there is no file {!r}, and in local mode there are no other datasets: name a file, or "
            "set the keys of Langfuse".format(name)
        )
    found = datasets.get_dataset(settings, name)
    shelf = datasets.shelve_items(settings, name, version)
    # The newest is listed first; a run goes in the order in which they were made.
    return Dataset(name, str(found["id"]), shelf, True)


def _of_file(path: str, note: Note) -> Dataset:
    """Return the items of a file: the name of its dataset is that of the file without extension.

    Items without an id have the one that they get when the file is imported into that dataset.
    """
    from coaiapy.util.files import reason

    name = os.path.splitext(os.path.basename(path))[0]
    try:
        with open(path, "rb") as stream:
            shelf = read_dataset_items(stream, name, path, note=note, undone="run")
            return Dataset(name, None, shelf)
    except UsageError as error:
        raise UsageError("{}: {}".format(path, error)) from error
    except OSError as error:
        raise StateError("{} cannot be read: {}".format(path, reason(error))) from error


def _item(one: Shelved) -> Item:
    body = one.body
    expected, metadata = body.get("expectedOutput"), body.get("metadata")
    return Item(str(body["id"]), body.get("input"), expected, metadata, one.place)


def parsed_filter(text: str) -> Tuple[str, str]:
    """Return the path and the value of ``PATH=VALUE``, such as ``metadata.topic=math``."""
    path, sign, value = text.partition("=")
    if not sign or path.split(".")[0] not in FIELDS:
        raise UsageError(
            "{!r} is not a filter: write PATH=VALUE, such as metadata.topic=math; paths begin with "
            "{}".format(text, ", ".join(FIELDS))
        )
    return path, value


def _matches(item: Item, path: str, wanted: str) -> bool:
    first, *rest = path.split(".")
    value: Any = getattr(item, first)
    for name in rest:
        value = value.get(name) if isinstance(value, dict) else None
    return value is not None and text_or_json(value) == wanted


def environment(item: Item, repeat: int, most: int = 100000) -> Dict[str, Optional[str]]:
    """Return what a command finds about its item in its environment.

    A value of more than ``most`` bytes is left out: systems refuse it.
    """
    values = {
        "COAIA_ITEM_ID": item.id,
        "COAIA_ITEM_EXPECTED": None if item.expected is None else text_or_json(item.expected),
        "COAIA_ITEM_METADATA": None if item.metadata is None else text_or_json(item.metadata),
        "COAIA_ITEM_REPEAT": str(repeat),
    }
    return {name: text if fits(text, most) else None for name, text in values.items()}


def fits(text: Optional[str], most: int = 100000) -> bool:
    """Tell whether a text can be in the environment or among the arguments of a command."""
    return text is not None and "\0" not in text and len(text.encode("utf-8", "replace")) <= most
