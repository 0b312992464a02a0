"""JSON text, as published functions take and return it, and errors as text instead of raised."""

import functools
import json
from typing import Any, Callable, Dict, List

from coaiapy.errors import CoaiaError, UsageError
from coaiapy.util.formats import json_values
from coaiapy.util.http.answers import reason_of


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


def for_people(form: Callable[..., str]) -> Callable[..., str]:
    """Decorate a function that formats JSON text, so that it does not raise.

    For the JSON of an error it returns ``Error: ...``; for JSON that it cannot format,
    ``Error formatting ...`` with the JSON itself.
    """

    @functools.wraps(form)
    def formatted(*args: Any, **named: Any) -> str:
        shown = args[0] if args else next(iter(named.values()), None)
        try:
            value = parsed(shown)
            if _is_error(value):
                return "Error: {}".format(reason_of(value))
            return form(*args, **named)
        except (AttributeError, KeyError, TypeError, ValueError, UsageError) as error:
            raw = shown if isinstance(shown, str) else to_text(shown)
            return "Error formatting this ({!r})\nRaw JSON:\n{}".format(error, raw)

    return formatted


def or_error(ask: Callable[[], Any]) -> str:
    """Return what ``ask`` returns as JSON text, or ``{"error": ...}`` when it fails."""
    try:
        return to_text(ask())
    except CoaiaError as error:
        return to_text({"error": str(error)})


def _is_error(value: Any) -> bool:
    """Tell whether a value is a failure: an object with ``error`` and without data."""
    return isinstance(value, dict) and bool(value.get("error")) and not {"id", "data"} & set(value)
