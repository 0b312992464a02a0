"""Kinds of JSON values, to say in a table what a value from outside must look like.

A kind is a function that returns the value if it fits, and raises ``ValueError`` with a few words
about what does not ("a prompt 'x' whose version is a list"). Kinds are made of other kinds.
"""

import math
from typing import Any, Callable, List, Mapping, Optional

from coaiapy.util.text.wording import MAX_SHOWN, described, kind_of

Kind = Callable[[Any], Any]


class MisfitError(ValueError):
    """A record does not fit; the text names the record and says what is wrong with it."""


_LARGEST_WHOLE = 2**63
# What tells one record from the others in a message.
_NAMES = ("id", "mediaId", "name")


def text(value: Any) -> str:
    """Accept a text."""
    return _checked(value, isinstance(value, str))


def name(value: Any) -> str:
    """Accept a text that is not empty."""
    if value == "":
        raise ValueError("empty")
    return text(value)


def flag(value: Any) -> bool:
    """Accept a boolean."""
    return _checked(value, isinstance(value, bool))


def number(value: Any) -> Any:
    """Accept a finite number, which a boolean is not."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return _checked(value, is_number and math.isfinite(value))


def whole(value: Any) -> int:
    """Accept a whole number of 64 bits."""
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return _checked(value, is_whole and abs(value) < _LARGEST_WHOLE)


def mapping(value: Any) -> Mapping[str, Any]:
    """Accept an object with any fields."""
    return _checked(value, isinstance(value, dict))


def maybe(kind: Kind) -> Kind:
    """Return a kind that also accepts null, and a field that is missing."""
    return lambda value: None if value is None else kind(value)


def either(*kinds: Kind) -> Kind:
    """Return a kind that accepts what the first or another of ``kinds`` accepts."""

    def fit(value: Any) -> Any:
        for kind in kinds[:-1]:
            try:
                return kind(value)
            except ValueError:
                pass
        return kinds[-1](value)

    return fit


def each(kind: Kind) -> Kind:
    """Return a kind for a list of which every element fits ``kind``."""
    return lambda value: [kind(one) for one in _checked(value, isinstance(value, list))]


def some(kind: Kind) -> Kind:
    """Return a kind for a list that is not empty, of which every element fits ``kind``."""

    def fit(value: Any) -> List[Any]:
        if value == []:
            raise ValueError("empty")
        found: List[Any] = each(kind)(value)
        return found

    return fit


def those(kind: Kind) -> Kind:
    """Return a kind for a list; elements that do not fit ``kind`` are left out."""
    return lambda value: [
        found for one in _checked(value, isinstance(value, list)) for found in _fitted(kind, one)
    ]


def record(
    what: str, needed: Mapping[str, Kind], known: Optional[Mapping[str, Kind]] = None
) -> Kind:
    """Return a kind for an object; ``what`` names it in messages ("a prompt").

    Each field in ``needed`` must fit its kind. A field in ``known`` that does not fit is left out.
    Other fields are not looked at.
    """
    optional = dict(known or {})

    def fit(value: Any) -> Any:
        if not isinstance(value, dict):
            raise MisfitError("{} instead of {}".format(kind_of(value), what))
        fitted = dict(value)
        for field, kind in needed.items():
            found = _needed(what, value, field, kind)
            if field in value:
                fitted[field] = found
        for field in optional.keys() & value.keys():
            del fitted[field]
            fitted.update((field, found) for found in _fitted(optional[field], value[field]))
        return fitted

    return fit


def _needed(what: str, value: Mapping[str, Any], field: str, kind: Kind) -> Any:
    try:
        return kind(value.get(field))
    except MisfitError:
        raise
    except ValueError as error:
        said = "whose {} is {}".format(field, error) if field in value else "without " + field
        raise MisfitError("{} {}".format(_described(what, value, field), said)) from None


def _described(what: str, value: Mapping[str, Any], field: str) -> str:
    names = (value.get(key) for key in _NAMES if key != field)
    shown = (repr(one) for one in names if isinstance(one, str))
    return next(("{} {}".format(what, one) for one in shown if len(one) <= MAX_SHOWN), what)


def _fitted(kind: Kind, value: Any) -> List[Any]:
    """Return a list with the fitted value, an empty one if it does not fit."""
    try:
        return [kind(value)]
    except ValueError:
        return []


def _checked(value: Any, fits: bool) -> Any:
    if not fits:
        raise ValueError(described(value))
    return value
