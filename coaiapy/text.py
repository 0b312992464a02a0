"""Words for values in messages, and the names that Langfuse accepts."""

import re
from typing import Any

MAX_SHOWN = 60


def counted(count: int, what: str) -> str:
    """Return a count and its noun, with an "s" for the plural: ``1 trace``, ``2 traces``."""
    return "{} {}{}".format(count, what, "" if count == 1 else "s")


def kind_of(value: Any) -> str:
    """Return the name of a value's type for messages: ``text``, ``a number``, ``a list``."""
    names = {type(None): "null", bool: "a boolean", int: "a number", float: "a number"}
    names.update({str: "text", list: "a list", dict: "an object"})
    return names.get(type(value), "a " + type(value).__name__)


def described(value: Any) -> str:
    """Return the type of a foreign value for messages, with the value if it is short.

    A longer value is not cut: a secret in it could no longer be recognized, and masked.
    """
    shown = repr(value) if isinstance(value, (str, int, float)) else ""
    is_short = 0 < len(shown) <= MAX_SHOWN
    return "{} ({})".format(kind_of(value), shown) if is_short else kind_of(value)


def cut_repr(value: Any) -> str:
    """Return ``repr(value)`` for a message, cut when it is long."""
    text = repr(value)
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 3] + "..."


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
