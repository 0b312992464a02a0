"""Texts for people: values in messages, hints for misspelled names, control characters, notes.

Also what people write as texts: numbers and yes or no, front matter, names of environments.
"""

import math
import re
from contextlib import contextmanager
from typing import Any, Callable, Iterable, Iterator, NamedTuple, Optional, Sequence, Set

FENCE = "---\n"
_FENCE = r"---[ \t]*(?:\n|\Z)"
# The next line of dashes after the opening one closes the front matter, which may be empty.
_FRONT = r"(?s)({0})((?:.*?\n)??)({0})(.*)\Z".format(_FENCE)
Note = Callable[[str], None]
_TRUE = ("true", "yes", "on")
_FALSE = ("false", "no", "off")
# Not compiled here: nearly every command imports this module, and few read a number from a text.
_WHOLE = r"[+-]?[0-9]+\Z"
_NUMBER = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\Z"
_MAX_DIGITS = 400
# Used instead of ``str.isdigit``, which accepts digits that ``int`` does not, such as superscripts.
_PLAIN_DIGITS = r"[0-9]{1,18}\Z"
# Control characters, and characters that change the writing direction. ``re`` compiles a pattern when
# it is first used; most commands that write to a pipe never use these.
_CONTROL = r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]"
_CONTROL_EXCEPT_LINES = r"(?!\r?\n|\t)" + _CONTROL
MAX_SHOWN = 60


class FrontMatter(NamedTuple):
    """The parts of a text: both fences, what is between them, and the rest. Joined they are it."""

    opening: str
    heading: str
    closing: str
    content: str


def front_matter(text: str) -> Optional[FrontMatter]:
    """Return the parts of a text with Unix line ends, or ``None`` if it has no front matter."""
    found = re.match(_FRONT, text)
    return FrontMatter(*found.groups()) if found else None


def begins_front_matter(text: str) -> bool:
    """Tell whether the first line is a fence, even if there is no second one."""
    return text.split("\n", 1)[0].rstrip() + "\n" == FENCE


def ignore_note(sentence: str) -> None:
    """Ignore a note: the default of ``note``, for callers that do not want them."""


_listener: Note = ignore_note


_told: Set[str] = set()


@contextmanager
def heard_by(note: Note) -> Iterator[None]:
    """Have ``note`` called for each sentence of ``tell`` in the block, once for each."""
    global _listener
    before, _listener = _listener, note
    _told.clear()
    try:
        yield
    finally:
        _listener = before


def tell(sentence: str) -> None:
    """Say something that every command has to say, and that no caller expects.

    Without a listener, as in a script, nobody hears it.
    """
    if sentence not in _told:
        _told.add(sentence)
        _listener(sentence)


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


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return " (did you mean 'x'?)" for the known word most like ``word``, or an empty text.

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
    return " (did you mean {!r}?)".format(names[near[0]]) if len(near) == 1 else ""


def _plain(word: str) -> str:
    return word.lstrip("-").lower()


def is_utf8(text: str) -> bool:
    """Tell whether a text can be written as UTF-8: it has no half of an emoji, and no odd bytes."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


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
