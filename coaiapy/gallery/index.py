"""The index of a gallery: a file beside its templates that says what there is, and the search in it."""

import json
import os
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Sequence

from coaiapy.config.values import ConfigValues
from coaiapy.errors import CoaiaError, ConfigError, StateError, UsageError
from coaiapy.gallery import dependencies, fetching
from coaiapy.gallery.dependencies import Picked
from coaiapy.gallery.fetching import Fetched
from coaiapy.gallery.source_folder import INDEX
from coaiapy.gallery.sources import GALLERY, OWN_GALLERY, parse
from coaiapy.templating.files import NAME
from coaiapy.util import files
from coaiapy.util.formats import json_values

FORM = 1
COLUMNS = {
    "name": "Name",
    "version": "Version",
    "gallery": "Gallery",
    "description": "Description",
    "variables": "Variables",
}
_SETTING = "galleries"


def galleries(values: ConfigValues) -> Dict[str, str]:
    """Return the sources of the galleries by name: coaiapy's own, and those of the settings.

    Raises ``ConfigError`` for a setting that is no list of NAME=SOURCE, or in which a project calls
    another one ``gallery``.
    """
    known = {GALLERY: OWN_GALLERY}
    found = values.found(_SETTING)
    for part in str(values.get(_SETTING) or "").replace(",", " ").split():
        name, equals, source = part.partition("=")
        if not (equals and source and NAME.match(name)):
            raise ConfigError(
                "{} must be NAME=SOURCE, several with spaces between them: correct it in {}".format(
                    _SETTING, found.place if found else "the settings"
                )
            )
        if name == GALLERY and found and found.is_of_project:
            raise ConfigError(
                "{} may not say what {!r} is, because it belongs to this project: choose another "
                "name".format(found.source, GALLERY)
            )
        known[name] = source
    return known


def text_of(folder: str) -> str:
    """Return the text of the index of a folder with templates: the same for the same templates.

    Raises ``StateError`` if there is no such folder, and ``UsageError`` with all that is wrong with
    its templates.
    """
    if not os.path.isdir(folder):
        raise StateError("there is no folder {}".format(folder))
    here = dependencies.documents_of(fetching.from_folder(folder))
    if here.left_out:
        raise UsageError("; ".join(here.left_out.values()))
    entries = [_public(row) for row in _rows(here.all())]
    if not entries:
        raise UsageError("{} has no templates".format(folder))
    document = {"version": FORM, "templates": entries}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def path_in(folder: str) -> str:
    """Return the path of the index of a folder."""
    return os.path.join(folder, INDEX)


def is_current(folder: str, text: str) -> bool:
    """Tell whether the index of a folder has this text."""
    path = path_in(folder)
    return os.path.lexists(path) and files.read_found_input_text(path) == text


def _public(row: Mapping[str, Any]) -> Dict[str, Any]:
    return {key: value for key, value in row.items() if value not in ("", [])}


def _rows(found: Mapping[str, Picked]) -> Iterator[Dict[str, Any]]:
    for name in sorted(found):
        one = found[name]
        yield {
            "name": name,
            "version": one.entry.version,
            "description": " ".join(str(one.document.get("description") or "").split()),
            "variables": _variables(name, found),
            "sha256": one.entry.sha256,
        }


def _variables(name: str, found: Mapping[str, Picked]) -> List[str]:
    """Return the names of a template's variables, those of its bases beside it first."""
    names: List[str] = []
    line: List[Picked] = []
    while name in found and found[name] not in line:
        line.insert(0, found[name])
        wanted = dependencies.base_of(line[0].document)
        name = wanted.name if wanted else ""
    for one in line:
        for variable in one.document["variables"]:
            if variable.get("remove"):
                names = [known for known in names if known != variable["name"]]
            elif variable["name"] not in names:
                names.append(variable["name"])
    return names


class Found(NamedTuple):
    """The templates that a search has found, and what was wrong with which gallery."""

    rows: List[Dict[str, Any]]
    problems: List[CoaiaError]


def search(known: Mapping[str, str], words: Sequence[str], may_ask: bool) -> Found:
    """Return the templates of all galleries in which every word occurs, whatever its case.

    Each is a dict with ``name``, ``version``, ``description``, ``variables`` (a list), ``sha256`` and
    ``gallery``. Words are looked for in the names, the descriptions and the variables.
    """
    rows: List[Dict[str, Any]] = []
    problems: List[CoaiaError] = []
    for gallery in sorted(known):
        try:
            fetched = fetching.fetch(parse(gallery, known), may_ask=may_ask)
            every = list(_published(fetched))
        except CoaiaError as error:
            problems.append(error)
            continue
        rows += [dict(row, gallery=gallery) for row in every if _has(row, words)]
    return Found(sorted(rows, key=lambda row: (row["name"], row["gallery"])), problems)


def _has(row: Mapping[str, Any], words: Sequence[str]) -> bool:
    text = " ".join([row["name"], row["description"]] + row["variables"]).lower()
    return all(word.lower() in text for word in words)


def _published(fetched: Fetched) -> Iterator[Dict[str, Any]]:
    """Yield what the index of a gallery says; without one, what its templates say themselves."""
    if INDEX not in fetched.files:
        yield from _rows(dependencies.documents_of(fetched).all())
        return
    where = "{}/{}".format(fetched.source, INDEX)
    try:
        document = json_values.parse(fetched.files[INDEX].decode("utf-8"))
        if document["version"] != FORM:
            raise ValueError("its version is {!r}".format(document["version"]))
        for entry in document["templates"]:
            yield _checked(entry)
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError("{} is not an index of templates: {}".format(where, error)) from error


def _checked(entry: Any) -> Dict[str, Any]:
    if not isinstance(entry, dict):
        raise ValueError("an entry is not an object")
    row = {key: entry.get(key, "") for key in ("name", "version", "description", "sha256")}
    row["variables"] = entry.get("variables", [])
    texts = [value for key, value in row.items() if key != "variables"] + row["variables"]
    if not all(isinstance(text, str) for text in texts) or not NAME.match(row["name"]):
        raise ValueError("an entry has a value that is no text")
    return row
