"""Cron expressions: what ``0 6 * * 1-5`` means, checked before a scheduler ignores it."""

import re
from typing import FrozenSet, List, NamedTuple, Set

from coaiapy.errors import UsageError

_MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split()
_DAYS = "SUN MON TUE WED THU FRI SAT".split()
_LONGEST_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_MACROS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_ITEM = re.compile(r"(\*|(\w+)(?:-(\w+))?)(?:/(\d+))?\Z")


class _Kind(NamedTuple):
    """One of the five fields."""

    name: str
    least: int
    most: int
    names: List[str]


_KINDS = (
    _Kind("minute", 0, 59, []),
    _Kind("hour", 0, 23, []),
    _Kind("day of the month", 1, 31, []),
    _Kind("month", 1, 12, _MONTHS),
    _Kind("day of the week", 0, 7, _DAYS),
)


class Field(NamedTuple):
    """The values of a field; ``is_open`` says that it begins with a star.

    ``text`` is what every scheduler understands: 0 is Sunday, names of days are numbers.
    """

    text: str
    values: FrozenSet[int]
    is_open: bool


class Cron(NamedTuple):
    """The five fields of an expression. Without a star in both, one of the two days is enough."""

    minute: Field
    hour: Field
    day: Field
    month: Field
    weekday: Field

    @property
    def text(self) -> str:
        """The expression, without names and macros."""
        return " ".join(field.text for field in self)

    @property
    def either_day(self) -> bool:
        """Whether the day of the month or the day of the week is enough."""
        return not self.day.is_open and not self.weekday.is_open


def parse(expression: str) -> Cron:
    """Return what a cron expression says; ``UsageError`` if it is wrong or never comes true."""
    words = _MACROS.get(expression.strip().lower(), expression).split()
    if len(words) != len(_KINDS):
        raise _wrong(
            expression,
            "it needs five fields: minute, hour, day of the month, month, day of the week",
        )
    cron = Cron(*[_field(word, kind, expression) for word, kind in zip(words, _KINDS)])
    lengths = (_LONGEST_MONTHS[month - 1] for month in cron.month.values)
    if not cron.either_day and min(cron.day.values) > max(lengths):
        raise _wrong(expression, "no month of it has such a day")
    return cron


def _wrong(expression: str, why: str) -> UsageError:
    return UsageError("--cron {!r} is no cron expression: {}".format(expression, why))


def _field(word: str, kind: _Kind, expression: str) -> Field:
    values: Set[int] = set()
    for item in word.split(","):
        found = _ITEM.match(item)
        if not found:
            raise _wrong(expression, "{!r} is no {}".format(item, kind.name))
        star, first, last, step = found.groups()
        if star == "*":
            start, end = kind.least, min(kind.most, 6) if kind.names is _DAYS else kind.most
        else:
            start = _number(first, kind, expression)
            end = _number(last, kind, expression) if last else start
        if step and not (last or star == "*"):
            raise _wrong(expression, "{!r}: a step needs a range or *".format(item))
        if end < start or step and not 0 < int(step) <= kind.most:
            raise _wrong(expression, "{!r} is no range of a {}".format(item, kind.name))
        values.update(range(start, end + 1, int(step or 1)))
    if kind.names is _DAYS:
        values = {value % 7 for value in values}
    plain = re.match(r"[\d*,/-]+\Z", word) and not (kind.names is _DAYS and "7" in word)
    text = word if plain else ",".join(map(str, sorted(values)))
    return Field(text, frozenset(values), word.startswith("*"))


def _number(word: str, kind: _Kind, expression: str) -> int:
    name = word.upper()
    number = kind.names.index(name) + (kind.least) if name in kind.names else -1
    if number < 0 and re.match(r"\d{1,4}\Z", word):
        number = int(word)
    if not kind.least <= number <= kind.most:
        said = "{!r} is no {} ({} to {})".format(word, kind.name, kind.least, kind.most)
        raise _wrong(expression, said)
    return number
