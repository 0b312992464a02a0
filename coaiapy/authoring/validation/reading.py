"""Reads a template file to check it: all that is wrong with the document itself is kept.

What breaks a rule is then taken out, so that the rest can be checked as well.
"""

import copy
from typing import Any, Callable, List, NamedTuple, Optional, Tuple

from coaiapy.authoring import sources
from coaiapy.authoring.validation.rules import Flaw
from coaiapy.config import trust
from coaiapy.errors import CoaiaError
from coaiapy.templating import document as documents
from coaiapy.templating import files, inheritance, versions
from coaiapy.templating.document import Document
from coaiapy.templating.files import LocatedError, Source
from coaiapy.templating.model import PipelineTemplate, template_from
from coaiapy.util.files import input_text
from coaiapy.util.formats import json_schema
from coaiapy.util.formats.json_schema import Path
from coaiapy.util.formats.line_numbers import Place
from coaiapy.util.formats.problems import Problem
from coaiapy.util.paths import read_regular

# What takes the place of an entry whose name is missing or wrong; it is not checked further.
_TAKEN_OUT = "coaia_taken_out_{}"
# A document breaks rules of JSON data, then of the schema, then of its own.
_MOST_STAGES = 4
# With these wrong, nothing else can be known.
_WHOLE = ((), ("variables",), ("steps",), ("extends",))
# In the place of a loop that is wrong: its step knows an item all the same.
_SOME_ITEMS = ["?"]


class Subject(NamedTuple):
    """A template to check. ``problem`` makes a problem of a flaw in its merged document.

    ``is_own`` tells whether a part of that comes from the file itself, and not from a base.
    """

    template: PipelineTemplate
    problem: Callable[[Flaw], Problem]
    is_own: Callable[[Path], bool]


class Reading(NamedTuple):
    """What is wrong with a file by itself, and what can be checked further, if that is anything."""

    problems: List[Problem]
    subject: Optional[Subject]


def read(path: str) -> Reading:
    """Read the template file at ``path``."""
    try:
        found = sources.found_at(path)
        content = read_regular(path, files.MOST_BYTES)
        text = input_text(content, path)
        parsed = files.parse(text, path)
    except LocatedError as error:
        return Reading([Problem(path, *error.place, rule="syntax", message=error.told)], None)
    except CoaiaError as error:
        return Reading([Problem(path, 1, 1, "file", _without(path, str(error)))], None)
    others = sources.same_name(path)
    if others:
        said = "{} defines this template, too: remove or rename one of them"
        return Reading([Problem(path, 1, 1, "file", said.format(others[0]))], None)
    place_of = files.places_in(text, path)

    def problem(one: json_schema.Problem, told: str) -> Problem:
        return Problem(path, *place_of(one.path), rule=_rule(one.path), message=told)

    problems, usable = _usable(parsed, problem)
    if usable is None:
        return Reading(problems, None)
    usable = documents.checked_document(usable, path)
    told = versions.version_problem(versions.version_of(usable))
    problems += (
        [Problem(path, *place_of(("version",)), rule="version", message=told)] if told else []
    )
    usable["name"] = found.name
    source = Source(usable, path, found.place, trust.digest(content))
    try:
        more, subject = _subject(source, place_of)
        return Reading(problems + more, subject)
    except CoaiaError as error:
        place, told = place_of(("extends",)), str(error)
        if isinstance(error, LocatedError) and error.path == path:
            place, told = error.place, error.told
        return Reading(problems + [Problem(path, *place, rule="extends", message=told)], None)


def is_taken_out(name: str) -> bool:
    """Tell whether a name stands for an entry that could not be read."""
    return name.startswith(_TAKEN_OUT.format(""))


def _without(path: str, told: str) -> str:
    """Return an error without the path that it begins with."""
    return told[len(path) :].lstrip(":, ") if told.startswith(path) else told


def _usable(
    parsed: Any, problem: Callable[[json_schema.Problem, str], Problem]
) -> Tuple[List[Problem], Optional[Document]]:
    """Return the problems of a document, and what of it can be checked further, or ``None``."""
    problems: List[Problem] = []
    for _ in range(_MOST_STAGES):
        found = list(documents.problems_of(parsed))
        if not found:
            return problems, parsed
        problems += [problem(one, documents.told_of(parsed, one)) for one in found]
        if any(one.path in _WHOLE for one in found):
            break
        parsed = _without_parts(parsed, [one.path for one in found])
    return problems, None


def _rule(path: Path) -> str:
    return "default" if path[:1] == ("variables",) and path[2:3] == ("default",) else "schema"


def _without_parts(parsed: Any, paths: List[Path]) -> Any:
    """Return a document without the fields that are wrong; every entry keeps its number."""
    rest = copy.deepcopy(parsed)
    for path in paths:
        part = rest.get(path[0])
        if len(path) == 1:
            rest.pop(path[0], None)
        elif isinstance(part, list):
            number = int(path[1])
            if not isinstance(part[number], dict) or path[2:3] in ((), ("name",)):
                part[number] = {"name": _TAKEN_OUT.format(number)}
            elif path[2] == "for_each":
                part[number]["for_each"] = _SOME_ITEMS
            else:
                part[number].pop(path[2], None)
        elif isinstance(part, dict):
            part.pop(path[1], None)
    return rest


def _subject(source: Source, place_of: Callable[[Path], Place]) -> Reading:
    """Merge a file with those that it extends, and keep what is wrong with the result."""
    descent = inheritance.line_of_descent(source)
    merged = inheritance.merged_document(descent)

    def stated(part: Path) -> Any:
        return inheritance.stated(merged, descent, part)

    def problem(part: Path, rule: str, told: str) -> Problem:
        file, own_part = stated(part)
        if file != source.path:
            own_part, told = ("extends",), "with {}: {}".format(file, told)
        return Problem(source.path, *place_of(own_part), rule=rule, message=told)

    def of_flaw(flaw: Flaw) -> Problem:
        as_problem = json_schema.Problem(flaw.part, flaw.message)
        return problem(flaw.part, flaw.rule, documents.told_of(merged, as_problem))

    problems, usable = _usable(merged, lambda one, told: problem(one.path, _rule(one.path), told))
    if usable is None:
        return Reading(problems, None)
    template = template_from(documents.checked_document(usable, source.path), source.path)
    return Reading(
        problems, Subject(template, of_flaw, lambda part: bool(stated(part)[0] == source.path))
    )
