"""Makes new templates to edit: a complete one, or one that extends another."""

from typing import Optional

from coaiapy.errors import UsageError
from coaiapy.templating import files, inheritance
from coaiapy.templating.document import Document
from coaiapy.templating.model import PipelineTemplate
from coaiapy.util import times


def starter(name: str) -> Document:
    """Return a small template that works without changes."""
    return {
        "name": name,
        "version": "1.0",
        "description": "What this pipeline is for",
        "author": "",
        "created_at": times.now(),
        "trace": {"name": "{{ title }}"},
        "variables": [
            {
                "name": "title",
                "type": "string",
                "required": False,
                "default": name,
                "description": "Name of the trace and of its first span",
            },
            {
                "name": "tasks",
                "type": "list",
                "required": False,
                "default": ["prepare", "run"],
                "description": "The tasks, one observation each",
            },
        ],
        "steps": [
            {
                "name": "{{ title }}",
                "observation_type": "SPAN",
                "description": "The whole pipeline",
                "input": {"tasks": "{{ tasks }}"},
            },
            {
                "name": "{{ item }}",
                "observation_type": "EVENT",
                "description": "One task",
                "for_each": "{{ tasks }}",
                "parent": "{{ title }}",
                "input": {"number": "{{ number }}"},
            },
        ],
    }


def child(name: str, base: PipelineTemplate) -> Document:
    """Return a template that extends ``base`` and overrides the default of one variable."""
    variables = []
    for variable in base.variables:
        if variable.default is not None:
            about = "Change the default here; {} says: {}".format(
                base.name, variable.description or variable.name
            )
            entry = {"name": variable.name, "default": variable.default, "description": about}
            variables.append(entry)
            break
    return {
        "name": name,
        "version": "1.0",
        "description": "{} for {}".format(base.name, name),
        "author": "",
        "created_at": times.now(),
        "extends": base.name,
        "variables": variables,
        "steps": [],
    }


def init(
    name: str,
    base: Optional[str] = None,
    location: str = "user",
    format: str = "json",
    replace: bool = False,
) -> str:
    """Write a new template ``name``, a child of ``base`` if one is given; return its path.

    Raises ``StateError`` if there is one already and ``replace`` is false.
    """
    files.check_name(name)
    if base == name:
        raise UsageError(
            "a template cannot extend itself: choose another name than {}".format(base)
        )
    document = child(name, inheritance.load(base)) if base else starter(name)
    return files.write(document, name, location, format, replace)
