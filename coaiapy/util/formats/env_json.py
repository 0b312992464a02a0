"""Environment files that are a JSON object of texts."""

import json
from typing import Any, Dict, List, Tuple

from coaiapy.errors import StateError
from coaiapy.util.files import check_utf8
from coaiapy.util.formats import line_numbers


def parse(text: str, path: str) -> List[Tuple[str, str, int]]:
    """Return (key, value, line) for each variable of the object in ``text``.

    Numbers and booleans become texts as they are written in JSON. Raises ``StateError`` for other
    values, for a duplicate key and for a text that is not a JSON object.
    """
    check_utf8(text, path)
    try:
        found = json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except ValueError as error:
        line, what = getattr(error, "lineno", 1), getattr(error, "msg", str(error))
        raise StateError(
            "{} is not valid JSON at line {} ({}): correct it, or remove the file".format(
                path, line, what
            )
        ) from error
    except RecursionError as error:
        raise StateError("{} is nested too deeply for an environment".format(path)) from error
    if not isinstance(found, dict):
        raise StateError(
            "{} line 1: the JSON of an environment must be an object, such as "
            '{{"NAME": "value"}}, not a list'.format(path)
        )
    lines = _lines(text, path)
    return [
        (key, _text(key, value, "{} line {}".format(path, lines[key])), lines[key])
        for key, value in found.items()
    ]


def _lines(text: str, path: str) -> Dict[str, int]:
    lines: Dict[str, int] = {}
    for owner, key, line, _ in line_numbers.json_keys(text):
        if owner == 1 and key in lines:
            raise StateError(
                "{} line {}: {!r} occurs twice, first in line {}: remove one of them".format(
                    path, line, key, lines[key]
                )
            )
        if owner == 1:
            lines[key] = line
    return lines


def render(variables: Dict[str, str], text: str = "") -> str:
    """Return ``variables`` as an indented object; the previous ``text`` is not used."""
    return json.dumps(variables, indent=2, ensure_ascii=False) + "\n"


def _text(key: str, value: Any, place: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    kind = {dict: "an object", list: "a list"}.get(type(value), "null")  # type: ignore
    raise StateError("{}: {} must be a text or a number, not {}".format(place, key, kind))
