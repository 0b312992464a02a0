"""Lists all templates, with an error message for each that cannot be read."""

from typing import Any, Dict, List, NamedTuple

from coaiapy import template_files, template_inheritance
from coaiapy.errors import CoaiaError


class Listing(NamedTuple):
    """The templates, as dicts, and an error message for each file that is broken."""

    templates: List[Dict[str, Any]]
    complaints: List[str]


def list_templates() -> Listing:
    """Return every template by name.

    Each is a dict with ``name``, ``description``, ``version``, ``author``, ``place`` and ``path``.
    """
    found, complaints = template_files.find_all()
    templates = []
    for each in found:
        try:
            template = template_inheritance.load_found(each)
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
