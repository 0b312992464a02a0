"""Loads templates: ``extends`` merges one with its base, and a listing tells what cannot be read."""

from typing import Any, Dict, List, NamedTuple, Tuple

from coaiapy.errors import CoaiaError, UsageError
from coaiapy.templating import files, versions
from coaiapy.templating.document import Document, checked_document
from coaiapy.templating.files import Found, LocatedError, Source
from coaiapy.templating.model import PipelineTemplate, template_from
from coaiapy.util.formats import line_numbers
from coaiapy.util.text.wording import did_you_mean

_MERGED = ("metadata", "trace")
_BY_NAME = ("variables", "steps")
# The fields of a variable that can make its default wrong.
_FIELDS_OF_DEFAULT = ("default", "type", "choices", "minimum", "maximum")
_OWN = ("name", "created_at", "extends", "requires", "source")
# The files that make up a template, from the first base to the template itself.
Descent = List[Source]


def load(name: str) -> PipelineTemplate:
    """Return the template ``name`` merged with those it extends.

    Raises ``NotFoundError`` if there is no such template, and ``UsageError`` for an invalid name, or
    if its file or that of a base is broken, or a base is missing or extends itself.
    """
    return load_found(files.need(name))


class Loaded(NamedTuple):
    """A template, and the files that make it up, from the first base to its own."""

    template: PipelineTemplate
    files: List[Source]


def load_found(found: Found) -> PipelineTemplate:
    """Return the template in a file merged with those it extends."""
    return load_with_files(found).template


def load_with_files(found: Found) -> Loaded:
    """Return the template in a file merged with those it extends, and all these files."""
    descent = line_of_descent(files.read(found))
    merged = merged_document(descent)

    def line_of(part: line_numbers.Path) -> str:
        path, own_part = stated(merged, descent, part)
        line = files.line_in(path, own_part)
        return line if path == found.path else "{} of {}".format(line, path)

    template = template_from(checked_document(merged, found.path, line_of), found.path)
    return Loaded(template, descent)


def merged_document(descent: Descent) -> Document:
    """Return the documents of a template and its bases merged into one, not checked."""
    merged: Document = {"variables": [], "steps": []}
    for source in descent:
        merged = _merged(merged, source.document, source.path)
    for variable in merged["variables"]:
        variable["type"] = variable.get("type") or "string"
    return merged


def line_of_descent(source: Source) -> Descent:
    """Return a file of a template and those that it extends, the first base first."""
    names = [source.document["name"]]
    descent = [source]
    while descent[0].document.get("extends"):
        path = descent[0].path
        wanted = versions.wanted(descent[0].document["extends"])
        names.append(wanted.name)
        if wanted.name in names[:-1]:
            raise _extends_error(path, " forms a cycle: {}".format(" -> ".join(names)))
        try:
            base = files.find(wanted.name, descent[0])
        except UsageError as error:
            raise _extends_error(path, ": {}".format(error)) from error
        if base is None:
            known = [each.name for each in files.find_all()[0]]
            hint = did_you_mean(wanted.name, known)
            raise _extends_error(path, ": no template {!r}{}".format(wanted.name, hint))
        descent.insert(0, files.read(base))
        problem = wanted.problem or wanted.missed_by(versions.version_of(descent[0].document))
        if problem:
            raise _extends_error(path, ": {} ({})".format(problem, base.path))
    _check_requirements(descent)
    return descent


def _check_requirements(descent: Descent) -> None:
    """Raise ``UsageError`` with everything that the files need and this installation has not."""
    unmet = [
        LocatedError(source.path, files.place_in(source.path, ("requires",)), problem)
        for source in descent
        for problem in versions.unmet(source.document)
    ]
    if unmet:
        told = [unmet[0].told] + [str(one) for one in unmet[1:]]
        raise LocatedError(unmet[0].path, unmet[0].place, "; ".join(told))


def _extends_error(path: str, problem: str) -> UsageError:
    return LocatedError(path, files.place_in(path, ("extends",)), "extends" + problem)


def stated(
    merged: Document, descent: Descent, part: line_numbers.Path
) -> Tuple[str, line_numbers.Path]:
    """Return the file that a part of the merged document comes from, and its path in there.

    It is the last file that sets the part. An error in a default may be due to another field of the
    variable, such as its type; then the last file that sets one of these is returned.
    """
    if part and part[0] in _BY_NAME and len(part) > 1:
        key, fields = str(part[0]), part[2:3]
        fields = _FIELDS_OF_DEFAULT if fields == ("default",) else fields
        entry = merged[key][part[1]]
        names = [entry["name"]] + list(entry.get("aliases") or [])
        for source in reversed(descent):
            for i, own in enumerate(source.document[key]):
                set_here = [name for name in fields if name in own]
                if own["name"] in names and (set_here or not fields):
                    return source.path, (key, i) + tuple(set_here[:1]) + tuple(part[3:])
    elif part:
        for source in reversed(descent):
            if part[0] in source.document and _has(source.document[part[0]], part[1:2]):
                return source.path, part
    return descent[-1].path, part


def _has(value: Any, part: line_numbers.Path) -> bool:
    return not part or (isinstance(value, dict) and part[0] in value)


def _merged(base: Document, child: Document, source: str) -> Document:
    merged = {key: value for key, value in base.items() if key not in _OWN}
    for key, value in child.items():
        if key in _MERGED:
            merged[key] = dict(base.get(key, {}), **value)
        elif key in _BY_NAME:
            merged[key] = _by_name(base[key], value, key, source)
        else:
            merged[key] = value
    return merged


def _by_name(base: List[Document], child: List[Document], key: str, source: str) -> List[Document]:
    """Return the entries of the base, with those of the child merged into them by name.

    A child's entry may also remove one of the base; new entries come last.
    """
    entries: Dict[str, Document] = {entry["name"]: dict(entry) for entry in base}
    aliases: Dict[str, str] = {
        alias: entry["name"] for entry in base for alias in entry.get("aliases") or []
    }
    for i, entry in enumerate(child):
        name = str(aliases.get(entry["name"], entry["name"]))
        if entry.get("remove") and name not in entries:
            said = "{}[{}] {!r}: there is nothing to remove{}"
            told = said.format(key, i, name, did_you_mean(name, entries))
            raise LocatedError(source, files.place_in(source, (key, i)), told)
        if entry.get("remove"):
            del entries[name]
        else:
            entries[name] = _changed(entries.get(name, {}), dict(entry, name=name))
    return list(entries.values())


def _changed(entry: Document, change: Document) -> Document:
    changed = dict(entry, **change)
    for key in ("metadata", "variables", "env"):
        if isinstance(entry.get(key), dict) and isinstance(change.get(key), dict):
            changed[key] = dict(entry[key], **change[key])
    changed.pop("remove", None)
    return changed


class Listing(NamedTuple):
    """The templates, as dicts, and an error message for each file that is broken."""

    templates: List[Dict[str, Any]]
    complaints: List[str]


def list_templates() -> Listing:
    """Return every template by name.

    Each is a dict with ``name``, ``description``, ``version``, ``author``, ``place`` and ``path``.
    """
    found, complaints = files.find_all()
    templates = []
    for each in found:
        try:
            template = load_found(each)
        except CoaiaError as error:
            complaints.append(str(error))
            continue
        templates.append(
            {
                "name": each.name,
                "description": template.description or "",
                "version": template.version,
                "author": template.author or "",
                "place": each.place,
                "path": each.path,
            }
        )
    return Listing(templates, complaints)
