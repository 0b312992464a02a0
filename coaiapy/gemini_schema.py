"""Converts the JSON Schema of a tool's parameters to the subset that Gemini supports.

Gemini refuses a whole file for one keyword that it does not know. Such keywords are left out, which
makes the description of the tool less strict but valid.
"""

import re
from typing import Any, Callable, Collection, Dict

from coaiapy.langfuse.records.fields import Body

_TYPES = ("string", "number", "integer", "boolean", "array", "object", "null")
_REFERENCE = re.compile(r"#/(?:\$defs|definitions)/(.+)\Z")


def parameters(schema: Any) -> Body:
    """Return Gemini's schema for a JSON Schema of an object; ``{}`` if that has no properties."""
    if not isinstance(schema, dict) or not schema.get("properties"):
        return {}
    found = schema.get("$defs", schema.get("definitions"))
    definitions = found if isinstance(found, dict) else {}
    made = _schema(schema, definitions)
    if definitions:
        made["defs"] = {name: _schema(one, definitions) for name, one in definitions.items()}
    return made


def _schema(schema: Any, definitions: Collection[str]) -> Body:
    """Return the supported part of a schema; ``{}``, which allows anything, for ``true``."""
    given = _with_gemini_keywords(schema, definitions) if isinstance(schema, dict) else {}
    made = {word: given[word] for word, fits in _VALUES.items() if fits(given.get(word))}
    if isinstance(given.get("items"), dict):
        made["items"] = _schema(given["items"], definitions)
    if isinstance(given.get("anyOf"), list) and given["anyOf"]:
        made["anyOf"] = [_schema(one, definitions) for one in given["anyOf"]]
    if isinstance(given.get("properties"), dict):
        inner = given["properties"].items()
        made["properties"] = {name: _schema(one, definitions) for name, one in inner}
    return made


def _with_gemini_keywords(schema: Body, definitions: Collection[str]) -> Body:
    given = dict(schema)
    if "const" in given:
        given["enum"] = [given["const"]]
    if "oneOf" in given:
        given.setdefault("anyOf", given["oneOf"])
    if isinstance(given.get("type"), list):
        given.update(_one_type(given["type"]))
    named = _REFERENCE.match(str(given.get("$ref")))
    given["ref"] = "#/defs/" + named.group(1) if named and named.group(1) in definitions else None
    return given


def _one_type(types: Any) -> Body:
    """Return a list of types as Gemini has it: one type, or ``anyOf``, and ``nullable``."""
    others = [one for one in types if one != "null"]
    made: Body = {"nullable": True} if "null" in types else {}
    if len(others) == 1:
        return dict(made, type=others[0])
    return dict(made, type=None, anyOf=[{"type": one} for one in others])


def _is(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: type(value) in kinds


def _is_type(value: Any) -> bool:
    return isinstance(value, str) and value.lower() in _TYPES


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


# Gemini's keywords with a check of the value. Those whose values are schemas are in ``_schema``.
_VALUES: Dict[str, Callable[[Any], bool]] = {
    word: fits
    for words, fits in (
        ("type", _is_type),
        ("title description format pattern ref", _is(str)),
        ("minimum maximum", _is(int, float)),
        ("minItems maxItems minLength maxLength minProperties maxProperties", _is(int)),
        ("enum required propertyOrdering", _are_texts),
        ("nullable", _is(bool)),
        ("default example", lambda value: value is not None),
    )
    for word in words.split()
}
