"""JSON text, as published functions take and return it."""

import json
from typing import Any, Dict, List

from coaiapy.errors import UsageError
from coaiapy.util.formats import json_values


def to_text(value: Any) -> str:
    """Return a value as indented JSON text."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def parsed(value: Any) -> Any:
    """Return the value of a JSON text; a value of another type is returned unchanged.

    ``UsageError`` for a text that is not JSON.
    """
    if not isinstance(value, str):
        return value
    try:
        return json_values.parse(value)
    except ValueError as error:
        shown = value if len(value) <= 40 else value[:40] + "..."
        raise UsageError("{!r} is not JSON: {}".format(shown, error)) from error


def rows(value: Any) -> List[Dict[str, Any]]:
    """Return the objects in a list or in a response's ``data``; ``UsageError`` otherwise."""
    found = parsed(value)
    if isinstance(found, dict):
        found = found.get("data") or []
    try:
        listed = list(found)
    except TypeError:
        raise UsageError("{!r} is not a list".format(found)) from None
    for row in listed:
        if not isinstance(row, dict):
            raise UsageError("{!r} in the list is not an object".format(row))
    return listed
