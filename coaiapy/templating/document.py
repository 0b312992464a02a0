"""Checks a template document; every problem is reported with its field and line.

``template.schema.json`` defines the fields and their values; editors use it too. What a JSON Schema
cannot express is checked here, and texts from the command line are converted to the types of
variables.
"""

import functools
import itertools
import json
import math
import os
import re
from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping, Optional, Tuple

from coaiapy.errors import UsageError
from coaiapy.util import files
from coaiapy.util.formats import json_schema
from coaiapy.util.text import parsing
from coaiapy.util.text.wording import cut_repr, kind_of

Document = Dict[str, Any]
# Returns the line of the part of a document at a path, as text: "line 3".
LineOf = Callable[[json_schema.Path], str]
_MAX_DEPTH = 50
_MAX_VALUES = 100000
_MAX_TOLD = 10
# The types of variables that may have a minimum and a maximum. Without a type (None) it is the type
# in the base template.
_NUMBERS = ("number", "integer", None)
# The parts of a text that have to be compiled; the rest is copied.
TAGS = re.compile(r"\{[{%#].*?(?:[}%#]\}|\Z)", re.DOTALL)
_ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
# How the output of a command can be read.
OUTPUTS = ("text", "json", "lines", "none")


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
        return parsing.number(value) is not None
    types = {"string": str, "boolean": bool, "list": (list, tuple), "object": dict}
    return isinstance(value, types[type_name])  # type: ignore[arg-type]


def _string(text: str) -> str:
    return text


def _number(text: str) -> Any:
    number = parsing.number(text)
    if number is None:
        raise ValueError("must be a number, not {}".format(cut_repr(text)))
    return number


def _integer(value: Any) -> int:
    """Return a whole number, which may be written in any form of numbers, such as ``1e3``."""
    number = parsing.number(value)
    if number is None or number != int(number):
        raise ValueError("must be a whole number, not {}".format(cut_repr(value)))
    return int(number)


def _boolean(text: str) -> bool:
    truth = parsing.truth(text)
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


def has_expression(value: Any) -> bool:
    """Tell whether ``value`` is a text with an expression or statement to render."""
    return isinstance(value, str) and any(mark in value for mark in ("{{", "{%", "{#"))


def schema_text() -> str:
    """Return the JSON Schema of templates as text."""
    folder = os.path.dirname(os.path.abspath(__file__))
    return files.read_text(os.path.join(folder, "template.schema.json"))


@functools.lru_cache(maxsize=None)
def schema() -> json_schema.Schema:
    """Return the JSON Schema of templates."""
    return dict(json.loads(schema_text()))


def checked_document(document: Any, source: str, line_of: Optional[LineOf] = None) -> Document:
    """Return a valid template document; lists of variables and steps are added if missing.

    Raises ``UsageError`` that begins with ``source`` (the file) and lists the problems, with their
    lines if ``line_of`` is given.
    """
    found = list(itertools.islice(problems_of(document), _MAX_TOLD + 1))
    if found:
        told = [
            ": ".join(([line_of(problem.path)] if line_of else []) + [told_of(document, problem)])
            for problem in found[:_MAX_TOLD]
        ]
        if len(found) > _MAX_TOLD:
            told.append("and more")
        raise UsageError("{}{} {}".format(source, "," if line_of else ":", "; ".join(told)))
    clean = without_nulls(document)
    clean.pop("$schema", None)
    clean["variables"] = [dict(entry) for entry in clean.get("variables", [])]
    clean["steps"] = [_with_own_input_and_output(entry) for entry in clean.get("steps", [])]
    return clean


def without_nulls(mapping: Document) -> Document:
    """Return the fields whose value is not null."""
    return {key: value for key, value in mapping.items() if value is not None}


def _with_own_input_and_output(step: Document) -> Document:
    """Return a step whose input and output are not in ``variables``, as in old templates."""
    lifted = dict(step)
    variables = dict(step.get("variables") or {})
    for field in ("input", "output"):
        if field in variables:
            lifted[field] = variables.pop(field)
    if "variables" in step:
        lifted["variables"] = variables
    return lifted


def _unsound_data(document: Any) -> Iterator[json_schema.Problem]:
    """Yield values that JSON does not have, and a problem for a document that is too large.

    YAML's aliases can make a small file an extremely large document.
    """
    if not isinstance(document, dict):
        message = "a template must be an object, not {}".format(kind_of(document))
        yield json_schema.Problem((), message)
        return
    count = 0
    stack: List[Tuple[Any, json_schema.Path]] = [(document, ())]
    while stack:
        value, path = stack.pop()
        count += 1
        if len(path) > _MAX_DEPTH or count > _MAX_VALUES:
            yield json_schema.Problem(path[:1], "nested too deep or too large")
            return
        if isinstance(value, dict):
            for key in value:
                if not isinstance(key, str):
                    message = "the key {!r} must be text: put it in quotes".format(key)
                    yield json_schema.Problem(path, message)
            stack.extend((item, path + (key,)) for key, item in value.items())
        elif isinstance(value, list):
            stack.extend((item, path + (i,)) for i, item in enumerate(value))
        elif isinstance(value, float) and not math.isfinite(value):
            yield json_schema.Problem(path, "{} is not a JSON number".format(value))
        elif not (value is None or isinstance(value, (str, int, float))):
            yield json_schema.Problem(
                path, "{} is not a JSON value: put it in quotes".format(kind_of(value))
            )


def _path(where: str, key: Any) -> str:
    return "{}.{}".format(where, key) if where else str(key)


def problems_of(document: Any) -> Iterator[json_schema.Problem]:
    """Yield what is no JSON data, else what breaks the schema, else what contradicts itself."""
    for find in (_unsound_data, _breaks, _contradictions):
        found = False
        for problem in find(document):
            found = True
            yield problem
        if found:
            return


def _breaks(document: Document) -> Iterator[json_schema.Problem]:
    return json_schema.problems(document, schema())


def told_of(document: Any, problem: json_schema.Problem) -> str:
    """Return a problem with the field that it is in, as text."""
    return ": ".join(filter(None, [_place(document, problem.path), problem.message]))


def _place(document: Any, path: json_schema.Path) -> str:
    """Return a path as text, with the name of the step: ``steps[1] 'Load': level``."""
    text = ""
    value: Any = document
    for i, part in enumerate(path):
        text = "{}[{}]".format(text, part) if isinstance(part, int) else _path(text, part)
        value = _inside(value, part)
        name = value.get("name") if isinstance(value, dict) and isinstance(part, int) else None
        rest = path[i + 1 :]
        if isinstance(name, str) and name.strip() and rest not in ((), ("name",)):
            return "{} {!r}: {}".format(text, name, _place(value, rest))
    return text


def _inside(value: Any, part: Any) -> Any:
    """Return an item of a list, or a field of an object, ``None`` if it is missing."""
    return value.get(part) if isinstance(value, dict) else value[part]


def _contradictions(document: Document) -> Iterator[json_schema.Problem]:
    """Yield problems that the schema cannot find: duplicates, wrong limits and wrong defaults."""
    steps = document.get("steps") or []
    variables = document.get("variables") or []
    names = [(("steps", i, "name"), step["name"]) for i, step in enumerate(steps)]
    yield from _duplicates(names)
    yield from _duplicates(_variable_names(variables))
    for i, variable in enumerate(variables):
        limits = list(_limit_problems(variable))
        for key, message in limits:
            yield json_schema.Problem(("variables", i, key), message)
        problem = None if limits else _default_problem(variable)
        if problem:
            yield json_schema.Problem(("variables", i, "default"), problem)
    for i, step in enumerate(steps):
        for field in ("input", "output"):
            if field in (step.get("variables") or {}) and step.get(field) is not None:
                message = "occurs twice, also as variables.{}".format(field)
                yield json_schema.Problem(("steps", i, field), message)
        for field, message in _command_problems(step):
            yield json_schema.Problem(("steps", i, field), message)


def _command_problems(step: Document) -> Iterator[Tuple[str, str]]:
    """Yield (field, problem) for what a command cannot be run with."""
    output = step.get("output")
    if step.get("run") is not None and isinstance(output, str) and output not in OUTPUTS:
        yield (
            "output",
            "of a step with run must be {}, not {}".format(", ".join(OUTPUTS), cut_repr(output)),
        )
    for field in ("timeout", "retries", "backoff"):
        value = step.get(field)
        if isinstance(value, (int, float)) and value < 0:
            yield field, "must be 0 or more"
    if isinstance(step.get("run"), str) and not step["run"].strip():
        yield "run", "must not be empty"
    for name in step.get("env") or {}:
        if not _ENVIRONMENT_NAME.match(name):
            yield "env", "{} is not a name of an environment variable".format(cut_repr(name))


def _variable_names(variables: List[Document]) -> Iterator[Tuple[json_schema.Path, str]]:
    """Yield the names of variables and their aliases, which must all be different."""
    for i, variable in enumerate(variables):
        yield ("variables", i, "name"), variable["name"]
    for i, variable in enumerate(variables):
        for alias in variable.get("aliases") or []:
            yield ("variables", i, "aliases"), alias


def _duplicates(names: Iterable[Tuple[json_schema.Path, str]]) -> Iterator[json_schema.Problem]:
    seen = set()
    for path, name in names:
        if name in seen:
            yield json_schema.Problem(path, "{!r} occurs twice".format(name))
        seen.add(name)


def _default_problem(variable: Document) -> Optional[str]:
    """Return what is wrong with a default, or ``None``.

    Without a type it cannot be checked: the type is in the base template.
    """
    type_name = variable.get("type")
    default = variable.get("default")
    if type_name is None or default is None or has_expression(default):
        return None
    try:
        return value_problem(convert(default, type_name), variable) or None
    except ValueError as error:
        return str(error)


def value_problem(value: Any, variable: Mapping[str, Any]) -> str:
    """Return how ``value`` breaks the ``choices`` or limits of a variable, or an empty text.

    For a list the choices apply to each item.
    """
    choices, least, most = (variable.get(key) for key in ("choices", "minimum", "maximum"))
    for item in value if isinstance(value, list) else [value]:
        if choices and item not in choices:
            return "must be one of {}, not {!r}".format(", ".join(map(str, choices)), item)
    is_number = isinstance(value, (int, float))
    if is_number and least is not None and value < least:
        return "must be {} or more, not {}".format(least, value)
    if is_number and most is not None and value > most:
        return "must be {} or less, not {}".format(most, value)
    return ""


def _limit_problems(variable: Document) -> Iterator[Tuple[str, str]]:
    """Yield (field, problem) for a minimum or maximum that makes no sense."""
    for key in ("minimum", "maximum"):
        if variable.get(key) is not None and variable.get("type") not in _NUMBERS:
            yield key, "only a number or an integer has one, not a {}".format(variable["type"])
    least, most = variable.get("minimum"), variable.get("maximum")
    if least is not None and most is not None and most < least:
        yield "maximum", "{} is below the minimum, {}".format(most, least)
