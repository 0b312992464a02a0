"""Words for people: values in messages, hints for misspelled names, control characters, plurals."""

import re
from typing import Any, Iterable, Optional, Sequence

# Control characters, and characters that change the writing direction. ``re`` compiles a pattern when
# it is first used; most commands that write to a pipe never use these.
_CONTROL = r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]"
_CONTROL_EXCEPT_LINES = r"(?!\r?\n|\t)" + _CONTROL
MAX_SHOWN = 60


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return " (did you mean 'x'?)" for the known word most like ``word``, or an empty text."""
    near = nearest(word, known)
    return "" if near is None else " (did you mean {!r}?)".format(near)


def nearest(word: str, known: Iterable[str]) -> Optional[str]:
    """Return the known word most like ``word``, or ``None``.

    First the known word with the closest spelling is taken. If none is close, a known word that
    contains ``word`` as one of its parts is taken (``type`` suggests ``observation_type``), unless
    several do. Case and the leading dashes of options are ignored.
    """
    import difflib

    names = {_plain(name): name for name in sorted(known)}
    wanted = _plain(word)
    near = difflib.get_close_matches(wanted, names, 1)
    if not near:
        near = [name for name in names if wanted and wanted in name.replace("-", "_").split("_")]
    return names[near[0]] if len(near) == 1 else None


def _plain(word: str) -> str:
    return word.lstrip("-").lower()


def one_line(text: str) -> str:
    """Return ``text`` with line breaks and other control characters as escapes."""
    return re.sub(_CONTROL, _escape, text)


def visible(text: str) -> str:
    """Return ``text`` with control characters as escapes, except line breaks and tabs."""
    return re.sub(_CONTROL_EXCEPT_LINES, _escape, text)


def _escape(match: Any) -> str:
    return str(match.group().encode("unicode_escape").decode("ascii"))


def counted(count: int, what: str) -> str:
    """Return a count and its noun, with an "s" for the plural: ``1 trace``, ``2 traces``."""
    return "{} {}{}".format(count, what, "" if count == 1 else "s")


def listed(texts: Sequence[str], most: int) -> str:
    """Return the first ``most`` texts, and how many more there are: "a, b and 3 more"."""
    more = len(texts) - most
    return ", ".join(texts[:most]) + (" and {} more".format(more) if more > 0 else "")


def share(count: int, total: int, what: str) -> str:
    """Return how many of all, with the verb: ``1 of 6 traces is``, ``2 of 6 traces are``."""
    return "{} of {} {}".format(count, counted(total, what), "is" if count == 1 else "are")


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
