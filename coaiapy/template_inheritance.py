"""``extends``: a template is its base with what the child adds, changes and takes away."""

from typing import Dict, List, Tuple

from coaiapy import template_files
from coaiapy.errors import StateError, UsageError
from coaiapy.suggest import did_you_mean
from coaiapy.template_document import Document, checked_document
from coaiapy.template_files import Found
from coaiapy.template_model import PipelineTemplate, template_from

_MERGED = ("metadata", "trace")
_BY_NAME = ("variables", "steps")
_OWN = ("name", "created_at", "extends")


def load(name: str) -> PipelineTemplate:
    """Return the template ``name`` with all that it inherits.

    Raises ``UsageError`` for an impossible name, ``NotFoundError`` if there is no such template
    and ``StateError`` if its file or a base's file is broken, missing or its own base.
    """
    return load_found(template_files.need(name))


def load_found(found: Found) -> PipelineTemplate:
    """Return the template of one file with all that it inherits."""
    merged: Document = {"variables": [], "steps": []}
    for document, path in _line_of_descent(found):
        merged = _merged(merged, document, path)
    for variable in merged["variables"]:
        variable["type"] = variable.get("type") or "string"
    return template_from(checked_document(merged, found.path), found.path)


def _line_of_descent(found: Found) -> List[Tuple[Document, str]]:
    """The documents that make up a template with their paths, from the first base to itself."""
    names = [found.name]
    documents = [(template_files.read(found), found.path)]
    while documents[0][0].get("extends"):
        document, path = documents[0]
        wanted = document["extends"]
        names.append(wanted)
        if wanted in names[:-1]:
            raise StateError("{}: extends goes in a circle: {}".format(path, " -> ".join(names)))
        try:
            base = template_files.find(wanted)
        except UsageError as error:
            raise StateError("{}: extends: {}".format(path, error)) from error
        if base is None:
            known = [each.name for each in template_files.find_all()[0]]
            raise StateError(
                "{}: extends: no template {!r}{}".format(path, wanted, did_you_mean(wanted, known))
            )
        documents.insert(0, (template_files.read(base), base.path))
    return documents


def _merged(base: Document, child: Document, source: str) -> Document:
    merged = {key: value for key, value in base.items() if key not in _OWN}
    for key, value in child.items():
        if key in _MERGED:
            merged[key] = dict(base.get(key, {}), **value)
        elif key in _BY_NAME:
            merged[key] = _by_name(base[key], value, "{}: {}".format(source, key))
        else:
            merged[key] = value
    return merged


def _by_name(base: List[Document], child: List[Document], where: str) -> List[Document]:
    """Base entries in their order, changed field by field or taken away; then the new ones."""
    entries: Dict[str, Document] = {entry["name"]: dict(entry) for entry in base}
    aliases: Dict[str, str] = {
        alias: entry["name"] for entry in base for alias in entry.get("aliases") or []
    }
    for entry in child:
        name = str(aliases.get(entry["name"], entry["name"]))
        if entry.get("remove") and name not in entries:
            raise StateError(
                "{} {!r}: there is nothing to remove{}".format(
                    where, name, did_you_mean(name, entries)
                )
            )
        if entry.get("remove"):
            del entries[name]
        else:
            entries[name] = _changed(entries.get(name, {}), dict(entry, name=name))
    return list(entries.values())


def _changed(entry: Document, change: Document) -> Document:
    changed = dict(entry, **change)
    for key in ("metadata", "variables"):
        if isinstance(entry.get(key), dict) and isinstance(change.get(key), dict):
            changed[key] = dict(entry[key], **change[key])
    changed.pop("remove", None)
    return changed
