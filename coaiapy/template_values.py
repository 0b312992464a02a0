"""The types of template variables, and the conversion of texts from the command line to them."""

import json
from typing import Any, Callable, Dict, List

from coaiapy.util import text as texts
from coaiapy.util.text import cut_repr, kind_of


def convert(value: Any, type_name: str) -> Any:
    """Return ``value`` converted to the declared type of a variable.

    A text is parsed (``3``, ``yes``, ``a,b``, ``{"k": 1}``) unless the type is ``string``; any
    other value must have the type already. Raises ``ValueError`` with "must be ...".
    """
    if isinstance(value, str) or type_name == "integer":
        return _READERS[type_name](value)
    if _is_of_type(value, type_name):
        return list(value) if isinstance(value, tuple) else value
    raise ValueError("must be {}, not {}".format(_ARTICLES[type_name], cut_repr(value)))


def _is_of_type(value: Any, type_name: str) -> bool:
    if type_name == "number":
        return texts.number(value) is not None
    types = {"string": str, "boolean": bool, "list": (list, tuple), "object": dict}
    return isinstance(value, types[type_name])  # type: ignore[arg-type]


def _string(text: str) -> str:
    return text


def _number(text: str) -> Any:
    number = texts.number(text)
    if number is None:
        raise ValueError("must be a number, not {}".format(cut_repr(text)))
    return number


def _integer(value: Any) -> int:
    """Return a whole number, which may be written in any form of numbers, such as ``1e3``."""
    number = texts.number(value)
    if number is None or number != int(number):
        raise ValueError("must be a whole number, not {}".format(cut_repr(value)))
    return int(number)


def _boolean(text: str) -> bool:
    truth = texts.truth(text)
    if truth is None:
        raise ValueError("must be true or false, not {}".format(cut_repr(text)))
    return truth


def _list(text: str) -> List[Any]:
    if text.lstrip().startswith("["):
        return _json(text, list, "a JSON list or words with commas between them")
    return [word.strip() for word in text.split(",")] if text.strip() else []


def _object(text: str) -> Dict[str, Any]:
    return _json(text, dict, "a JSON object")


def _json(text: str, type_wanted: type, description: str) -> Any:
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except ValueError as error:
        raise ValueError("must be {}: {}".format(description, error)) from error
    if not isinstance(value, type_wanted):
        raise ValueError("must be {}, not {}".format(description, kind_of(value)))
    return value


def _refuse_constant(name: str) -> Any:
    raise ValueError("{} is not a JSON number".format(name))


_READERS: Dict[str, Callable[[str], Any]] = {
    "string": _string,
    "number": _number,
    "integer": _integer,
    "boolean": _boolean,
    "list": _list,
    "object": _object,
}

_ARTICLES = {
    "string": "text",
    "number": "a number",
    "boolean": "true or false",
    "list": "a list",
    "object": "an object",
}
