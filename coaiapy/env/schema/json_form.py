"""A schema as JSON Schema: ``.coaia-env.schema.json``.

Of JSON Schema it has what makes sense for texts of one level; ``requiredIn`` and ``secret`` are added
to it. Other keywords are problems, not ignored: somebody relies on them. Names with ``x-`` are free.
"""

import json
from typing import Any, Dict, Iterator, List, Optional

from coaiapy.env.schema.rules import STRING, Rule, Schema
from coaiapy.errors import UsageError
from coaiapy.util import shell
from coaiapy.util.formats import json_schema, json_values, line_numbers
from coaiapy.util.formats.line_numbers import PlaceOf
from coaiapy.util.formats.problems import Problem
from coaiapy.util.text.parsing import expression

_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
_NUMBER = {"type": "number"}
_COUNT = {"type": "integer"}
_SWITCH = {"type": "boolean"}
_SCALAR = {"type": ["string", "number", "integer", "boolean"]}
_FREE: Dict[str, Any] = {}
_FORMATS = {"uri": "url", "url": "url", "email": "email", "port": "port"}
_NOTES = {"title": _TEXT, "description": _TEXT, "$comment": _TEXT, "examples": _FREE}
_ROOT = {
    "type": "object",
    "additionalProperties": False,
    "properties": dict(
        _NOTES,
        **{
            "$schema": _TEXT,
            "$id": _TEXT,
            "type": {"enum": ["object"]},
            "properties": {"type": "object"},
            "required": _TEXTS,
            "additionalProperties": _SWITCH,
        },
    ),
}
_VARIABLE = {
    "type": "object",
    "additionalProperties": False,
    "properties": dict(
        _NOTES,
        type={"enum": [STRING, "integer", "number", "boolean"]},
        format={"enum": sorted(_FORMATS)},
        enum={"type": "array", "minItems": 1, "items": _SCALAR},
        pattern=_TEXT,
        minimum=_NUMBER,
        maximum=_NUMBER,
        minLength=_COUNT,
        maxLength=_COUNT,
        default=_SCALAR,
        secret=_SWITCH,
        writeOnly=_SWITCH,
        deprecated=_SWITCH,
        requiredIn=_TEXTS,
    ),
}


def parse(text: str, path: str) -> Schema:
    """Return the schema in a JSON text, with what is wrong with it.

    Raises ``UsageError`` for a text that is no JSON object.
    """
    try:
        value = json_values.parse_unique(text)
    except ValueError as error:
        raise UsageError("{} is not JSON ({}): correct it".format(path, error)) from error
    if not isinstance(value, dict):
        raise UsageError("{} does not contain a JSON object: correct it".format(path))
    place_of = line_numbers.json_places(text)
    problems = list(_problems(value, place_of, path))
    broken = {one.line for one in problems}
    properties = value.get("properties")
    required = value.get("required")
    names = required if isinstance(required, list) else []
    rules = {}
    for name, given in properties.items() if isinstance(properties, dict) else ():
        line = place_of(("properties", name)).line
        is_right = isinstance(given, dict) and not _wrong(given) and shell.is_name(name)
        if is_right:
            rules[name] = _rule(name, given, line, name in names)
    is_closed = value.get("additionalProperties") is False
    line = place_of(("required",)).line
    for name in names if line not in broken else ():
        if name in (properties or {}):
            continue
        if shell.is_name(name) and not is_closed:
            rules[name] = _rule(name, {}, line, True)
        else:
            said = "is not among the properties" if is_closed else "cannot name a variable"
            said = "required: {} {}".format(name, said)
            problems.append(Problem(path, line, 1, "wrong-schema", said))
    return Schema(path, rules, problems, is_closed)


def _problems(value: Dict[str, Any], place_of: PlaceOf, path: str) -> Iterator[Problem]:
    own = {key: one for key, one in value.items() if not key.startswith("x-")}
    for problem in json_schema.problems(own, _ROOT):
        yield _problem(place_of, path, list(problem.path), problem.message)
    properties = value.get("properties")
    for name, given in properties.items() if isinstance(properties, dict) else ():
        place = ["properties", name]
        if not shell.is_name(name):
            yield _problem(place_of, path, place, "cannot name a variable")
        for problem in _wrong(given):
            yield _problem(place_of, path, place + list(problem.path), problem.message)
        complaint = _wrong_pattern(given.get("pattern") if isinstance(given, dict) else None)
        if complaint:
            yield _problem(place_of, path, place + ["pattern"], complaint)


def _wrong(given: Any) -> List[json_schema.Problem]:
    if isinstance(given, dict):
        given = {key: one for key, one in given.items() if not key.startswith("x-")}
    return list(json_schema.problems(given, _VARIABLE))


def _wrong_pattern(pattern: Any) -> Optional[str]:
    return pattern_complaint(pattern) if isinstance(pattern, str) else None


def pattern_complaint(pattern: str) -> Optional[str]:
    """Return why a pattern is no regular expression, ``None`` if it is one."""
    try:
        expression(json_schema.end_at_text(pattern))
    except ValueError as error:
        return str(error)
    return None


def _problem(place_of: PlaceOf, path: str, place: List[Any], said: str) -> Problem:
    name = ".".join(str(part) for part in place if part != "properties")
    line = place_of(place).line
    return Problem(path, line, 1, "wrong-schema", "{} {}".format(name or "the schema", said))


def _rule(name: str, given: Dict[str, Any], line: int, required: bool) -> Rule:
    kind = _FORMATS.get(given.get("format", ""), given.get("type", STRING))
    pattern = given.get("pattern")
    if pattern is not None and pattern_complaint(pattern):
        pattern = None
    return Rule(
        name=name,
        line=line,
        type=kind,
        enum=tuple(_as_text(one) for one in given.get("enum", ())),
        pattern=pattern,
        required=required,
        required_in=tuple(given.get("requiredIn", ())),
        secret=bool(given.get("secret") or given.get("writeOnly")),
        default=_as_text(given["default"]) if "default" in given else None,
        description=given.get("description") or given.get("title") or "",
        limits=(given.get("minimum"), given.get("maximum")),
        lengths=(given.get("minLength"), given.get("maxLength")),
    )


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
