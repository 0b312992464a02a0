"""A validator for the subset of JSON Schema (draft 7) that the schemas of this package use.

Unlike a library it needs no installation, and its messages are in the style of coaia's errors. The
schemas have the keywords ``errorMessage`` and ``patternErrorMessage``, which editors show when a
``not`` or a ``pattern`` fails; here they are the part of a message after the value. A ``$`` at the
end of a pattern matches only at the end of the text, as in JavaScript; in Python a line break may
follow.
"""

import re
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Tuple, Union

from coaiapy.util.text.wording import cut_repr, did_you_mean, kind_of

Schema = Dict[str, Any]
Path = Tuple[Union[str, int], ...]


# The Python types of each JSON Schema type, and its name in messages.
_TYPES: Dict[str, Tuple[Tuple[type, ...], str]] = {
    "string": ((str,), "text"),
    "number": ((int, float), "a number"),
    "integer": ((int,), "a whole number"),
    "boolean": ((bool,), "true or false"),
    "array": ((list,), "a list"),
    "object": ((dict,), "an object"),
    "null": ((type(None),), "null"),
}


class Problem(NamedTuple):
    """A value that breaks the schema: the keys and indexes that lead to it, and what is wrong."""

    path: Path
    message: str


def problems(value: Any, schema: Schema) -> Iterator[Problem]:
    """Yield every problem of ``value``, which is JSON data, with ``schema``."""
    yield from _problems(value, schema, (), schema)


def _problems(value: Any, schema: Schema, path: Path, root: Schema) -> Iterator[Problem]:
    if "$ref" in schema:
        schema = root["definitions"][schema["$ref"].rpartition("/")[2]]
    types = _listed(schema.get("type", list(_TYPES)))
    if not any(type(value) in _TYPES[name][0] for name in types):
        wanted = " or ".join(_TYPES[name][1] for name in types if name != "null")
        yield Problem(path, "must be {}, not {}".format(wanted, kind_of(value)))
        return
    for keyword in schema:
        if keyword in CHECKS:
            yield from CHECKS[keyword](value, schema, path, root)


def _listed(value: Any) -> List[str]:
    return value if isinstance(value, list) else [value]


def _enum(value: Any, schema: Schema, path: Path, root: Schema) -> Iterator[Problem]:
    if value not in schema["enum"]:
        known = ", ".join(str(word) for word in schema["enum"] if word is not None)
        yield Problem(path, "{} is not one of {}".format(cut_repr(value), known))


def _pattern(value: Any, schema: Schema, path: Path, root: Schema) -> Iterator[Problem]:
    if isinstance(value, str) and not re.search(end_at_text(schema["pattern"]), value):
        message = schema.get("patternErrorMessage") or "does not match " + schema["pattern"]
        yield Problem(path, "{} {}".format(cut_repr(value), message))


def end_at_text(pattern: str) -> str:
    """Return a pattern of JSON Schema as one of Python, for ``re.search``."""
    return pattern[:-1] + r"\Z" if pattern.endswith("$") else pattern


def _min_items(value: Any, schema: Schema, path: Path, root: Schema) -> Iterator[Problem]:
    if isinstance(value, list) and len(value) < schema["minItems"]:
        yield Problem(path, "must have {} or more items".format(schema["minItems"]))


def _items(value: Any, schema: Schema, path: Path, root: Schema) -> Iterator[Problem]:
    for i, item in enumerate(value if isinstance(value, list) else []):
        yield from _problems(item, schema["items"], path + (i,), root)


def _required(value: Any, schema: Schema, path: Path, root: Schema) -> Iterator[Problem]:
    for key in schema["required"]:
        if isinstance(value, dict) and key not in value:
            yield Problem(path + (key,), "is missing")


def _properties(value: Any, schema: Schema, path: Path, root: Schema) -> Iterator[Problem]:
    for key, item in value.items() if isinstance(value, dict) else ():
        if key in schema["properties"]:
            yield from _problems(item, schema["properties"][key], path + (key,), root)


def _additional(value: Any, schema: Schema, path: Path, root: Schema) -> Iterator[Problem]:
    known = schema["properties"]
    for key in value if isinstance(value, dict) and not schema["additionalProperties"] else ():
        if key not in known:
            yield Problem(path + (key,), "no such field" + did_you_mean(key, known))


def _any_of(value: Any, schema: Schema, path: Path, root: Schema) -> Iterator[Problem]:
    """Check that one alternative matches; if none does, yield the problems of the first one."""
    found = []
    for possibility in schema["anyOf"]:
        found.append(list(_problems(value, possibility, path, root)))
        if not found[-1]:
            return
    yield from found[0]


def _not(value: Any, schema: Schema, path: Path, root: Schema) -> Iterator[Problem]:
    if not any(_problems(value, schema["not"], path, root)):
        message = schema.get("errorMessage") or "is not allowed"
        yield Problem(path, "{} {}".format(cut_repr(value), message))


Check = Callable[[Any, Schema, Path, Schema], Iterator[Problem]]

# The supported keywords, except ``type`` and ``$ref``; any other has no effect.
CHECKS: Dict[str, Check] = {
    "enum": _enum,
    "pattern": _pattern,
    "minItems": _min_items,
    "items": _items,
    "required": _required,
    "properties": _properties,
    "additionalProperties": _additional,
    "anyOf": _any_of,
    "not": _not,
}
