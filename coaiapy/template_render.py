"""Renders a template with the values of its variables: the fields of the trace and of its steps."""

from typing import Any, Dict, List, Mapping, NamedTuple, Optional

from coaiapy.errors import UsageError
from coaiapy.langfuse.records.fields import checked
from coaiapy.template_bounds import shown
from coaiapy.template_document import without_nulls
from coaiapy.template_language import Language, TemplateError
from coaiapy.template_model import PipelineTemplate
from coaiapy.template_plan import Plan, plan_steps
from coaiapy.template_variables import all_variables, names_of
from coaiapy.util import times

_TRACE_TEXTS = ("name", "environment", "release", "version")
_STEP_TEXTS = ("level", "status_message", "model")
_STEP_DATA = ("model_parameters", "usage", "input", "output")


class RenderedStep(NamedTuple):
    """The checked fields of one observation, and the index of its parent in the list of steps.

    ``others`` are the step's variables other than input and output.
    """

    name: str
    type: str
    parent: Optional[int]
    fields: Dict[str, Any]
    others: Dict[str, Any]
    description: Optional[str] = None


def new_language() -> Language:
    """Return the template language with the functions that templates may call."""
    return Language({"uuid4": _uuid4, "now": _moment, "timestamp": _moment})


def render_trace(
    template: PipelineTemplate, values: Mapping[str, Any], language: Language
) -> Dict[str, Any]:
    """Return the checked fields of the trace under the names of ``records.Trace``."""
    names = names_of(template, values)
    where = "template {!r}, trace.".format(template.name)

    def render(value: Any, field: str) -> Any:
        return language.render(value, names, where + field)

    fields = {field: render(value, field) for field, value in template.trace.items()}
    fields = _as_text(without_nulls(fields), _TRACE_TEXTS)
    if isinstance(fields.get("tags"), list):
        fields["tags"] = [shown(tag) for tag in fields["tags"] if tag not in (None, "")]
    fields["name"] = fields.get("name") or "Pipeline: " + template.name
    in_order = {variable.name: values[variable.name] for variable in all_variables(template)}
    tracked = dict(_origin(template), variables=without_nulls(in_order))
    fields["metadata"] = dict(tracked, **without_nulls(fields.get("metadata", {})))
    return _checked(fields, "trace", where)


def render_steps(
    template: PipelineTemplate, values: Mapping[str, Any], language: Language
) -> List[RenderedStep]:
    """Return the steps whose conditions are true, in the template's order.

    Raises ``TemplateError`` with the template, the step and the field.
    """
    return [
        _step(template, placed.plan, placed.parent, language)
        for placed in plan_steps(template, names_of(template, values), language)
    ]


def _step(
    template: PipelineTemplate, plan: Plan, parent: Optional[int], language: Language
) -> RenderedStep:
    step = plan.step

    def render(value: Any, field: str) -> Any:
        return language.render(value, plan.names, plan.where + field)

    fields = {field: render(getattr(step, field), field) for field in _STEP_TEXTS + _STEP_DATA}
    others = without_nulls(render(step.variables, "variables"))
    for field in ("input", "output"):
        from_variables = others.pop(field, None)
        fields[field] = from_variables if fields[field] is None else fields[field]
    description = render(step.description, "description")
    metadata = without_nulls(render(step.metadata, "metadata"))
    fields["metadata"] = dict(_tracked(template, description, others), **metadata)
    fields.update(name=plan.name, type=step.observation_type)
    fields = _checked(_as_text(without_nulls(fields), _STEP_TEXTS), "observation", plan.where)
    return RenderedStep(plan.name, fields["type"], parent, fields, others, description)


def _tracked(
    template: PipelineTemplate, description: Any, others: Mapping[str, Any]
) -> Dict[str, Any]:
    tracked = _origin(template)
    if description:
        tracked["description"] = description
    if others:
        tracked["variables"] = dict(others)
    return tracked


def _origin(template: PipelineTemplate) -> Dict[str, Any]:
    return {"template_name": template.name, "template_version": template.version}


def _as_text(fields: Dict[str, Any], names: Any) -> Dict[str, Any]:
    """Return the fields with those in ``names`` as text; an expression may give a number."""
    return {field: shown(value) if field in names else value for field, value in fields.items()}


def _checked(fields: Dict[str, Any], kind: str, where: str) -> Dict[str, Any]:
    try:
        return checked(fields, kind)
    except UsageError as error:
        raise TemplateError("{}{}".format(where, error)) from error


def _uuid4() -> str:
    import uuid

    return str(uuid.uuid4())


def _moment() -> str:
    return times.now()
