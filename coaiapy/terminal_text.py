"""Escapes control characters in texts from outside before a terminal shows them.

A trace's name or a server's error may contain sequences that move the cursor, set the window's
title or change the writing direction.
"""

import re
from typing import Any

# Control characters, and characters that change the writing direction. ``re`` compiles a pattern when
# it is first used; most commands that write to a pipe never use these.
_CONTROL = r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]"
_CONTROL_EXCEPT_LINES = r"(?!\r?\n|\t)" + _CONTROL


def one_line(text: str) -> str:
    """Return ``text`` with line breaks and other control characters as escapes."""
    return re.sub(_CONTROL, _escape, text)


def visible(text: str) -> str:
    """Return ``text`` with control characters as escapes, except line breaks and tabs."""
    return re.sub(_CONTROL_EXCEPT_LINES, _escape, text)


def _escape(match: Any) -> str:
    return str(match.group().encode("unicode_escape").decode("ascii"))
