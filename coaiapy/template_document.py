"""What a template document may contain; every problem is told with the field it is in.

``template.schema.json`` says which fields there are and what each may hold: editors read it too.
What no schema can say is checked here.
"""

import functools
import itertools
import json
import math
import os
from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping, Optional, Tuple

from coaiapy import files, json_schema
from coaiapy.errors import StateError
from coaiapy.json_values import kind_of
from coaiapy.template_values import convert

Document = Dict[str, Any]

# Says in which line the part of a document stands that a path leads to: "line 3".
LineOf = Callable[[json_schema.Path], str]

_MAX_DEPTH = 50
_MAX_VALUES = 100000
_MAX_TOLD = 10
# The types of variables that have a minimum and a maximum; without a type it is the base's.
_NUMBERS = ("number", "integer", None)


def has_expression(value: Any) -> bool:
    """Tell whether ``value`` is a text that the template language has to read."""
    return isinstance(value, str) and any(mark in value for mark in ("{{", "{%", "{#"))


def schema_text() -> str:
    """Return the JSON Schema of templates as its file has it."""
    folder = os.path.dirname(os.path.abspath(__file__))
    return files.read_text(os.path.join(folder, "template.schema.json"))


@functools.lru_cache(maxsize=None)
def schema() -> json_schema.Schema:
    """Return the JSON Schema of templates."""
    return dict(json.loads(schema_text()))


def checked_document(document: Any, source: str, line_of: Optional[LineOf] = None) -> Document:
    """Return the template document with lists of variables and steps, be they empty.

    Raises ``StateError`` that begins with ``source`` (the file) and lists the problems, each with
    its line if ``line_of`` knows it.
    """
    found = (
        _first(_unsound_data(document))
        or _first(json_schema.problems(document, schema()))
        or _first(_contradictions(document))
    )
    if found:
        told = [_told(document, problem, line_of) for problem in found[:_MAX_TOLD]]
        if len(found) > _MAX_TOLD:
            told.append("and more")
        raise StateError("{}{} {}".format(source, "," if line_of else ":", "; ".join(told)))
    clean = without_nulls(document)
    clean.pop("$schema", None)
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


def _unsound_data(document: Any) -> Iterator[json_schema.Problem]:
    """What JSON cannot say; and documents that grow without end through YAML's aliases."""
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
            yield json_schema.Problem(path, "{} is no JSON number".format(value))
        elif not (value is None or isinstance(value, (str, int, float))):
            yield json_schema.Problem(
                path, "{} is no JSON value: put it in quotes".format(kind_of(value))
            )


def _path(where: str, key: Any) -> str:
    return "{}.{}".format(where, key) if where else str(key)


def _first(problems: Iterator[json_schema.Problem]) -> List[json_schema.Problem]:
    """As many as are told, and one to tell that there are more."""
    return list(itertools.islice(problems, _MAX_TOLD + 1))


def _told(document: Any, problem: json_schema.Problem, line_of: Optional[LineOf]) -> str:
    line = line_of(problem.path) if line_of else ""
    return ": ".join(filter(None, [line, _place(document, problem.path), problem.message]))


def _place(document: Any, path: json_schema.Path) -> str:
    """Where ``path`` leads, such as ``steps[1] 'Load': level``; a step is told by its name."""
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
    """The part of a value that is there; a field that is missing is none."""
    return value.get(part) if isinstance(value, dict) else value[part]


def _contradictions(document: Document) -> Iterator[json_schema.Problem]:
    """What is wrong with a document that has the fields it should have."""
    steps = document.get("steps") or []
    variables = document.get("variables") or []
    names = [(("steps", i, "name"), step["name"]) for i, step in enumerate(steps)]
    yield from _doubles(names)
    yield from _doubles(_variable_names(variables))
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
                message = "is there twice, also as variables.{}".format(field)
                yield json_schema.Problem(("steps", i, field), message)


def _variable_names(variables: List[Document]) -> Iterator[Tuple[json_schema.Path, str]]:
    """An alias is a name as well: no two variables can have the same."""
    for i, variable in enumerate(variables):
        yield ("variables", i, "name"), variable["name"]
    for i, variable in enumerate(variables):
        for alias in variable.get("aliases") or []:
            yield ("variables", i, "aliases"), alias


def _doubles(names: Iterable[Tuple[json_schema.Path, str]]) -> Iterator[json_schema.Problem]:
    seen = set()
    for path, name in names:
        if name in seen:
            yield json_schema.Problem(path, "{!r} is there twice".format(name))
        seen.add(name)


def _default_problem(variable: Document) -> Optional[str]:
    """A child template may state the default alone and leave the type to its base."""
    type_name = variable.get("type")
    default = variable.get("default")
    if type_name is None or default is None or has_expression(default):
        return None
    try:
        return value_problem(convert(default, type_name), variable) or None
    except ValueError as error:
        return str(error)


def value_problem(value: Any, variable: Mapping[str, Any]) -> str:
    """Return what is wrong with ``value`` by the ``choices`` and limits of a variable, or "".

    Choices limit each item of a list.
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
    """What keeps a limit from being one, by its key."""
    for key in ("minimum", "maximum"):
        if variable.get(key) is not None and variable.get("type") not in _NUMBERS:
            yield key, "only a number or an integer has one, not a {}".format(variable["type"])
    least, most = variable.get("minimum"), variable.get("maximum")
    if least is not None and most is not None and most < least:
        yield "maximum", "{} is below the minimum, {}".format(most, least)
