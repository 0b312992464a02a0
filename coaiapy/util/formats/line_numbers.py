"""Finds the line of a key or item in the text of a JSON or YAML document."""

import json
import re
from typing import Any, Iterator, List, NamedTuple, Optional, Sequence, Union

Path = Sequence[Union[str, int]]

_BLANK = re.compile(r"\s*")
_TEXT_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"|[][{}]', re.DOTALL)
_read_value = json.JSONDecoder(strict=False).raw_decode


def in_json(text: str, path: Path) -> int:
    """Return the line, counted from 1, of the key or item at ``path`` in valid JSON.

    If it does not exist, that is the line of the object or list that lacks it.
    """
    place = at = _next(text, 0)
    for part in path:
        found = _inside(text, at, part)
        if found < 0:
            break
        place = at = found
        if isinstance(part, str):
            at = _next(text, _next(text, _read_value(text, at)[1]) + 1)
    return text.count("\n", 0, place) + 1


class JsonKey(NamedTuple):
    """A key of a JSON text and its line.

    ``owner`` is the number of the object it is in; objects and lists are counted from 1 in the
    order of their opening brackets.
    """

    owner: int
    key: str
    line: int


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
            yield JsonKey(owners[-1], _read_value(found.group())[0], line)


def doubled_key(text: str) -> Optional[JsonKey]:
    """Return the first duplicate key in an object of a valid JSON text, or ``None``."""
    seen = set()
    for found in json_keys(text):
        if (found.owner, found.key) in seen:
            return found
        seen.add((found.owner, found.key))
    return None


def _inside(text: str, at: int, part: Union[str, int]) -> int:
    """Return the offset of the key or item ``part`` in the object or list at ``at``, or -1."""
    is_object = text[at] == "{"
    at = _next(text, at + 1)
    position = 0
    while text[at] not in "]}":
        begin = at
        key: Any = position
        if is_object:
            key, at = _read_value(text, at)
            at = _next(text, _next(text, at) + 1)
        if key == part:
            return begin
        at = _next(text, _read_value(text, at)[1])
        if text[at] == ",":
            at = _next(text, at + 1)
        position += 1
    return -1


def _next(text: str, at: int) -> int:
    """Return the offset of the next character that is not white space."""
    match = _BLANK.match(text, at)
    return match.end() if match else at


def in_yaml(node: Any, path: Path) -> int:
    """Return the line, counted from 1, of the key or item at ``path`` below a YAML node."""
    line = node.start_mark.line
    for part in path:
        if isinstance(part, int):
            node = node.value[part]
            line = node.start_mark.line
            continue
        for key, value in node.value if isinstance(node.value, list) else ():
            if key.value == part:
                line, node = key.start_mark.line, value
                break
        else:
            break
    return int(line) + 1
