"""Writes JSON Lines that every program splits into the same lines."""

import json
from typing import Any, Iterable

# Characters that end a line for some programs (Python's ``splitlines``, JavaScript); JSON allows
# them in texts, so that they must be escaped.
_LINE_ENDS = {
    ord(character): "\\u{:04x}".format(ord(character)) for character in "\x85\u2028\u2029"
}


def json_lines(values: Iterable[Any]) -> str:
    """Return values as JSON, one on each line; lone surrogates, which servers send, are escaped."""
    return "".join(json_line(value) + "\n" for value in values)


def json_line(value: Any) -> str:
    """Return one value as JSON on one line, without a line end."""
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(value)
    return text.translate(_LINE_ENDS)
