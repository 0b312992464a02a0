"""Numbers, and yes or no, as people write them: in settings, template variables and scores.

Other modules read words or digits that mean something else, so they do not use these functions.
The answer to a question (``coaiapy/cli_input.py``) may be ``y``, and everything that is not yes
means no. Numbers in JSON (``coaiapy/json_values.py``) follow the grammar of JSON, and a point in
time (``coaiapy/times.py``) has digits that stand for a date.
"""

import math
import re
from typing import Any, Optional

_TRUE = ("true", "1", "yes", "on")
_FALSE = ("false", "0", "no", "off")
# Not compiled here: nearly every command imports this, and few read a number from a text.
_WHOLE = r"[+-]?[0-9]+\Z"
_NUMBER = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\Z"
_MAX_DIGITS = 400
# ``str.isdigit`` takes more than ``int`` can read, such as a superscript two.
_PLAIN_DIGITS = r"[0-9]{1,18}\Z"


def truth(value: Any) -> Optional[bool]:
    """Return what a bool, the number 0 or 1 or a word like ``yes`` says; else ``None``."""
    if isinstance(value, (bool, int, float)):
        return bool(value) if value in (0, 1) else None
    word = value.strip().lower() if isinstance(value, str) else ""
    return word in _TRUE if word in _TRUE + _FALSE else None


def whole_number(text: str) -> Optional[int]:
    """Return the number that ``text`` is; ``None`` for anything but at most 18 plain digits."""
    return int(text) if re.match(_PLAIN_DIGITS, text) else None


def number(value: Any) -> Any:
    """Return the finite ``int`` or ``float`` that ``value`` is or spells, else ``None``."""
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
