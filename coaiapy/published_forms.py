"""Wrappers for published functions that return errors as text instead of raising them."""

import functools
from typing import Any, Callable

from coaiapy.errors import CoaiaError, UsageError
from coaiapy.published_json import parsed, to_text
from coaiapy.util.http.answers import reason_of


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
