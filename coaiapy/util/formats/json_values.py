"""Strict JSON: no NaN or infinity, no very deep nesting, no lone surrogates.

Python's ``json`` accepts more than the standard allows. Such values would be refused by a server,
or would crash a program that prints them. JSON Lines are written so that every program splits them
into the same lines, and the many small values of a batch by an encoder that is kept: ``json`` makes a
new one in C for each value, which takes longer than encoding a small value.
"""

import json
import math
from json import encoder
from typing import Any, Callable, Dict, Iterable, Iterator, List, Tuple

from coaiapy.util.text.wording import cut_repr

# Returns the JSON text of a text.
quoted = encoder.encode_basestring
# Characters that end a line for some programs (Python's ``splitlines``, JavaScript); JSON allows
# them in texts, so that they must be escaped.
_LINE_ENDS = {
    ord(character): "\\u{:04x}".format(ord(character)) for character in "\x85\u2028\u2029"
}
# Deeper nesting is a mistake, and no indented output could show it.
MAX_DEPTH = 200
MAX_DIGITS = 300


def compact(allow_nan: bool) -> Callable[[Any], str]:
    """Return a function that returns the JSON text of a value, without spaces.

    Types that JSON lacks, such as dates, become text. Without ``allow_nan`` it raises
    ``ValueError`` for NaN and infinity.
    """
    plain = json.JSONEncoder(
        ensure_ascii=False,
        check_circular=False,
        allow_nan=allow_nan,
        separators=(",", ":"),
        default=str,
    )
    try:
        make: Any = getattr(encoder, "c_make_encoder", None)
        kept = make(None, str, quoted, None, ":", ",", False, False, allow_nan)
    except TypeError:  # this Python has none, or makes it in another way
        return plain.encode
    return lambda value: "".join(kept(value, 0))


def json_lines(values: Iterable[Any]) -> str:
    """Return values as JSON, one on each line; lone surrogates, which servers send, are escaped."""
    return "".join(json_line(value) + "\n" for value in values)


def json_line(value: Any) -> str:
    """Return one value as JSON on one line, without a line end."""
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(value)
    return text.translate(_LINE_ENDS)


def text_or_json(value: Any) -> str:
    """Return a text as it is, and any other value as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


class NotJsonError(json.JSONDecodeError):
    """A text is no JSON. Its sentence says where by line and column, and not once more."""

    def __str__(self) -> str:
        return "{}: line {} column {}".format(self.msg, self.lineno, self.colno)


class DuplicateKeyError(ValueError):
    """An object of a JSON text has a key twice."""


def parse(text: str) -> Any:
    """Return the value of a JSON text; ``ValueError`` says what is wrong with it."""
    return _decoded(_DECODER, text)


def parse_unique(text: str) -> Any:
    """Return what ``parse`` returns; ``DuplicateKeyError`` if an object has a key twice.

    For what users write: one of the values would be lost silently.
    """
    return _decoded(_UNIQUE_DECODER, text)


def _decoded(decoder: json.JSONDecoder, text: str) -> Any:
    try:
        return decoder.decode(text)
    except json.JSONDecodeError as error:
        raise NotJsonError(error.msg, error.doc, error.pos) from None
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def is_surely_plain(text: str) -> bool:
    """Tell whether ``plain`` need not check the value of a JSON text. This is a quick test.

    A lone surrogate can only come from an escape, and deep nesting needs many brackets.
    """
    is_shallow = text.count("[") + text.count("{") <= MAX_DEPTH
    return is_shallow and "\\ud" not in text and "\\uD" not in text


def plain(value: Any) -> Any:
    """Return a copy of ``value`` as it is after writing and reading it as JSON.

    Types that JSON lacks, such as dates, become text. Raises ``ValueError`` for a value that
    cannot be stored or sent.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return plain_text(value)
    try:
        text = _ENCODER.encode(value)
    except RecursionError as error:
        raise ValueError("is nested too deeply") from error
    except TypeError as error:
        raise ValueError("cannot be JSON: {}".format(error)) from error
    if text.count("[") + text.count("{") > MAX_DEPTH:
        check_depth(value)
    return parse(plain_text(text))


def plain_text(text: str) -> str:
    """Return ``text``; ``ValueError`` if it holds a lone surrogate (half a character)."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ValueError(
            "contains an incomplete character ({!r} at position {}): remove it".format(
                text[error.start], error.start
            )
        ) from error
    return text


def check_depth(value: Any) -> None:
    """Raise ``ValueError`` for a value that is nested deeper than ``MAX_DEPTH`` levels."""
    level: List[Any] = [[value]]
    for _ in range(MAX_DEPTH + 1):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, (dict, list, tuple))
        ]
        if not level:
            return
    raise ValueError("is nested deeper than {} levels".format(MAX_DEPTH))


def inexact_numbers(value: Any) -> Iterator[int]:
    """Yield the whole numbers in a value that a program whose numbers are floats would round.

    Those are numbers above 2^53, in JavaScript for instance, and so on servers of Langfuse.
    """
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for inner in value:
            for number in inexact_numbers(inner):
                yield number
    elif type(value) is int and value != _as_float(value):
        yield value


def _as_float(number: int) -> int:
    """Return a whole number as it is after it was a float; it has at most ``MAX_DIGITS`` digits."""
    return int(float(number))


def rounded(value: Any) -> Any:
    """Return a value with its ``inexact_numbers`` rounded."""
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [rounded(inner) for inner in value]
    return _as_float(value) if type(value) is int else value


def _refuse_constant(name: str) -> Any:
    raise ValueError("{} is not a number in JSON".format(name))


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError("the number {} is too large".format(text[:40]))
    return value


def _bounded(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError("a number has more than {} digits".format(MAX_DIGITS))
    return int(text)


def _unique(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise DuplicateKeyError("the key {} occurs twice: keep one".format(cut_repr(twice)))
    return found


_DECODER = json.JSONDecoder(
    parse_constant=_refuse_constant, parse_float=_finite, parse_int=_bounded
)


_UNIQUE_DECODER = json.JSONDecoder(
    parse_constant=_refuse_constant,
    parse_float=_finite,
    parse_int=_bounded,
    object_pairs_hook=_unique,
)


# It writes NaN and infinity, which _DECODER then refuses with a clear message.
_ENCODER = json.JSONEncoder(ensure_ascii=False, default=str)
