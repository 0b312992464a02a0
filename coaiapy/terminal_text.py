"""Text from elsewhere as a terminal may show it: what could steer it stands there as an escape.

A trace's name or a server's error may hold the sequences that move the cursor, set the window's
title or turn the direction of writing.
"""

import re
from typing import Any

# Control characters, and those that turn the direction of writing.
_STEERING = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_STEERING_BUT_LINES = re.compile(r"(?!\r?\n|\t)" + _STEERING.pattern)


def one_line(text: str) -> str:
    """Return ``text`` with line breaks and whatever else steers a terminal as escapes."""
    return _STEERING.sub(_escape, text)


def visible(text: str) -> str:
    """Return ``text`` with whatever steers a terminal as escapes; lines and tabs stay."""
    return _STEERING_BUT_LINES.sub(_escape, text)


def _escape(match: Any) -> str:
    return str(match.group().encode("unicode_escape").decode("ascii"))
