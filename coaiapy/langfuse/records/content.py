"""What of a text is recorded: all of it, or its size where content is kept out of traces."""

from typing import Any, Mapping


def content(value: Any, with_content: bool) -> Any:
    """Return ``value``, or only its number of characters if content is kept out of traces."""
    if value is None or with_content:
        return value
    return {"characters": _characters(value)}


def _characters(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Mapping):
        return sum(_characters(part) for part in value.values())
    if isinstance(value, (list, tuple)):
        return sum(_characters(part) for part in value)
    return 0
