"""The classes for templates that scripts of earlier releases import from ``coaiapy.pipeline``."""

from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional

from coaiapy.templating import files as template_files
from coaiapy.templating import inheritance
from coaiapy.templating.inheritance import list_templates
from coaiapy.templating.model import PipelineTemplate, checked_values, no_environment
from coaiapy.templating.render import new_language, render_steps

if TYPE_CHECKING:
    from pathlib import Path


class TemplateLoader:
    """Finds, reads and saves templates; for scripts."""

    def list_templates(self, include_path: bool = False) -> List[Dict[str, Any]]:
        """Return each template as a dict: ``name``, ``description``, ``version``, ``author``.

        ``include_path`` adds ``path``. Broken files are left out; ``pipeline.list_templates``
        reports them.
        """
        keys = ["name", "description", "version", "author"] + (["path"] if include_path else [])
        return [{key: listed[key] for key in keys} for listed in list_templates().templates]

    def load_template(self, name: str) -> Optional[PipelineTemplate]:
        """Return the template merged with those it extends, or ``None`` if there is none.

        Raises ``StateError`` if its file is broken and ``UsageError`` for an invalid name.
        """
        found = template_files.find(name)
        return inheritance.load_found(found) if found else None

    def save_template(
        self, template: PipelineTemplate, location: str = "user", format: str = "json"
    ) -> "Path":
        """Save a template in the folder of the ``user`` or the ``project``; return its path."""
        from pathlib import Path

        from coaiapy.util import times

        document = template._replace(created_at=template.created_at or times.now()).to_dict()
        return Path(template_files.write(document, template.name, location, format, True))


class TemplateRenderer:
    """Renders templates into plain dicts; for scripts."""

    def render_template(
        self, template: PipelineTemplate, variables: Mapping[str, Any]
    ) -> List[Dict[str, Any]]:
        """Return a dict for each step: ``name``, ``type``, ``description``, ``variables`` (with
        ``input`` and ``output``), ``metadata`` and, if it has one, ``parent`` (its name).

        Raises ``ValueError`` for missing or wrong variables.
        """
        language = new_language()
        values = checked_values(template, variables, no_environment, language)
        steps = render_steps(template, values, language)
        rendered = []
        for step in steps:
            own = {key: step.fields[key] for key in ("input", "output") if key in step.fields}
            entry = {
                "name": step.name,
                "type": step.type,
                "description": step.description,
                "variables": dict(step.others, **own),
                "metadata": step.fields["metadata"],
            }
            if step.parent is not None:
                entry["parent"] = steps[step.parent].name
            rendered.append(entry)
        return rendered
