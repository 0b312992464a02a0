"""In which line of its text a part of a JSON or YAML document stands."""

import json
import re
from typing import Any, Sequence, Union

Path = Sequence[Union[str, int]]

_BLANK = re.compile(r"\s*")
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
