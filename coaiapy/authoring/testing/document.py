"""Reads a file with tests of a template: ``NAME.test.yaml``, which stands beside the template."""

import os
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence

from coaiapy.authoring import sources
from coaiapy.errors import NotFoundError, UsageError
from coaiapy.templating import files
from coaiapy.templating.files import SUFFIXES, TESTS
from coaiapy.util.formats import json_schema, line_numbers, yaml_values
from coaiapy.util.paths import entries, read_regular

_SUFFIXES = (TESTS + ".yaml", TESTS + ".yml")
_MOST_BYTES = 2000000
_MOST_TOLD = 10
# What a test may say of a step; ``includes`` is a part of such a field.
STEP_FIELDS = (
    "name type parent level status_message model model_parameters usage input output metadata "
    "command status exit_code"
).split()
_TEXT = {"type": ["string", "null"]}
_OBJECT = {"type": ["object", "null"]}
_STEPS = {"type": ["array", "null"], "items": {"$ref": "#/definitions/step"}}
_EXPECTED = {name: {} for name in STEP_FIELDS}  # type: Dict[str, Any]
SCHEMA: json_schema.Schema = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "cases": {"type": ["array", "null"], "items": {"$ref": "#/definitions/case"}},
        "snapshots": _OBJECT,
    },
    "definitions": {
        "case": {
            "type": "object",
            "additionalProperties": False,
            "required": ["name"],
            "properties": {
                "name": {"type": "string", "pattern": "\\S", "patternErrorMessage": "is empty"},
                "variables": _OBJECT,
                "commands": _OBJECT,
                "error": _TEXT,
                "trace": _OBJECT,
                "steps": _STEPS,
                "includes": _STEPS,
                "lacks": {"type": ["array", "null"], "items": {"type": "string"}},
            },
        },
        "step": {
            "type": "object",
            "additionalProperties": False,
            "required": ["name"],
            "properties": dict(_EXPECTED, name={"type": "string"}, includes=_OBJECT),
        },
        "command": {
            "type": ["object", "null"],
            "additionalProperties": False,
            "properties": {
                "exit_code": {"type": ["integer", "null"]},
                "stdout": _TEXT,
                "stderr": _TEXT,
            },
        },
    },
}


class Case(NamedTuple):
    """A case: variables, and what is expected of the trace that a template makes of them.

    ``steps`` are all steps in their order, ``includes`` are among them, ``lacks`` are names of
    others. ``commands`` has by the name of a step what its command does, one dict for each attempt;
    ``None`` if no commands are run.
    """

    name: str
    variables: Mapping[str, Any]
    commands: Optional[Mapping[str, List[Dict[str, Any]]]]
    error: Optional[str]
    trace: Optional[Mapping[str, Any]]
    steps: Optional[List[Dict[str, Any]]]
    includes: List[Dict[str, Any]]
    lacks: List[str]

    @property
    def expects(self) -> bool:
        """Whether somebody has written down what is expected."""
        written = (self.error, self.trace, self.steps, self.includes or None, self.lacks or None)
        return any(one is not None for one in written)


class Suite(NamedTuple):
    """The tests of a template: the paths of both files, the text, its cases and its snapshots."""

    path: str
    template: str
    text: str
    cases: List[Case]
    snapshots: Dict[str, Any]


def named(words: Sequence[str]) -> List[Suite]:
    """Return the tests that words mean: names or files of templates, files of tests, folders.

    Without words they are those of the project. Raises ``NotFoundError`` for what has none.
    """
    words = words or [files.places()[0].folder]
    paths = [path for word in words for path in _of_word(word)]
    return [read(path) for path in sorted(set(paths), key=paths.index)]


def _of_word(word: str) -> List[str]:
    if os.path.isdir(word) or word == files.places()[0].folder:
        found = [os.path.join(word, name) for name in entries(word) if name.endswith(_SUFFIXES)]
    elif sources.is_path(word) and sources.is_tests(word):
        return [word]
    else:
        (template,) = sources.named([word]) or [word]
        stem = os.path.splitext(template)[0]
        found = [stem + suffix for suffix in _SUFFIXES if os.path.lexists(stem + suffix)]
    if not found:
        raise NotFoundError(
            "{} has no tests: write them in {}".format(sources.shown(word), "NAME" + _SUFFIXES[0])
        )
    return [sources.shown(path) for path in found]


def read(path: str) -> Suite:
    """Read and check a file with tests; ``UsageError`` lists what is wrong, with lines."""
    text = read_regular(path, _MOST_BYTES).decode("utf-8-sig", "replace")
    try:
        document = yaml_values.load(text, "timestamp", "merge")
    except ValueError as error:
        raise UsageError("{}: not YAML: {}".format(path, error)) from error
    found = list(_problems(document))
    if found:
        place_of = line_numbers.yaml_places(text)
        told = ["line {}: {}".format(place_of(one.path).line, one.message) for one in found]
        more = "; and more" if len(told) > _MOST_TOLD else ""
        raise UsageError("{}, {}{}".format(path, "; ".join(told[:_MOST_TOLD]), more))
    cases = [_case(entry) for entry in document.get("cases") or []]
    return Suite(path, _template_of(path), text, cases, document.get("snapshots") or {})


def _template_of(path: str) -> str:
    stem = os.path.splitext(path)[0][: -len(TESTS)]
    for suffix in SUFFIXES:
        if os.path.isfile(stem + suffix):
            return stem + suffix
    raise UsageError("{}: there is no template {} beside it".format(path, os.path.basename(stem)))


def _problems(document: Any) -> Iterator[json_schema.Problem]:
    found = False
    for problem in json_schema.problems(document, SCHEMA):
        found = True
        yield problem._replace(message="{} {}".format(_spelled(problem.path), problem.message))
    if found:
        return
    names = set()
    for i, entry in enumerate(document.get("cases") or []):
        if entry["name"] in names:
            yield json_schema.Problem(
                ("cases", i, "name"), "two cases are called {!r}".format(entry["name"])
            )
        names.add(entry["name"])
        for name, command in (entry.get("commands") or {}).items():
            for one in command if isinstance(command, list) else [command]:
                for problem in json_schema.problems(one, dict(SCHEMA, **_COMMAND)):
                    path = ("cases", i, "commands", name)
                    told = "{} {}".format(_spelled(path + problem.path), problem.message)
                    yield json_schema.Problem(path, told)


_COMMAND = {"$ref": "#/definitions/command"}


def _spelled(path: json_schema.Path) -> str:
    return ".".join(map(str, path)) or "the file"


def _case(entry: Mapping[str, Any]) -> Case:
    commands = entry.get("commands")
    if commands is not None:
        commands = {
            name: [each or {} for each in (one if isinstance(one, list) else [one])] or [{}]
            for name, one in commands.items()
        }
    return Case(
        entry["name"],
        entry.get("variables") or {},
        commands,
        entry.get("error"),
        entry.get("trace"),
        entry.get("steps"),
        entry.get("includes") or [],
        entry.get("lacks") or [],
    )
