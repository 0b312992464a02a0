"""Patterns for stash keys with the rules of Redis: ``*``, ``?``, ``[a-z]``, ``[^a]``, ``\\*``.

They match bytes, so that a letter outside ASCII needs as many ``?`` as it has bytes in UTF-8. What
they find is listed without its value.
"""

import re
from typing import List, NamedTuple, Optional, Pattern, Set, Tuple

_SPECIAL = "*?[\\"


class Entry(NamedTuple):
    """One key of the stash: ``size`` in bytes, ``ttl`` in seconds or ``None`` without a limit."""

    key: str
    size: int
    ttl: Optional[int]


def is_pattern(text: str) -> bool:
    """Tell whether ``text`` may match more than one key."""
    return any(mark in text for mark in _SPECIAL)


def compiled(pattern: str) -> Pattern[bytes]:
    """Return ``pattern`` as a regular expression for keys in UTF-8."""
    text = pattern.encode("utf-8")
    parts: List[bytes] = []
    at = 0
    while at < len(text):
        part, at = _part(text, at)
        parts.append(part)
    return re.compile(b"(?s)" + b"".join(parts) + rb"\Z")


def _part(text: bytes, at: int) -> Tuple[bytes, int]:
    mark = text[at : at + 1]
    if mark == b"*":
        return b".*", at + 1
    if mark == b"?":
        return b".", at + 1
    if mark == b"[":
        return _class(text, at + 1)
    if mark == b"\\" and at + 1 < len(text):
        return re.escape(text[at + 1 : at + 2]), at + 2
    return re.escape(mark), at + 1


def _class(text: bytes, at: int) -> Tuple[bytes, int]:
    """Return the regular expression for a set such as ``[a-z]``, and the offset after it.

    A set without a ``]`` ends with the pattern. Each byte is listed as an escape, so that nothing
    is special to ``re``.
    """
    negated = text[at : at + 1] == b"^"
    at += negated
    members: Set[int] = set()
    while at < len(text) and text[at : at + 1] != b"]":
        first, last, at = _members(text, at)
        members.update(range(first, last + 1))
    chosen = set(range(256)) - members if negated else members
    spelled = b"".join(b"\\x%02x" % byte for byte in sorted(chosen))
    return (b"[" + spelled + b"]" if spelled else b"(?!)"), at + 1


def _members(text: bytes, at: int) -> Tuple[int, int, int]:
    if text[at : at + 1] == b"\\" and at + 1 < len(text):
        return text[at + 1], text[at + 1], at + 2
    if text[at + 1 : at + 2] == b"-" and at + 2 < len(text):
        first, last = sorted((text[at], text[at + 2]))
        return first, last, at + 3
    return text[at], text[at], at + 1
