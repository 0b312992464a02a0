"""Checks the value of a score against a score config, or only against a data type.

Servers check scores with a config only after they have accepted them, and silently drop the wrong
ones. Values are therefore checked here, before anything is sent.
"""

import re
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Tuple

from coaiapy.errors import UsageError
from coaiapy.util.formats.json_values import plain_text
from coaiapy.util.text.parsing import number, truth

NUMERIC, CATEGORICAL, BOOLEAN, TEXT = "NUMERIC", "CATEGORICAL", "BOOLEAN", "TEXT"
CORRECTION = "CORRECTION"
CONFIG_TYPES = (NUMERIC, CATEGORICAL, BOOLEAN, TEXT)
MAX_TEXT = 500
_NEARLY_NUMBER = r"[+-]?([.,]?\d[\d.,'_ ]*(e[+-]?\d+)?\s?%?|nan|inf|infinity)\Z"


class Accepted(NamedTuple):
    """A checked value, in the form for the server and in the form for Python code.

    ``sent`` is a number, 0 or 1, a category's label or a text; ``plain`` is a number, a bool, a
    category's number or a text.
    """

    sent: Any
    plain: Any


def accepted(config: Mapping[str, Any], value: Any) -> Accepted:
    """Return ``value`` if the config allows it; the ``UsageError`` says which values it allows.

    ``config`` has the fields of the API; only ``dataType`` is required.
    """
    if config.get("isArchived"):
        raise UsageError(
            '{} is archived: use another, or bring it back: coaia fuse score-configs archive "{}" '
            "--undo".format(subject(config), config.get("name"))
        )
    check = _CHECKS.get(str(config.get("dataType")))
    if check is None:
        raise UsageError(
            "{} has the data type {!r}, which this coaia does not know: upgrade it "
            "(pip install -U coaiapy)".format(subject(config), config.get("dataType"))
        )
    found = check(config, value)
    if found is None:
        raise UsageError("{} takes {}, not {!r}".format(subject(config), takes(config), value))
    return found


def validate_score_value(config: Mapping[str, Any], value: Any) -> Tuple[bool, Any, Optional[str]]:
    """Check a value; return ``(True, processed, None)`` or ``(False, None, error message)``.

    ``processed`` is a number (NUMERIC), a bool (BOOLEAN), the number of the category
    (CATEGORICAL) or a text (TEXT).
    """
    try:
        return True, accepted(config, value).plain, None
    except UsageError as error:
        return False, None, str(error)


def unconfigured(value: Any, data_type: Optional[str] = None) -> Tuple[str, Any]:
    """Return the data type and what to send for a score without a config.

    Without ``data_type`` a bool is BOOLEAN, a number (also as text) NUMERIC and any other text
    CATEGORICAL. Raises ``UsageError`` for a value of the wrong type, and, without ``data_type``,
    for a text that looks like a mistyped number.
    """
    if not data_type:
        if number(value) is None and _is_nearly_number(value):
            raise UsageError(
                "the value {!r} looks like a number but is not one (write decimals like 0.9); for a "
                "label, give the data type CATEGORICAL".format(value)
            )
        data_type = CATEGORICAL if number(value) is None else NUMERIC
        data_type = BOOLEAN if isinstance(value, bool) else data_type
    return data_type.upper(), accepted({"dataType": data_type.upper()}, value).sent


def _is_nearly_number(value: Any) -> bool:
    """Tell whether a text looks like a number but is not valid: ``0,9``, ``50%``, ``nan``."""
    return isinstance(value, str) and bool(re.match(_NEARLY_NUMBER, value.strip(), re.IGNORECASE))


def subject(config: Mapping[str, Any]) -> str:
    """Return words for a config, or for a data type without a config, for messages."""
    if config.get("name"):
        return "the score config {!r}".format(config["name"])
    return "a {} score".format(config.get("dataType"))


def takes(config: Mapping[str, Any]) -> str:
    """Return words for the values that a config allows."""
    data_type = config.get("dataType")
    if data_type == NUMERIC:
        return "a number" + _range(config.get("minValue"), config.get("maxValue"))
    if data_type == BOOLEAN:
        return "true or false (also yes/no, on/off, 1/0)"
    if data_type == TEXT:
        return "a text of 1 to {} characters".format(MAX_TEXT)
    categories = _categories(config)
    if data_type == CATEGORICAL and categories:
        labels = ["{} ({})".format(one["label"], spelled(one["value"])) for one in categories]
        return "one of " + ", ".join(labels)
    return "a text"


def _range(lowest: Any, highest: Any) -> str:
    if lowest is None and highest is None:
        return ""
    if highest is None:
        return " of at least {}".format(spelled(lowest))
    if lowest is None:
        return " of at most {}".format(spelled(highest))
    return " from {} to {}".format(spelled(lowest), spelled(highest))


def spelled(value: Any) -> str:
    """Return a number as text, whole ones without a fraction: ``10`` for ``10.0``."""
    whole = isinstance(value, float) and value.is_integer() and abs(value) < 1e15
    return str(int(value) if whole else value)


def _numeric(config: Mapping[str, Any], value: Any) -> Optional[Accepted]:
    found = number(value)
    lowest, highest = config.get("minValue"), config.get("maxValue")
    if found is None or lowest is not None and found < lowest:
        return None
    if highest is not None and found > highest:
        return None
    return Accepted(found, found)


def _boolean(config: Mapping[str, Any], value: Any) -> Optional[Accepted]:
    found = truth(value)
    return None if found is None else Accepted(int(found), found)


def _categorical(config: Mapping[str, Any], value: Any) -> Optional[Accepted]:
    categories = _categories(config)
    if not categories:
        return _text(config, value)
    for match in (_same_label, _same_folded_label, _same_number):
        found = [one for one in categories if match(one, value)]
        if len(found) == 1:
            return Accepted(found[0]["label"], found[0]["value"])
        if found:
            raise UsageError(
                "{} is ambiguous in {}: write the label as it is written there ({})".format(
                    repr(value), subject(config), ", ".join(one["label"] for one in found)
                )
            )
    return None


def _same_label(category: Mapping[str, Any], value: Any) -> bool:
    return bool(category["label"] == value)


def _same_folded_label(category: Mapping[str, Any], value: Any) -> bool:
    if not isinstance(value, str):
        return False
    return str(category["label"]).strip().casefold() == value.strip().casefold()


def _same_number(category: Mapping[str, Any], value: Any) -> bool:
    found = number(value)
    return found is not None and found == category["value"]


def _text(config: Mapping[str, Any], value: Any) -> Optional[Accepted]:
    if not isinstance(value, str) or not value:
        return None
    if config.get("dataType") == TEXT and len(value) > MAX_TEXT:
        return None
    try:
        return Accepted(plain_text(value), value)
    except ValueError as error:
        raise UsageError("the value {}".format(error)) from error


def _categories(config: Mapping[str, Any]) -> List[Any]:
    return config.get("categories") or []


_CHECKS: Dict[str, Callable[[Mapping[str, Any], Any], Optional[Accepted]]] = {
    NUMERIC: _numeric,
    CATEGORICAL: _categorical,
    BOOLEAN: _boolean,
    TEXT: _text,
    CORRECTION: _text,
}
