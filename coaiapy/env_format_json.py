"""An environment as a JSON object of texts."""

import json
from typing import Any, Dict, List, Tuple

from coaiapy.errors import StateError


def parse(text: str, path: str) -> List[Tuple[str, str, str]]:
    """Return (key, value, place in ``path``) of each variable of the object in ``text``.

    Numbers and booleans keep their JSON spelling. Raises ``StateError`` for anything else.
    """
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
    return [(key, _text(key, value, path), path) for key, value in found.items()]


def render(variables: Dict[str, str], text: str = "") -> str:
    """Return ``variables`` as an indented object; nothing of the former ``text`` is kept."""
    return json.dumps(variables, indent=2, ensure_ascii=False) + "\n"


def _text(key: str, value: Any, path: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    kind = {dict: "an object", list: "a list"}.get(type(value), "null")  # type: ignore
    raise StateError("{}: {} must be a text or a number, not {}".format(path, key, kind))
