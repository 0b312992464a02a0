"""What goes wrong for some values of variables: defaults, conditions, names that become the same."""

from typing import Any, Dict, Iterator, List, Optional, Tuple

from coaiapy.authoring.validation import domains
from coaiapy.authoring.validation.reading import Subject, is_taken_out
from coaiapy.authoring.validation.rules import Flaw
from coaiapy.templating.expressions import bounds
from coaiapy.templating.language import Language, TemplateError
from coaiapy.templating.model import (
    PipelineStep,
    PipelineTemplate,
    PipelineVariable,
    all_variables,
    names_of,
    resolve,
)
from coaiapy.templating.render import ClashError, is_true, new_language, render_steps
from coaiapy.util.text.wording import cut_repr

# The most combinations of values that are tried for a condition, and for a whole template.
_MOST_OF_A_CONDITION = 2000
_MOST_OF_A_TEMPLATE = 256


def flaws(subject: Subject) -> Iterator[Flaw]:
    """Yield what goes wrong for some values; the names in the expressions are known to be right."""
    wrong = list(_defaults(subject.template))
    yield from wrong
    language = new_language()
    for i, step in enumerate(subject.template.steps):
        if not is_taken_out(step.name):
            yield from _unreachable(subject.template, ("steps", i), step, language)
    if not wrong:
        yield from _clashes(subject.template)


def _defaults(template: PipelineTemplate) -> Iterator[Flaw]:
    """Yield the defaults that are wrong by themselves: they depend on nothing that must be given."""
    language = new_language()
    by_name = {name: one for one in all_variables(template) for name in [one.name] + one.aliases}
    for i, variable in enumerate(template.variables):
        for choice in variable.choices or []:
            as_item = variable._replace(type="string") if variable.type == "list" else variable
            if domains.variable_value(as_item)(choice) is None and variable.type != "list":
                message = "{} is not of the type {}".format(cut_repr(choice), variable.type)
                yield Flaw(("variables", i, "choices"), "default", message)
        if variable.default is None:
            continue
        used = _used_by(variable, by_name, language)
        if any(one.is_needed for one in used):
            continue
        alone = template._replace(variables=used)
        for problem in resolve(alone, {}, language=language).problems:
            own = "default of {!r}: ".format(variable.name)
            if problem.startswith(own):
                yield Flaw(("variables", i, "default"), "default", problem[len(own) :])


def _used_by(
    variable: PipelineVariable, by_name: Dict[str, PipelineVariable], language: Language
) -> List[PipelineVariable]:
    """Return a variable and those that its default uses, and theirs."""
    found = [variable]
    for one in found:
        for name in sorted(language.names_in(one.default, "default")):
            if name in by_name and by_name[name] not in found:
                found.append(by_name[name])
    return found


def _unreachable(
    template: PipelineTemplate, part: Any, step: PipelineStep, language: Language
) -> Iterator[Flaw]:
    if step.for_each == []:
        yield Flaw(part + ("for_each",), "condition", "has no items: the step is never made")
    if step.conditional is None or step.conditional is True:
        return
    said = "is never true: the step is never made"
    if step.conditional is False:
        yield Flaw(part + ("conditional",), "condition", said)
    elif step.conditional.strip():
        variables = _finite(template, step.conditional, language)
        if variables is not None and _is_never_true(template, step, variables):
            yield Flaw(part + ("conditional",), "condition", said)


def _finite(
    template: PipelineTemplate, condition: str, language: Language
) -> Optional[Dict[str, List[Any]]]:
    """Return the values to try for each variable of a condition, ``None`` if these are not all."""
    literals = language.literals(condition)
    by_name = {name: one for one in all_variables(template) for name in [one.name] + one.aliases}
    found: Dict[str, List[Any]] = {}
    for name in language.names_in_expression(condition, "condition"):
        values = domains.all_values(by_name[name], literals) if name in by_name else None
        if values is None:
            return None
        found[by_name[name].name] = values
    return found


def _is_never_true(
    template: PipelineTemplate,
    step: PipelineStep,
    variables: Dict[str, List[Any]],
) -> bool:
    language = new_language()
    count = 1
    for values in variables.values():
        count *= len(values)
    if count > _MOST_OF_A_CONDITION:
        return False
    nothing: Dict[str, Any] = {one.name: None for one in all_variables(template)}
    for chosen in domains.combinations(variables, _MOST_OF_A_CONDITION):
        names = names_of(template, dict(nothing, **chosen))
        try:
            if is_true(language.expression(step.conditional, names, "condition")):
                return False
        except TemplateError:
            return False
    return True


def _clashes(template: PipelineTemplate) -> Iterator[Flaw]:
    """Yield what goes wrong with the defaults, and with the choices that change which steps are made.

    Where something must be given that is not known, an expression may fail only because of what
    stands in for it; that steps cannot stand together is certain all the same.
    """
    language = new_language()
    given = domains.stand_ins(template.variables)
    tried: List[Tuple[Dict[str, Any], Optional[Flaw]]] = []
    for chosen in domains.combinations(_choices(template), _MOST_OF_A_TEMPLATE):
        values = resolve(template, dict(given, **chosen), language=language)
        if values.problems:
            continue
        try:
            render_steps(template, values.values, language)
            tried.append((chosen, None))
        except TemplateError as error:
            if isinstance(error.__cause__, bounds.TooMuch) and tried:
                break  # many combinations together take long
            tried.append((chosen, _flaw_of(template, error, bool(given), language)))
    told = set()
    for chosen, flaw in tried:
        if flaw and flaw.part not in told:
            told.add(flaw.part)
            matters = any(other is None or other.part > flaw.part for _, other in tried)
            yield flaw._replace(message=flaw.message + (_witness(chosen) if matters else ""))


def _choices(template: PipelineTemplate) -> Dict[str, List[Any]]:
    known = {one.name: domains.all_values(one) for one in template.variables}
    return {
        name: [value for value in values if value is not None]
        for name, values in known.items()
        if values is not None
    }


def _witness(chosen: Dict[str, Any]) -> str:
    told = ", ".join("{} = {}".format(name, cut_repr(value)) for name, value in chosen.items())
    return " (with {})".format(told) if told else ""


def _flaw_of(
    template: PipelineTemplate, error: TemplateError, is_given: bool, language: Language
) -> Optional[Flaw]:
    """Return the flaw that an error shows, ``None`` if it may be due to what stands in for a value."""
    if isinstance(error, ClashError):
        part = ("steps", template.steps.index(error.step), error.field)
        used = language.names_in([error.step.parent, error.step.name], "name")
        needed = {one.name for one in template.variables if one.is_needed}
        if error.field == "parent" and used & needed:
            return None
        return Flaw(part, "same-name" if error.field == "name" else "parent", error.told)
    runs = any(step.run is not None for step in template.steps)
    return None if is_given or runs else Flaw(("steps",), "fails", str(error))
