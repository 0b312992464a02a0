"""Finds, reads and writes template files: of the project, of the user, and built-in ones.

The folders are searched in this order. A template's name is the name of its file. A broken file is
an error; the file of the same name in the next folder is not used instead.
"""

import json
import os
import re
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from coaiapy.config import trust
from coaiapy.errors import NotFoundError, StateError, UsageError
from coaiapy.templating import changes
from coaiapy.templating.document import Document, checked_document
from coaiapy.util import files
from coaiapy.util.formats import line_numbers, yaml_values
from coaiapy.util.packages import require
from coaiapy.util.paths import (
    check_stays,
    current_folder,
    entries,
    make_private_folder,
    read_regular,
    state_folder,
)
from coaiapy.util.text.wording import did_you_mean

SUFFIXES = (".json", ".yaml", ".yml")
COLUMNS = {
    "name": "Name",
    "version": "Version",
    "place": "Place",
    "description": "Description",
    "path": "Path",
}
# The most bytes that a template's file has.
MOST_BYTES = 100000
# The place of a template file that was named by its path.
BY_PATH = "file"
# How the name of a file ends that has the tests of a template.
TESTS = ".test"
# Line breaks of YAML that are none of other formats.
_BREAKS = re.compile("[\x85\u2028\u2029]")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")


class LocatedError(UsageError):
    """What is wrong at one place of a template file."""

    def __init__(self, path: str, place: line_numbers.Place, told: str) -> None:
        super().__init__("{}, line {}: {}".format(path, place.line, told))
        self.path, self.place, self.told = path, place, told


class Place(NamedTuple):
    """A folder with templates."""

    name: str
    folder: str


class Found(NamedTuple):
    """A template file: the template's name, its path, and the name of its place."""

    name: str
    path: str
    place: str


class Source(NamedTuple):
    """A template file that was read: its document, path and place, and the hash of its content."""

    document: Document
    path: str
    place: str
    digest: str


def places() -> List[Place]:
    """Return the folders in the order in which they are searched."""
    return [
        Place("project", os.path.join(current_folder(), ".coaia", "templates")),
        Place("user", os.path.join(state_folder(), "templates")),
        Place(
            "built-in",
            os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "templates"),
        ),
    ]


def check_name(name: str) -> str:
    """Return ``name``; ``UsageError`` if a template cannot have this name."""
    if isinstance(name, str) and name.endswith(TESTS):
        raise UsageError("{!r} is a name of tests, not of a template: use another".format(name))
    if not (isinstance(name, str) and NAME.match(name)):
        raise UsageError(
            "{!r} is not a valid template name: use up to 100 letters, digits, '.', '_' and '-', "
            "and begin with a letter or a digit".format(name)
        )
    return name


def find(name: str, beside: Optional[Source] = None) -> Optional[Found]:
    """Return the file of the template ``name`` in the first place that has one, or ``None``.

    The first place is the folder of the file ``beside`` if that was not found in a place itself.
    """
    check_name(name)
    own = []
    if beside is not None and beside.place == BY_PATH:
        own = [Place(BY_PATH, os.path.dirname(beside.path))]
    for place in own + _settled_places():
        found = find_in(place, name)
        if found:
            return found
    return None


def _settled_places() -> List[Place]:
    """Return the folders, in which no change is half done."""
    found = places()
    for place in found[:-1]:
        changes.settle(os.path.dirname(place.folder))
    return found


def at(path: str) -> Found:
    """Return a template file that was named by its path; its bases may stand beside it."""
    name = os.path.splitext(os.path.basename(path))[0]
    return Found(check_name(name), path, BY_PATH)


def find_in(place: Place, name: str) -> Optional[Found]:
    """Return the file of the template ``name`` in one place, or ``None``.

    Raises ``StateError`` if there are two, with different suffixes: one would never be read.
    """
    paths = [os.path.join(place.folder, name + suffix) for suffix in SUFFIXES]
    there = [path for path in paths if os.path.isfile(path)]
    if len(there) > 1:
        raise StateError(
            "two files define the template {!r}: {} and {}: remove or rename one of them".format(
                name, *there[:2]
            )
        )
    return Found(name, there[0], place.name) if there else None


def need(name: str) -> Found:
    """Return the file of the template ``name``; ``NotFoundError`` with a hint if there is none."""
    found = find(name)
    if found is None:
        known = [each.name for each in find_all()[0]]
        raise NotFoundError(
            "no template {!r}{}: coaia pipeline list shows what there is".format(
                name, did_you_mean(name, known)
            )
        )
    return found


def find_all() -> Tuple[List[Found], List[str]]:
    """Return all templates, sorted by name, and an error message for each unusable file."""
    found: Dict[str, Optional[Found]] = {}
    complaints = []
    for place in _settled_places():
        for entry in entries(place.folder):
            name, suffix = os.path.splitext(entry)
            if suffix not in SUFFIXES or name.startswith(".") or name.endswith(TESTS):
                continue
            if not NAME.match(name):
                path = os.path.join(place.folder, entry)
                complaints.append("{}: this is not a valid template name".format(path))
            elif name not in found:
                try:
                    here = find_in(place, name)
                except StateError as error:
                    complaints.append(str(error))
                    found[name] = None
                    continue
                if here:
                    found[name] = here
    return [one for _, one in sorted(found.items()) if one], complaints


def read(found: Found) -> Source:
    """Read a template file, and check its document, whose ``name`` is the template's name.

    Raises ``UsageError`` with the file and the line or field, ``StateError`` if it cannot be read.
    """
    return read_content(found, read_regular(found.path, MOST_BYTES))


def read_content(found: Found, content: bytes) -> Source:
    """Return what ``read`` does, of a file with this ``content``, which need not be there."""
    text = files.input_text(content, found.path)

    def line_of(part: line_numbers.Path) -> str:
        return "line {}".format(places_in(text, found.path)(part).line)

    document = checked_document(parse(text, found.path), found.path, line_of)
    document["name"] = found.name
    return Source(document, found.path, found.place, trust.digest(content))


def line_in(path: str, part: line_numbers.Path) -> str:
    """Return the line of a part of a template file's document, as text: ``line 3``."""
    return "line {}".format(place_in(path, part).line)


def place_in(path: str, part: line_numbers.Path) -> line_numbers.Place:
    """Return the place of a part of a template file's document."""
    return places_in(files.read_text(path), path)(part)


def places_in(text: str, path: str) -> line_numbers.PlaceOf:
    """Return what tells the place of a part of a template file's text, which can be parsed."""
    return (line_numbers.json_places if _is_json(path) else line_numbers.yaml_places)(text)


def _is_json(path: str) -> bool:
    return path.endswith(".json")


def parse(text: str, path: str) -> Any:
    """Return the document in the text of a file, not checked; ``UsageError`` if there is none."""
    return (_parse_json if _is_json(path) else _parse_yaml)(text, path)


def _parse_json(text: str, path: str) -> Any:
    try:
        document = json.loads(text)
    except ValueError as error:
        place = line_numbers.Place(getattr(error, "lineno", 1), getattr(error, "colno", 1))
        told = "not JSON: {}".format(getattr(error, "msg", str(error)))
        raise LocatedError(path, place, told) from error
    except RecursionError as error:
        raise UsageError("{}: nested too deep".format(path)) from error
    doubled = line_numbers.doubled_key(text)
    if doubled:
        place = line_numbers.Place(doubled.line, doubled.column)
        raise LocatedError(path, place, "the key {!r} occurs twice".format(doubled.key))
    return document


def _parse_yaml(text: str, path: str) -> Any:
    try:
        # Dates stay texts, as in JSON. Merge keys are off: they can make a document huge.
        return yaml_values.load(text, "timestamp", "merge")
    except yaml_values.NotYamlError as error:
        place = line_numbers.Place(error.line or 1, error.column or 1)
        raise LocatedError(path, place, "not YAML: {}".format(error.problem)) from error
    except ValueError as error:
        raise UsageError("{}: not YAML: {}".format(path, error)) from error


def write(document: Document, name: str, location: str, format: str, replace: bool) -> str:
    """Write a template into the folder of the user or the project, and return its path.

    Raises ``StateError`` if a template of that name exists there and ``replace`` is false.
    """
    place = _place_to_write(location)
    if format not in ("json", "yaml"):
        raise UsageError("{!r} is not a template format: use json or yaml".format(format))
    path = os.path.join(place.folder, check_name(name) + "." + format)
    if place.name == "project":
        check_stays(path)
    make_private_folder(place.folder)
    with files.locked(path):
        existing = find_in(place, name)
        if existing and not replace:
            raise StateError(
                "{} already exists: choose another name, or replace it with --force".format(
                    existing.path
                )
            )
        files.write_atomic(path, _text_of(document, format))
        if existing and existing.path != path:
            os.unlink(existing.path)
    return path


def _place_to_write(location: str) -> Place:
    for place in places():
        if place.name == location and location != "built-in":
            return place
    raise UsageError("{!r} is not a template location: use user or project".format(location))


def _text_of(document: Document, format: str) -> str:
    if format == "json":
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    return yaml_text(document)


def yaml_text(document: Document) -> str:
    """Return a document as YAML, with its keys in their order and nothing written as an alias."""
    yaml = require("yaml", "PyYAML")
    dumper: Any = type("Dumper", (yaml.SafeDumper,), {"ignore_aliases": lambda *_: True})
    dumper.add_representer(dict, _in_order)
    dumper.add_representer(str, _text_as_it_is)
    return str(yaml.dump(document, Dumper=dumper, default_flow_style=False, allow_unicode=True))


def _text_as_it_is(dumper: Any, text: str) -> Any:
    """Represent a text; in other quotes these line breaks would become others."""
    style = '"' if _BREAKS.search(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _in_order(dumper: Any, mapping: Document) -> Any:
    """Represent an object with its keys in their order; older releases of PyYAML sort them."""
    return dumper.represent_mapping("tag:yaml.org,2002:map", list(mapping.items()))
