"""Which steps a template makes with given values: conditions, loops, and who hangs under whom."""

from typing import Any, Dict, List, Mapping, NamedTuple, Optional

from coaiapy.suggest import did_you_mean
from coaiapy.template_bounds import shown
from coaiapy.template_language import Language, TemplateError
from coaiapy.template_model import PipelineStep, PipelineTemplate

MAX_STEPS = 10000
_FALSE_TEXTS = ("", "false", "0", "no", "off", "none", "null")


class Plan(NamedTuple):
    """One step to make: its rendered name and parent, and the names its texts may use.

    ``kept`` is false for a step whose condition does not hold; it is not made.
    """

    step: PipelineStep
    where: str
    name: str
    parent: Optional[str]
    names: Mapping[str, Any]
    kept: bool = True


class Placed(NamedTuple):
    """A step that is made, and the position of its parent in the list of those steps."""

    plan: Plan
    parent: Optional[int]


def plan_steps(
    template: PipelineTemplate, values: Mapping[str, Any], language: Language
) -> List[Placed]:
    """Return the steps to make in the template's order.

    Raises ``TemplateError`` for a name that two steps have, and for a parent that no step or
    more than one step can be, or that is its own descendant.
    """
    plans: List[Plan] = []
    for step in template.steps:
        plans.extend(_expanded(template, step, values, language))
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


def _expanded(
    template: PipelineTemplate, step: PipelineStep, values: Mapping[str, Any], language: Language
) -> List[Plan]:
    where = "template {!r}, step {!r}, ".format(template.name, step.name)
    if step.for_each is None:
        return [_plan(template, step, where, values, language)]
    plans = []
    for i, item in enumerate(_items(step.for_each, where + "for_each", values, language)):
        names = dict(values, item=item, index=i, number=i + 1)
        plans.append(_plan(template, step, where, names, language))
    # A loop over nothing still tells its children whose children they become.
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
        # A step outside a loop may name one inside as the file does, if there is just one turn.
        if parent not in [each.name for each in template.steps]:
            raise
    return Plan(step, where, name, parent, names)


def _left_out(step: PipelineStep, where: str, names: Mapping[str, Any]) -> Plan:
    return Plan(step, where, step.name, step.parent, names, kept=False)


def _is_wanted(condition: Any, where: str, names: Mapping[str, Any], language: Language) -> bool:
    """A condition holds by its truth; one that comes out as text, by not saying no."""
    if not isinstance(condition, str):
        return condition is None or bool(condition)
    value = language.expression(condition, names, where) if condition.strip() else True
    if isinstance(value, str):
        return value.strip().lower() not in _FALSE_TEXTS
    return bool(value)


def _named_parents(plans: List[Plan], language: Language) -> List[Optional[int]]:
    """For each step the step that its ``parent`` names: by rendered name, else by its own."""
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
    """Two steps with one name: in the file their names differ, so a variable made them the same."""
    texts = [plan.step.name for plan in (first, second)]
    why = "the step {!r} gets this name as well".format(texts[0])
    if first.step is second.step:
        why = "for_each gives it to two items"
        texts.append(second.step.for_each)
    used = language.names_in(texts, second.where + "name")
    names = sorted(used.intersection(second.names) - {"item", "index", "number"})
    hint = "; give {} another value".format(" or ".join(names)) if names else ""
    return TemplateError(
        "{}name: {!r} is there twice: {}{}".format(second.where, second.name, why, hint)
    )


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
        raise TemplateError(
            "{}parent: {!r} is ambiguous: it can be {}".format(plan.where, plan.parent, names)
        )
    if found:
        return (kept or found)[0]
    hint = did_you_mean(plan.parent, by_name)
    raise TemplateError("{}parent: there is no step {!r}{}".format(plan.where, plan.parent, hint))


def _kept_above(start: int, plans: List[Plan], parents: List[Optional[int]]) -> Optional[int]:
    """The nearest step above that is made: what hung under one left out moves up."""
    passed = {start}
    nearest = None
    parent = parents[start]
    while parent is not None:
        if parent in passed:
            raise TemplateError("{}parent: goes in a circle".format(plans[start].where))
        passed.add(parent)
        if nearest is None and plans[parent].kept:
            nearest = parent
        parent = parents[parent]
    return nearest
