"""What people write as text: numbers, yes or no, regular expressions, names of environments."""

import math
import re
from typing import Any, Optional

_TRUE = ("true", "yes", "on")
_FALSE = ("false", "no", "off")
# Not compiled here: nearly every command imports this module, and few read a number from a text.
_WHOLE = r"[+-]?[0-9]+\Z"
_NUMBER = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\Z"
_MAX_DIGITS = 400
# Used instead of ``str.isdigit``, which accepts digits that ``int`` does not, such as superscripts.
_PLAIN_DIGITS = r"[0-9]{1,18}\Z"


def truth(value: Any) -> Optional[bool]:
    """Return the bool that a bool, 0, 1 or a word like ``yes`` stands for; else ``None``.

    0 and 1 may have a fraction, as a column of bools with gaps gets in tables: ``1.0``.
    """
    word = value.strip().lower() if isinstance(value, str) else ""
    if word in _TRUE + _FALSE:
        return word in _TRUE
    found = value if isinstance(value, bool) else number(value)
    return bool(found) if found in (0, 1) else None


def whole_number(text: str) -> Optional[int]:
    """Return ``text`` as a number if it is 1 to 18 plain digits, else ``None``."""
    return int(text) if re.match(_PLAIN_DIGITS, text) else None


def number(value: Any) -> Any:
    """Return a finite number, given as such or as text, as ``int`` or ``float``; else ``None``."""
    if isinstance(value, str):
        text = value.strip()
        if not re.match(_NUMBER, text) or len(text) > _MAX_DIGITS:
            return None
        value = int(text) if re.match(_WHOLE, text) else float(text)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return value if math.isfinite(value) else None
    except OverflowError:
        return None


def expression(text: str) -> Any:
    """Return a regular expression that people have written, compiled; ``ValueError`` if it is none."""
    from coaiapy.util.packages import without_warnings  # few commands take an expression

    try:
        with without_warnings():
            return re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError("is no regular expression: {}".format(error)) from error


def is_utf8(text: str) -> bool:
    """Tell whether a text can be written as UTF-8: it has no half of an emoji, and no odd bytes."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def environment_name(text: str) -> str:
    """Return the name of an environment; ``ValueError`` for one that servers do not allow.

    They would silently replace it by ``default``.
    """
    if not re.match(r"(?!langfuse)[a-z0-9_-]{1,40}\Z", text):
        raise ValueError(
            "{!r} is not a name that Langfuse accepts: use up to 40 of a-z, 0-9, - and _, "
            "not beginning with langfuse".format(text)
        )
    return text
