"""Reads files of items: JSON, JSON Lines and YAML.

A file is read only once, so that it may be a pipe. JSON Lines are read line by line, so that there
may be any number of them.
"""

import codecs
import itertools
import json
from typing import IO, Any, Callable, Dict, Iterable, Iterator, List, NamedTuple, Optional

from coaiapy import json_values, line_numbers, yaml_values
from coaiapy.errors import UsageError
from coaiapy.text import cut_repr

FORMATS = ("json", "jsonl", "yaml")
EMPTY = "it is empty"
_ENDINGS = {"json": "json", "jsonl": "jsonl", "ndjson": "jsonl", "yaml": "yaml", "yml": "yaml"}


class Item(NamedTuple):
    """An item of a file: its number (from 1), its line if that is known, and its value.

    For JSON Lines ``text`` is its line. ``problem`` says why the line cannot be read; there is no
    value then. ``line_of`` returns the line of an item by its number; it is ``None`` if ``line``
    is known.
    """

    number: int
    line: Optional[int]
    values: Any
    text: Optional[str] = None
    problem: Optional[str] = None
    line_of: Optional[Callable[[int], int]] = None

    @property
    def place(self) -> str:
        """The item's place for messages."""
        if self.line is not None:
            return "line {}".format(self.line)
        return "item {}".format(self.number)

    def fields(self, what: str) -> Dict[str, Any]:
        """Return the value if it is an object, else ``UsageError``; ``what`` begins its message."""
        if self.problem is not None:
            raise UsageError(self.problem)
        if not isinstance(self.values, dict):
            shown = cut_repr(self.values)
            raise UsageError("{} is an object, not {}".format(what, shown))
        return self.values


def read_items(stream: IO[bytes], name: str = "", format: Optional[str] = None) -> Iterator[Item]:
    """Return the items in ``stream``.

    Without ``format`` the extension of ``name`` or the content tells the format. Raises
    ``UsageError`` for a file that cannot be read; a bad line of JSON Lines only makes an item with
    a ``problem``.
    """
    head = _head(stream)
    format = format or _guess_format(name, head[-1])
    if format == "jsonl":
        return _json_lines(itertools.chain(head, stream))
    text = _decoded(b"".join(head) + stream.read())
    if format == "yaml":
        return _numbered(_yaml(text), lambda number: yaml_values.item_lines(text)[number - 1])
    return _numbered(_json(text), lambda number: line_numbers.in_json(text, [number - 1]))


def _head(stream: IO[bytes]) -> List[bytes]:
    """Return the lines up to the first that is not blank, without a byte-order mark."""
    first = stream.readline()
    if first.startswith(codecs.BOM_UTF8):
        first = first[len(codecs.BOM_UTF8) :]
    head = [first]
    while head[-1].isspace():
        head.append(stream.readline())
    return head


def _guess_format(name: str, first: bytes) -> str:
    """Return the format of a file by its extension, else by the first line that is not blank."""
    by_ending = _ENDINGS.get(name.rpartition(".")[2].lower())
    if by_ending and by_ending != "json":
        return by_ending
    first = first.strip()
    if first.startswith(b"{") and _is_json(first):
        return "jsonl"
    if first.startswith((b"{", b"[")):
        return "json"
    return by_ending or "yaml"


def _json_lines(stream: Iterable[bytes]) -> Iterator[Item]:
    count = 0
    for number, line in enumerate(stream, 1):
        if not line.strip():
            continue
        count += 1
        yield _line_item(count, number, line)
    if not count:
        raise UsageError(EMPTY)


def _line_item(number: int, line: int, content: bytes) -> Item:
    try:
        text = content.decode("utf-8").strip()
        return Item(number, line, json_values.parse_unique(text), text)
    except UnicodeDecodeError:
        problem = "not UTF-8 text: save the file as UTF-8"
    except json.JSONDecodeError as error:
        column = error.colno + len(content) - len(content.lstrip())
        problem = "not JSON: {} at column {}".format(error.msg, column)
    except json_values.DuplicateKeyError as error:
        problem = str(error)
    except ValueError as error:
        problem = "not JSON: {}".format(error)
    return Item(number, line, None, problem=problem)


def _numbered(parsed: Iterable[Any], line_of: Callable[[int], int]) -> Iterator[Item]:
    for number, values in enumerate(parsed, 1):
        yield Item(number, None, values, line_of=line_of)


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UsageError(
            "line {} is not UTF-8 text: save the file as UTF-8".format(line)
        ) from error


def _json(text: str) -> List[Any]:
    if not text.strip():
        raise UsageError(EMPTY)
    try:
        return _as_list(json_values.parse_unique(text))
    except json_values.DuplicateKeyError as error:
        doubled = line_numbers.doubled_key(text)
        place = "line {}: ".format(doubled.line) if doubled else ""
        raise UsageError("{}{}".format(place, error)) from error
    except ValueError as error:
        hint = " (--format jsonl expects one object per line)" if "Extra data" in str(error) else ""
        raise UsageError("this is not JSON: {}{}".format(error, hint)) from error


def _yaml(text: str) -> List[Any]:
    """Return the items of every document of a YAML text."""
    try:
        # Times stay texts: they are parsed by the rules of coaiapy/times.py.
        documents = yaml_values.load_all(text, "timestamp")
    except yaml_values.NotYamlError as error:
        place = "line {}".format(error.line) if error.line else "this"
        raise UsageError("{} is not YAML: {}".format(place, error.problem)) from error
    except ValueError as error:
        raise UsageError(
            "this YAML contains a value that cannot be stored: {}".format(error)
        ) from error
    said = [document for document in documents if document is not None]
    if not said:
        raise UsageError(EMPTY)
    return [item for document in said for item in _as_list(document)]


def _as_list(parsed: Any) -> List[Any]:
    return parsed if isinstance(parsed, list) else [parsed]


def _is_json(text: bytes) -> bool:
    try:
        json_values.parse(text.decode("utf-8"))
    except ValueError:
        return False
    return True
