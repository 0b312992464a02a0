"""Templates as earlier releases offer them: the classes that ``coaiapy.pipeline`` exports."""

from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional

from coaiapy import template_files, template_inheritance
from coaiapy.template_listing import list_templates
from coaiapy.template_model import PipelineTemplate
from coaiapy.template_render import new_language, render_steps
from coaiapy.template_variables import checked_values, no_environment

if TYPE_CHECKING:
    from pathlib import Path


class TemplateLoader:
    """Finds, reads and saves templates, under the names that scripts import."""

    def list_templates(self, include_path: bool = False) -> List[Dict[str, Any]]:
        """Return ``name``, ``description``, ``version``, ``author`` (and ``path``) of each.

        Broken files are left out; ``pipeline.list_templates`` tells them too.
        """
        keys = ["name", "description", "version", "author"] + (["path"] if include_path else [])
        return [{key: listed[key] for key in keys} for listed in list_templates().templates]

    def load_template(self, name: str) -> Optional[PipelineTemplate]:
        """Return the template with all that it inherits, or ``None`` if there is none.

        Raises ``StateError`` if its file is broken and ``UsageError`` for an impossible name.
        """
        found = template_files.find(name)
        return template_inheritance.load_found(found) if found else None

    def save_template(
        self, template: PipelineTemplate, location: str = "user", format: str = "json"
    ) -> "Path":
        """Write a template into the ``user``'s or the ``project``'s folder; return its path."""
        from pathlib import Path

        from coaiapy import times

        document = template._replace(created_at=template.created_at or times.now()).to_dict()
        return Path(template_files.write(document, template.name, location, format, True))


class TemplateRenderer:
    """Renders templates into plain dicts, under the names that scripts import."""

    def render_template(
        self, template: PipelineTemplate, variables: Mapping[str, Any]
    ) -> List[Dict[str, Any]]:
        """Return for each step ``name``, ``type``, ``description``, ``variables`` (with
        ``input`` and ``output``), ``metadata`` and, if it has one, ``parent`` (its name).

        Raises ``ValueError`` when the variables do not fit.
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
