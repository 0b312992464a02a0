"""In which line of its text a part of a JSON or YAML document stands."""

import json
import re
from typing import Any, Iterator, List, NamedTuple, Optional, Sequence, Union

Path = Sequence[Union[str, int]]

_BLANK = re.compile(r"\s*")
_TEXT_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"|[][{}]', re.DOTALL)
_read_value = json.JSONDecoder(strict=False).raw_decode


def in_json(text: str, path: Path) -> int:
    """Return the line, from 1, of the key or item that ``path`` leads to in valid JSON.

    What is not there is where it would have to be: in the object or list that lacks it.
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
    """A key of a JSON text, its line, and which object it is in: the outermost is 1."""

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
    """Return the first key of a valid JSON text that its object has before, if there is one."""
    seen = set()
    for found in json_keys(text):
        if (found.owner, found.key) in seen:
            return found
        seen.add((found.owner, found.key))
    return None


def _inside(text: str, at: int, part: Union[str, int]) -> int:
    """Where the key or the item ``part`` begins in the object or list at ``at``; -1 without it."""
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
    """Where the next character that is not blank stands."""
    match = _BLANK.match(text, at)
    return match.end() if match else at


def in_yaml(node: Any, path: Path) -> int:
    """Return the line, from 1, of what ``path`` leads to below a node of a YAML document."""
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
