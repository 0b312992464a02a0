"""Limits on what a template may make, since a template may come from somebody hostile.

Expressions can multiply, repeat and join values and so use up all memory. The size of a result is
therefore estimated before the operation is carried out.
"""

import functools
import json
from typing import Any, Callable, Iterable, List, Sequence

MAX_SIZE = 10000000
MAX_ITEMS = 10000
MAX_LOOPS = 100000
# The most work that one template may do. A unit takes about 10 ns: handling one character of an
# operation's arguments, as ``size_of`` counts. The costs below are in these units.
MAX_WORK = 75000000
OPERATION = 150
# Of each part of an expression, every time that it is evaluated.
NODE = 10
# Of compiling a text, and of each character of the expressions in it.
TEXT = 25000
CHARACTER = 1500
# How much longer filters and methods take than operators do for the same arguments.
FILTER = 12
METHOD = 6
# Characters that are copied at once, as for a repeated text, in the time of a unit.
COPIED = 100
_MAX_BITS = 4096
_MAX_PRECISION = 100
# The size that every value counts for at least: even a digit takes memory and time.
_VALUE = 20


class TooMuch(Exception):
    """A template would make a value that is too large, or take too long."""


def size_of(value: Any) -> int:
    """Return about how many characters ``value`` has; ``TooMuch`` for more than ``MAX_SIZE``."""
    size = 0
    waiting = [value]
    while waiting:
        current = waiting.pop()
        size += _VALUE
        if isinstance(current, (str, bytes)):
            size += len(current)
        elif isinstance(current, (list, tuple, set, frozenset)):
            check_size(size + len(current))
            waiting.extend(current)
        elif isinstance(current, dict):
            check_size(size + len(current))
            waiting.extend(current.keys())
            waiting.extend(current.values())
        elif isinstance(current, range):
            size += len(current)
        elif isinstance(current, int):
            size += current.bit_length() // 3
        check_size(size)
    return size


def check_size(size: int) -> None:
    """Raise ``TooMuch`` if ``size`` is more than ``MAX_SIZE``."""
    if size > MAX_SIZE:
        raise TooMuch("this would make more than {} characters".format(MAX_SIZE))


def search_cost(text: Any, wanted: Any) -> int:
    """Return what it costs to look for one text in another; old Pythons compare each place."""
    if isinstance(text, str) and isinstance(wanted, str):
        return len(text) * len(wanted) // 4
    return 0


def check_operation(operator: str, left: Any, right: Any) -> int:
    """Return what the result costs beside the values; ``TooMuch`` if it would be too large."""
    if operator == "%" and isinstance(left, (str, bytes)):
        raise TooMuch("text cannot be formatted with %: use the filters round and join")
    if operator == "+":
        check_size(size_of(left) + size_of(right))
    elif operator == "*":
        return _check_product(left, right) // COPIED
    elif operator == "**" and isinstance(left, int) and isinstance(right, int):
        _check_bits(left.bit_length() * abs(right))
    return 0


def _check_product(left: Any, right: Any) -> int:
    """Return the size of a product that is a text or a list, 0 for others."""
    size = 0
    for value, times in ((left, right), (right, left)):
        if isinstance(value, (str, bytes, list, tuple)) and isinstance(times, int):
            one = len(value) if isinstance(value, (str, bytes)) else size_of(value)
            size = one * max(times, 0)
            check_size(size)
    if isinstance(left, int) and isinstance(right, int):
        _check_bits(left.bit_length() + right.bit_length())
    return size


def _check_bits(bits: int) -> None:
    if bits > _MAX_BITS:
        raise TooMuch("this number would have more than {} bits".format(_MAX_BITS))


def bounded_range(*numbers: Any) -> Sequence[int]:
    """Return a ``range`` for templates: at most ``MAX_ITEMS`` numbers; 1e3 counts as whole."""
    made = range(*[_whole(number) for number in numbers])
    if made[MAX_ITEMS : MAX_ITEMS + 1]:
        raise TooMuch("range() may give at most {} numbers".format(MAX_ITEMS))
    return made


def _whole(number: Any) -> int:
    if isinstance(number, float) and number.is_integer():
        return int(number)
    if not isinstance(number, int):
        raise TypeError("range() needs whole numbers, not {}".format(number))
    return number


def join(items: Iterable[Any], separator: Any = "", attribute: Any = None) -> str:
    """Return the texts of ``items``, or of one field of each, joined with ``separator``."""
    texts = []
    size = 0
    for item in items:
        text = shown(item if attribute is None else item[attribute])
        size += len(text) + len(shown(separator))
        check_size(size)
        texts.append(text)
    return shown(separator).join(texts)


def replace(text: Any, old: Any, new: Any, count: int = -1) -> str:
    """Return ``text`` with ``old`` replaced by ``new``, ``count`` times or everywhere."""
    whole, before, after = shown(text), shown(old), shown(new)
    check_size(len(whole) + whole.count(before) * len(after))
    return whole.replace(before, after, -1 if count is None else count)


class _Added:
    """Lists that are added up: each is appended to ``items``, where ``+`` would copy them all."""

    def __init__(self, start: List[Any]) -> None:
        self.items = list(start)

    def __add__(self, other: Any) -> "_Added":
        if not isinstance(other, list):
            raise TypeError("only lists can be added to a list, not {}".format(shown(other)))
        check_size(_VALUE * (len(self.items) + len(other)))
        self.items.extend(other)
        return self


def summing(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return Jinja2's filter ``sum``, which takes no longer for lists than for numbers."""

    @functools.wraps(function)
    def summed(environment: Any, items: Any, attribute: Any = None, start: Any = 0) -> Any:
        if not isinstance(start, list):
            return function(environment, items, attribute, start)
        return function(environment, items, attribute, _Added(start)).items

    return summed


def charging(
    function: Callable[..., Any], charge: Callable[[int], None], cost: Callable[[Any], int], at: int
) -> Callable[..., Any]:
    """Return a filter that also charges ``cost`` of its argument number ``at``."""

    @functools.wraps(function)
    def charged(*args: Any, **kwargs: Any) -> Any:
        given = list(args)
        if hasattr(given[at], "__next__"):
            given[at] = list(given[at])
        charge(cost(given[at]))
        return function(*given, **kwargs)

    return charged


def items_cost(items: Any) -> int:
    """Return what a filter costs that handles each item by itself, also each letter of a text."""
    return FILTER * _VALUE * len(items) if hasattr(items, "__len__") else 0


def _apart_cost(items: Any) -> int:
    """Return what large numbers cost a set: all that differ by 2**61-1 have the same hash."""
    large = [one for one in items if isinstance(one, int) and one.bit_length() > 60]
    return len(large) ** 2 + items_cost(items)


def _digits_cost(value: Any) -> int:
    """Return what it costs to read a number: old Pythons take the square of its digits."""
    return len(value) ** 2 // 500 if isinstance(value, str) else 0


def _tags_cost(value: Any) -> int:
    """Return what tags and comments without an end cost, which are looked for up to the end."""
    text = str(value)
    tail, comment = text[text.rfind(">") + 1 :], text[text.rfind("-->") + 1 :]
    return tail.count("<") * len(tail) + comment.count("<!--") * len(comment)


# The filters that may take much longer than their arguments are large, and the argument that counts.
SLOW = (
    ("unique", _apart_cost, 1),
    ("int", _digits_cost, 0),
    ("striptags", _tags_cost, 0),
    ("join", items_cost, 0),
    ("map", items_cost, 1),
    ("max", items_cost, 1),
    ("min", items_cost, 1),
    ("reject", items_cost, 1),
    ("rejectattr", items_cost, 1),
    ("select", items_cost, 1),
    ("selectattr", items_cost, 1),
    ("sort", items_cost, 1),
)


def round_number(number: Any, precision: int = 0) -> Any:
    """Return a number rounded to ``precision`` digits after the point; 0 gives an ``int``."""
    if abs(precision) > _MAX_PRECISION:
        raise TooMuch("round() takes a precision of at most {}".format(_MAX_PRECISION))
    return round(number, precision) if precision else int(round(number))


def to_json(value: Any) -> str:
    """Return ``value`` as JSON text."""
    size_of(value)
    return json.dumps(value, ensure_ascii=False)


def shown(value: Any) -> str:
    """Return ``value`` as a template writes it into a text; null is an empty text."""
    size_of(value)
    return "" if value is None else str(value)
