"""Renders a template with the values of its variables: the fields of the trace and of its steps.

First the steps are planned: conditions, loops, and each step's parent.
"""

from typing import Any, Dict, List, Mapping, NamedTuple, Optional

from coaiapy.errors import UsageError
from coaiapy.langfuse.records.fields import checked
from coaiapy.langfuse.records.records import Trace, trace_from
from coaiapy.templating.document import without_nulls
from coaiapy.templating.expressions.bounds import shown
from coaiapy.templating.language import Language, TemplateError
from coaiapy.templating.model import PipelineStep, PipelineTemplate, all_variables, names_of
from coaiapy.util import times
from coaiapy.util.text.wording import did_you_mean

MAX_STEPS = 10000
FALSE_TEXTS = ("", "false", "0", "no", "off", "none", "null")
_TRACE_TEXTS = ("name", "environment", "release", "version")
_STEP_TEXTS = ("level", "status_message", "model")
_STEP_DATA = ("model_parameters", "usage", "input", "output")


class Plan(NamedTuple):
    """One step, or one turn of a step's loop.

    ``name`` and ``parent`` are rendered, ``names`` are the variables for rendering its other texts,
    ``where`` is the beginning of an error about it. ``kept`` is false if the step is not made,
    because its condition is false or its loop has no items.
    """

    step: PipelineStep
    where: str
    name: str
    parent: Optional[str]
    names: Mapping[str, Any]
    kept: bool = True


class ClashError(TemplateError):
    """Steps that cannot stand together, because of a ``field`` of one of them."""

    def __init__(self, plan: Plan, field: str, told: str) -> None:
        super().__init__("{}{}: {}".format(plan.where, field, told))
        self.step, self.field, self.told = plan.step, field, told


class Placed(NamedTuple):
    """A step that is made, and the index of its parent in the list of those steps."""

    plan: Plan
    parent: Optional[int]


class _NotRun(Dict[str, Any]):
    """What steps have given, where none was run."""

    def __missing__(self, name: str) -> Any:
        raise TemplateError(
            "uses what the step {!r} gives, which only coaia pipeline run knows".format(name)
        )


def plan_steps(
    template: PipelineTemplate, values: Mapping[str, Any], language: Language
) -> List[Placed]:
    """Return the steps to make, in the template's order.

    Raises ``TemplateError`` if two steps get the same name, if a parent is missing, ambiguous or
    its own descendant, or if there are more than ``MAX_STEPS`` steps.
    """
    plans: List[Plan] = []
    names = dict({"steps": _NotRun()}, **values)
    for step in template.steps:
        plans.extend(expanded(template, step, names, language))
        if len(plans) > MAX_STEPS:
            raise TemplateError(
                "template {!r}: more than {} steps".format(template.name, MAX_STEPS)
            )
    named_parents = _named_parents(plans, language)
    kept = [i for i, plan in enumerate(plans) if plan.kept]
    position = {i: place for place, i in enumerate(kept)}
    placed = []
    for i in kept:
        parent = _kept_above(i, plans, named_parents)
        placed.append(Placed(plans[i], None if parent is None else position[parent]))
    return placed


def expanded(
    template: PipelineTemplate, step: PipelineStep, values: Mapping[str, Any], language: Language
) -> List[Plan]:
    """Return a plan for each observation that a step makes; see ``Plan.kept``."""
    where = "template {!r}, step {!r}, ".format(template.name, step.name)
    if step.for_each is None:
        return [_plan(template, step, where, values, language)]
    plans = []
    for i, item in enumerate(_items(step.for_each, where + "for_each", values, language)):
        names = dict(values, item=item, index=i, number=i + 1)
        plans.append(_plan(template, step, where, names, language))
    # A step whose loop has no items stays in the plan as "not made", so that its children find
    # its parent and become that one's children.
    return plans or [_left_out(step, where, values)]


def _items(for_each: Any, where: str, values: Mapping[str, Any], language: Language) -> List[Any]:
    if isinstance(for_each, str):
        items = language.expression(for_each, values, where)
    else:
        items = language.render(for_each, values, where)
    if not isinstance(items, list):
        raise TemplateError("{}: must give a list, not {!r}".format(where, items))
    if len(items) > MAX_STEPS:
        raise TemplateError("{}: gives more than {} items".format(where, MAX_STEPS))
    return items


def _plan(
    template: PipelineTemplate,
    step: PipelineStep,
    where: str,
    names: Mapping[str, Any],
    language: Language,
) -> Plan:
    if not _is_wanted(step.conditional, where + "conditional", names, language):
        return _left_out(step, where, names)
    name = shown(language.render(step.name, names, where + "name"))
    if not name.strip():
        raise TemplateError("{}name: is empty".format(where))
    parent = step.parent
    try:
        parent = shown(language.render(parent, names, where + "parent"))
    except TemplateError:
        # The parent is a looped step, named as in the file: its name has the loop's variables in
        # it, which cannot be rendered here. _named_parent accepts that if the loop has one item.
        if parent not in [each.name for each in template.steps]:
            raise
    return Plan(step, where, name, parent, names)


def _left_out(step: PipelineStep, where: str, names: Mapping[str, Any]) -> Plan:
    return Plan(step, where, step.name, step.parent, names, kept=False)


def _is_wanted(condition: Any, where: str, names: Mapping[str, Any], language: Language) -> bool:
    """Tell whether a condition is true."""
    if not isinstance(condition, str):
        return condition is None or bool(condition)
    return is_true(language.expression(condition, names, where) if condition.strip() else True)


def is_true(value: Any) -> bool:
    """Tell whether a rendered value is true; a text is false if it is one of ``FALSE_TEXTS``."""
    if isinstance(value, str):
        return value.strip().lower() not in FALSE_TEXTS
    return bool(value)


def _named_parents(plans: List[Plan], language: Language) -> List[Optional[int]]:
    """Return for each plan the index of its parent's plan, ``None`` without a parent.

    A parent is found by its rendered name, else by its name as the template has it.
    """
    by_name: Dict[str, int] = {}
    by_own_name: Dict[str, List[int]] = {}
    for i, plan in enumerate(plans):
        by_own_name.setdefault(plan.step.name, []).append(i)
        if not plan.kept:
            continue
        if plan.name in by_name:
            raise _doubled(plans[by_name[plan.name]], plan, language)
        by_name[plan.name] = i
    return [_named_parent(plan, plans, by_name, by_own_name) for plan in plans]


def _doubled(first: Plan, second: Plan, language: Language) -> TemplateError:
    """Return the error for two steps that get the same name.

    In the file their names differ, so that a variable has made them the same; the error names it.
    """
    texts = [plan.step.name for plan in (first, second)]
    why = "the step {!r} gets this name as well".format(texts[0])
    if first.step is second.step:
        why = "for_each gives two items this name"
        texts.append(second.step.for_each)
    used = language.names_in(texts, second.where + "name")
    names = sorted(used.intersection(second.names) - {"item", "index", "number"})
    hint = "; give {} another value".format(" or ".join(names)) if names else ""
    said = "{!r} occurs twice: {}{}".format(second.name, why, hint)
    return ClashError(second, "name", said)


def _named_parent(
    plan: Plan, plans: List[Plan], by_name: Dict[str, int], by_own_name: Dict[str, List[int]]
) -> Optional[int]:
    if not plan.parent:
        return None
    if plan.parent in by_name:
        return by_name[plan.parent]
    found = by_own_name.get(plan.parent) or by_own_name.get(plan.step.parent or "") or []
    kept = [i for i in found if plans[i].kept]
    if len(kept) > 1:
        names = ", ".join(repr(plans[i].name) for i in kept[:3])
        said = "{!r} is ambiguous: it can be {}".format(plan.parent, names)
        raise ClashError(plan, "parent", said)
    if found:
        return (kept or found)[0]
    hint = did_you_mean(plan.parent, by_name)
    raise ClashError(plan, "parent", "there is no step {!r}{}".format(plan.parent, hint))


def _kept_above(start: int, plans: List[Plan], parents: List[Optional[int]]) -> Optional[int]:
    """Return the nearest ancestor that is made: children of a step left out move up to it."""
    passed = {start}
    nearest = None
    parent = parents[start]
    while parent is not None:
        if parent in passed:
            raise ClashError(plans[start], "parent", "forms a cycle")
        passed.add(parent)
        if nearest is None and plans[parent].kept:
            nearest = parent
        parent = parents[parent]
    return nearest


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


def trace_for(
    template: PipelineTemplate, values: Mapping[str, Any], language: Language, trace_id: Any
) -> Trace:
    """Return the trace of a template; without ``trace_id`` it gets a new id."""
    return trace_from(
        dict(
            render_trace(template, values, language),
            id=trace_id,
            user_id=values.get("user_id"),
            session_id=values.get("session_id"),
        )
    )


def render_steps(
    template: PipelineTemplate, values: Mapping[str, Any], language: Language
) -> List[RenderedStep]:
    """Return the steps whose conditions are true, in the template's order.

    Raises ``TemplateError`` with the template, the step and the field.
    """
    return [
        render_step(template, placed.plan, placed.parent, language)
        for placed in plan_steps(template, names_of(template, values), language)
    ]


def render_step(
    template: PipelineTemplate, plan: Plan, parent: Optional[int], language: Language
) -> RenderedStep:
    """Return the fields of a planned step; ``TemplateError`` if one of them is wrong."""
    step = plan.step

    def render(value: Any, field: str) -> Any:
        return language.render(value, plan.names, plan.where + field)

    fields = {field: render(getattr(step, field), field) for field in _STEP_TEXTS + _STEP_DATA}
    others = without_nulls(render(step.variables, "variables"))
    for field in ("input", "output"):
        from_variables = others.pop(field, None)
        fields[field] = from_variables if fields[field] is None else fields[field]
    if step.run is not None and isinstance(step.output, str):
        fields["output"] = None  # it says how the output is to be read
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
