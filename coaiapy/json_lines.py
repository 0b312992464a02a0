"""JSON Lines that every reader splits where they were joined."""

import json
from typing import Any, Iterable

# Line ends to some readers (Python's ``splitlines``, JavaScript), though not to JSON.
_LINE_ENDS = {
    ord(character): "\\u{:04x}".format(ord(character)) for character in "\x85\u2028\u2029"
}


def json_lines(values: Iterable[Any]) -> str:
    """Return values as JSON, one a line; half characters, as servers may send, are escaped."""
    return "".join(json_line(value) + "\n" for value in values)


def json_line(value: Any) -> str:
    """Return one value as JSON, without the end of its line."""
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(value)
    return text.translate(_LINE_ENDS)
