"""What a template document may contain; every problem is told with the field it is in."""

import keyword
import math
import re
from typing import Any, Callable, Dict, Iterator, List, Mapping, Tuple

from coaiapy.errors import StateError
from coaiapy.record_fields import LEVELS, OBSERVATION_TYPES
from coaiapy.suggest import did_you_mean
from coaiapy.template_values import TYPES, convert, kind_of

Document = Dict[str, Any]
Fields = Mapping[str, Tuple[type, ...]]

_DATA = (str, int, float, bool, list, dict)

TEMPLATE_FIELDS: Fields = {
    "name": (str,),
    "version": (str, int, float),
    "description": (str,),
    "author": (str,),
    "created_at": (str,),
    "extends": (str,),
    "metadata": (dict,),
    "trace": (dict,),
    "variables": (list,),
    "steps": (list,),
}

TRACE_FIELDS: Fields = {
    "name": (str,),
    "input": _DATA,
    "output": _DATA,
    "metadata": (dict,),
    "tags": (list, str),
    "environment": (str,),
    "release": (str,),
    "version": (str,),
}

VARIABLE_FIELDS: Fields = {
    "name": (str,),
    "type": (str,),
    "required": (bool,),
    "default": _DATA,
    "description": (str,),
    "choices": (list,),
    "aliases": (list,),
    "remove": (bool,),
}

STEP_FIELDS: Fields = {
    "name": (str,),
    "observation_type": (str,),
    "description": (str,),
    "parent": (str,),
    "conditional": (str, bool),
    "for_each": (str, list),
    "level": (str,),
    "status_message": (str,),
    "model": (str,),
    "model_parameters": (dict, str),
    "usage": (dict, str),
    "input": _DATA,
    "output": _DATA,
    "metadata": (dict,),
    "variables": (dict,),
    "remove": (bool,),
}

# Names that mean something else inside an expression.
LOOP_NAMES = ("item", "index", "number")
FUNCTION_NAMES = ("range", "uuid4", "now", "timestamp")
_WORDS = ("true", "false", "none", "loop", "self")
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")

_MAX_DEPTH = 50
_MAX_VALUES = 100000
_MAX_TOLD = 10


def has_expression(value: Any) -> bool:
    """Tell whether ``value`` is a text that the template language has to read."""
    return isinstance(value, str) and any(mark in value for mark in ("{{", "{%", "{#"))


def checked_document(document: Any, source: str) -> Document:
    """Return the template document with lists of variables and steps, be they empty.

    Raises ``StateError`` that begins with ``source`` (the file) and lists every problem.
    """
    problems = list(_problems(document))
    if problems:
        more = len(problems) - _MAX_TOLD
        told = problems[:_MAX_TOLD] + (["{} more".format(more)] if more > 0 else [])
        raise StateError("{}: {}".format(source, "; ".join(told)))
    clean = without_nulls(document)
    clean["variables"] = [dict(entry) for entry in clean.get("variables", [])]
    clean["steps"] = [_lifted(entry) for entry in clean.get("steps", [])]
    return clean


def without_nulls(mapping: Document) -> Document:
    """Return the fields that have a value; null says that there is none."""
    return {key: value for key, value in mapping.items() if value is not None}


def _lifted(step: Document) -> Document:
    """Earlier releases kept a step's input and output among its ``variables``."""
    lifted = dict(step)
    variables = dict(step.get("variables") or {})
    for field in ("input", "output"):
        if field in variables:
            lifted[field] = variables.pop(field)
    if "variables" in step:
        lifted["variables"] = variables
    return lifted


def _problems(document: Any) -> Iterator[str]:
    if not isinstance(document, dict):
        yield "a template must be an object, not {}".format(kind_of(document))
        return
    unsound = list(_unsound_data(document))
    if unsound:
        yield unsound[0]
        return
    yield from _field_problems(document, TEMPLATE_FIELDS, "")
    trace = document.get("trace")
    yield from _field_problems(trace if isinstance(trace, dict) else {}, TRACE_FIELDS, "trace.")
    yield from _group_problems(document.get("variables"), "variables", _variable_problems)
    yield from _group_problems(document.get("steps"), "steps", _step_problems)
    yield from _alias_problems(document.get("variables"))


def _group_problems(
    entries: Any, group: str, check: Callable[[Document, str], Iterator[str]]
) -> Iterator[str]:
    yield from _entry_problems(entries if isinstance(entries, list) else [], group)
    for where, entry in _entries(entries, group):
        yield from check(entry, where)


def _unsound_data(document: Document) -> Iterator[str]:
    """What JSON cannot say; and documents that grow without end through YAML's aliases."""
    count = 0
    stack: List[Tuple[Any, str, int]] = [(document, "", 0)]
    while stack:
        value, where, depth = stack.pop()
        count += 1
        if depth > _MAX_DEPTH or count > _MAX_VALUES:
            yield "{}: nested too deep or too large".format(where)
            return
        if isinstance(value, dict):
            for key in value:
                if not isinstance(key, str):
                    yield "{}: the key {!r} must be text: put it in quotes".format(where, key)
            stack.extend((item, _path(where, key), depth + 1) for key, item in value.items())
        elif isinstance(value, list):
            stack.extend(
                (item, "{}[{}]".format(where, i), depth + 1) for i, item in enumerate(value)
            )
        elif isinstance(value, float) and not math.isfinite(value):
            yield "{}: {} is no JSON number".format(where, value)
        elif not (value is None or isinstance(value, (str, int, float))):
            yield "{}: {} is no JSON value: put it in quotes".format(where, kind_of(value))


def _path(where: str, key: Any) -> str:
    return "{}.{}".format(where, key) if where else str(key)


def _field_problems(mapping: Document, fields: Fields, where: str) -> Iterator[str]:
    for key, value in mapping.items():
        if key not in fields:
            yield "{}{}: no such field{}".format(where, key, did_you_mean(key, fields))
        elif value is not None and type(value) not in fields[key]:
            wanted = " or ".join(_TYPE_NAMES[wanted] for wanted in fields[key])
            yield "{}{}: must be {}, not {}".format(where, key, wanted, kind_of(value))


_TYPE_NAMES = {
    str: "text",
    int: "a number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "an object",
}


def _entries(entries: Any, group: str) -> Iterator[Tuple[str, Document]]:
    """The entries of ``variables`` or ``steps`` that can be looked into, with their place."""
    for i, entry in enumerate(entries if isinstance(entries, list) else []):
        if isinstance(entry, dict) and isinstance(entry.get("name"), str):
            yield "{}[{}] {!r}: ".format(group, i, entry["name"]), entry


def _entry_problems(entries: List[Any], group: str) -> Iterator[str]:
    seen = set()
    for i, entry in enumerate(entries):
        where = "{}[{}]".format(group, i)
        if not isinstance(entry, dict):
            yield "{}: must be an object, not {}".format(where, kind_of(entry))
        elif not (isinstance(entry.get("name"), str) and entry["name"].strip()):
            yield "{}.name: must be a text that is not empty".format(where)
        elif entry["name"] in seen:
            yield "{}.name: {!r} is there twice".format(where, entry["name"])
        else:
            seen.add(entry["name"])


def _alias_problems(variables: Any) -> Iterator[str]:
    """An alias is a name as well: no two variables can have the same."""
    entries = list(_entries(variables, "variables"))
    taken = {entry["name"] for _, entry in entries}
    for where, entry in entries:
        aliases = entry.get("aliases")
        for alias in aliases if isinstance(aliases, list) else []:
            if isinstance(alias, str) and alias in taken:
                yield "{}aliases: {!r} is there twice".format(where, alias)
            taken.add(str(alias))


def _variable_problems(variable: Document, where: str) -> Iterator[str]:
    wrong = list(_field_problems(variable, VARIABLE_FIELDS, where))
    wrong.extend(_name_problems(variable, where))
    type_name = variable.get("type") or "string"
    if isinstance(type_name, str) and type_name not in TYPES:
        wrong.append("{}type: {!r} is none of {}".format(where, type_name, ", ".join(TYPES)))
    yield from wrong or _value_problems(variable, type_name, where)


def _name_problems(variable: Document, where: str) -> Iterator[str]:
    aliases = variable.get("aliases") or []
    for name in [variable["name"]] + (aliases if isinstance(aliases, list) else []):
        if not (isinstance(name, str) and _IDENTIFIER.match(name)) or keyword.iskeyword(name):
            yield "{}{!r} must be a name of letters, digits and _".format(where, name)
        elif name in LOOP_NAMES + FUNCTION_NAMES + _WORDS:
            yield "{}{!r} has a meaning of its own: choose another name".format(where, name)


def _value_problems(variable: Document, type_name: str, where: str) -> Iterator[str]:
    choices = variable.get("choices")
    default = variable.get("default")
    if choices is not None and not choices:
        yield "{}choices: must not be empty".format(where)
    # A child template may state the default alone and leave the type to its base.
    if "type" not in variable or default is None or has_expression(default):
        return
    try:
        problem = choice_problem(convert(default, type_name), choices)
    except ValueError as error:
        problem = str(error)
    if problem:
        yield "{}default: {}".format(where, problem)


def choice_problem(value: Any, choices: Any) -> str:
    """Return what is wrong with ``value`` if ``choices`` limit it (each item of a list), or ""."""
    for item in value if isinstance(value, list) else [value]:
        if choices and item not in choices:
            return "must be one of {}, not {!r}".format(", ".join(map(str, choices)), item)
    return ""


def _step_problems(step: Document, where: str) -> Iterator[str]:
    yield from _field_problems(step, STEP_FIELDS, where)
    for field, known in (("observation_type", OBSERVATION_TYPES), ("level", LEVELS)):
        value = step.get(field)
        is_open = field == "level" and has_expression(value)
        if isinstance(value, str) and not is_open and value.upper() not in known:
            yield "{}{}: {!r} is none of {}".format(where, field, value, ", ".join(known))
    variables = step.get("variables")
    for field in ("input", "output"):
        if isinstance(variables, dict) and field in variables and step.get(field) is not None:
            yield "{0}{1}: is there twice, also as variables.{1}".format(where, field)
