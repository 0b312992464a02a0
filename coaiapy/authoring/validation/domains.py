"""The values that variables can have, as far as it matters for a template."""

import itertools
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence

from coaiapy.templating.document import convert, value_problem
from coaiapy.templating.model import PipelineVariable, placeholders_of
from coaiapy.templating.render import FALSE_TEXTS

# A whole number with limits has all its values tried if these are no more.
_MOST_NUMBERS = 50
_MOST_CHOICES_OF_A_LIST = 6
_FRESH = "any other text"


def all_values(
    variable: PipelineVariable, literals: Optional[List[Any]] = None
) -> Optional[List[Any]]:
    """Return values of a variable such that no other gives another result, ``None`` if not known.

    ``literals`` are those that it is compared with, if nothing else is done with it.
    """
    values = _listed_values(variable)
    if values is None and literals is not None:
        values = _told_apart(variable, literals)
    if values is None:
        return None
    if not variable.required and variable.default is None:
        return values + [None]
    return values


def _listed_values(variable: PipelineVariable) -> Optional[List[Any]]:
    """Return all values, if there are few."""
    if variable.choices and variable.type == "list":
        few = variable.choices[:_MOST_CHOICES_OF_A_LIST]
        if len(few) < len(variable.choices):
            return None
        counts = range(len(few) + 1)
        return [list(some) for n in counts for some in itertools.combinations(few, n)]
    if variable.choices:
        return [one for one in map(variable_value(variable), variable.choices) if one is not None]
    if variable.type == "boolean":
        return [True, False]
    least, most = variable.minimum, variable.maximum
    if variable.type == "integer" and least is not None and most is not None:
        numbers = range(-int(-least // 1), int(most // 1) + 1)
        return list(numbers) if len(numbers) <= _MOST_NUMBERS else None
    return None


def variable_value(variable: PipelineVariable) -> Callable[[Any], Any]:
    """Return what converts a choice to the type of its variable, to ``None`` if it is of another."""

    def value(choice: Any) -> Any:
        try:
            return convert(choice, variable.type)
        except ValueError:
            return None

    return value


def _told_apart(variable: PipelineVariable, literals: List[Any]) -> Optional[List[Any]]:
    """Return a value for each case that comparisons with ``literals`` can tell apart."""
    if variable.type == "string":
        texts = {one for one in literals if isinstance(one, str)}
        return sorted({_FRESH, *FALSE_TEXTS, *texts}.union(one + "\0" for one in texts))
    if variable.type not in ("number", "integer"):
        return None
    points = {one for one in literals if isinstance(one, (int, float))}
    points.update(one for one in (variable.minimum, variable.maximum, 0) if one is not None)
    ordered = sorted(points)
    between = [(one + other) / 2 for one, other in zip(ordered, ordered[1:])]
    around = [near for one in ordered for near in (one - 1, one, one + 1)]
    values = sorted(set(around + between))
    if variable.type == "integer":
        values = sorted({int(one // 1) for one in values})
    return [one for one in values if not value_problem(one, variable._asdict())]


def combinations(domains: Dict[str, List[Any]], most: int) -> Iterator[Dict[str, Any]]:
    """Yield the combinations of values; if there are more than ``most``, one varies at a time."""
    count = 1
    for values in domains.values():
        count *= len(values)
    if count <= most:
        for chosen in itertools.product(*domains.values()):
            yield dict(zip(domains, chosen))
        return
    yield {}
    for name, values in domains.items():
        for value in values[:most]:
            yield {name: value}


def stand_ins(variables: Sequence[PipelineVariable]) -> Dict[str, Any]:
    """Return a value for each variable that has to be given; a list has two items."""
    values = placeholders_of(variables)
    for variable in variables:
        if variable.type == "list" and variable.name in values and not variable.choices:
            values[variable.name] = ["<{} {}>".format(variable.name, n) for n in (1, 2)]
    return values
