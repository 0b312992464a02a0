"""Finds the line and column of a key or item in the text of a JSON or YAML document."""

import json
import re
from bisect import bisect_right
from typing import (
    Any,
    Callable,
    Dict,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
    Union,
)

from coaiapy.util.packages import require

Path = Sequence[Union[str, int]]

_BLANK = re.compile(r"\s*")
_TEXT_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"|[][{}]', re.DOTALL)
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[][{},:]|[^][{},:"\s]+', re.DOTALL)
_read_value = json.JSONDecoder(strict=False).raw_decode


class Place(NamedTuple):
    """A line and a column, counted from 1, in characters."""

    line: int
    column: int


PlaceOf = Callable[[Path], Place]


def json_places(text: str) -> PlaceOf:
    """Return what tells the place of the key or item at a path in a valid JSON text.

    What does not exist is where the object or list is that lacks it.
    """
    starts = [found.end() for found in re.finditer(r"\A|\n", text)]
    top = _json_part(text)

    def place_of(path: Path) -> Place:
        offset, part = top.offset, top
        for key in path:
            inside = (part.inside or {}).get(key)
            if inside is None:
                break
            offset, part = inside
        line = bisect_right(starts, offset)
        return Place(line, offset - starts[line - 1] + 1)

    return place_of


class _Part:
    """A value of a JSON text: its offset, and for what is inside the offset of its key or item."""

    def __init__(self, offset: int) -> None:
        self.offset = offset
        self.inside: Optional[Dict[Any, Tuple[int, Any]]] = None
        self.key: Optional[Tuple[Any, int]] = None
        self.is_object = False

    def add(self, part: "_Part") -> None:
        """Put a value where it belongs."""
        self.inside = self.inside if self.inside is not None else {}
        key, offset = self.key or (len(self.inside), part.offset)
        self.inside[key] = offset, part
        self.key = None


def _json_part(text: str) -> _Part:
    top = _Part(0)
    opened = [top]
    for found in _TOKEN.finditer(text):
        token, offset = found.group(), found.start()
        last = opened[-1]
        if token in "]}":
            opened.pop()
        elif token[0] == '"' and last.is_object and last.key is None:
            last.key = _read_value(token)[0], offset
        elif token not in ",:":
            part = _Part(offset)
            last.add(part)
            if token in "[{":
                part.is_object = token == "{"
                opened.append(part)
    return top.inside[0][1] if top.inside else top


def in_json(text: str, path: Path) -> int:
    """Return the line, counted from 1, of the key or item at ``path`` in valid JSON."""
    return json_places(text)(path).line


class JsonKey(NamedTuple):
    """A key of a JSON text, its line, and its column.

    ``owner`` is the number of the object it is in; objects and lists are counted from 1 in the
    order of their opening brackets.
    """

    owner: int
    key: str
    line: int
    column: int


def json_keys(text: str) -> Iterator[JsonKey]:
    """Yield every key of a valid JSON text, in the order of the text."""
    owners: List[int] = []
    opened, line, counted = 0, 1, 0
    for found in _TEXT_OR_BRACKET.finditer(text):
        if found.group() in "{[":
            opened += 1
            owners.append(opened)
        elif found.group() in "}]":
            owners.pop()
        elif text.startswith(":", _next(text, found.end())):
            line += text.count("\n", counted, found.start())
            counted = found.start()
            column = found.start() - text.rfind("\n", 0, found.start())
            yield JsonKey(owners[-1], _read_value(found.group())[0], line, column)


def doubled_key(text: str) -> Optional[JsonKey]:
    """Return the first duplicate key in an object of a valid JSON text, or ``None``."""
    seen = set()
    for found in json_keys(text):
        if (found.owner, found.key) in seen:
            return found
        seen.add((found.owner, found.key))
    return None


def _next(text: str, at: int) -> int:
    """Return the offset of the next character that is not white space."""
    match = _BLANK.match(text, at)
    return match.end() if match else at


def yaml_places(text: str) -> PlaceOf:
    """Return the same for a YAML text with one document that can be read."""
    yaml = require("yaml", "PyYAML")
    top = yaml.compose(text, Loader=yaml.SafeLoader)
    return (lambda path: _yaml_place(top, path)) if top else lambda path: Place(1, 1)


def _yaml_place(node: Any, path: Path) -> Place:
    mark = node.start_mark
    for part in path:
        if not isinstance(node.value, list):
            break
        if isinstance(part, int):
            if not 0 <= part < len(node.value) or isinstance(node.value[part], tuple):
                break
            node = node.value[part]
            mark = node.start_mark
            continue
        for key, value in node.value:
            if key.value == part:
                mark, node = key.start_mark, value
                break
        else:
            break
    return Place(mark.line + 1, mark.column + 1)
