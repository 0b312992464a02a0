"""Parents and needs of steps: what names no step, and what leads in a circle, whatever the values."""

import re
from typing import Any, Dict, Iterator, List, Optional, Set

from coaiapy.authoring.validation.reading import Subject, is_taken_out
from coaiapy.authoring.validation.rules import Flaw
from coaiapy.templating.document import TAGS, has_expression
from coaiapy.util.text import did_you_mean


def flaws(subject: Subject) -> Iterator[Flaw]:
    """Yield what is wrong with the parents and needs of steps."""
    steps = subject.template.steps
    names = [step.name for step in steps]
    first = {name: i for i, name in reversed(list(enumerate(names)))}
    above: Dict[int, List[int]] = {}
    needed: Dict[int, List[int]] = {}
    for i, step in enumerate(steps):
        needs = [step.needs] if isinstance(step.needs, str) else step.needs
        for field, wanted in (("parent", [step.parent or ""]), ("needs", needs or [])):
            for name in wanted:
                if name and not any(_can_be_same(name, other) for other in names):
                    message = "there is no step {!r}{}".format(name, did_you_mean(name, names))
                    yield Flaw(("steps", i, field), field, message)
        above[i] = [first[step.parent]] if step.parent in first else []
        own = needs if needs is not None else names[max(i - 1, 0) : i]
        needed[i] = [first[name] for name in own if name in first]
        if step.for_each is not None and i in needed[i]:
            needed[i].remove(i)  # the items of a loop wait for one another
    yield from _circles(names, above, "parent")
    yield from _circles(names, needed, "needs")


def _circles(names: List[str], leads: Dict[int, List[int]], field: str) -> Iterator[Flaw]:
    """Yield a flaw for each circle, at the first of its steps."""
    told: Set[int] = set()
    for start in sorted(leads):
        circle = _way_back(start, leads) if start not in told else None
        if circle:
            told.update(circle)
            way = " -> ".join(names[i] for i in circle + [start])
            yield Flaw(("steps", start, field), field, "forms a circle: {}".format(way))


def _way_back(start: int, leads: Dict[int, List[int]]) -> Optional[List[int]]:
    """Return the shortest way that leads from ``start`` back to it, ``None`` if there is none."""
    ways = [[start]]
    seen: Set[int] = set()
    while ways:
        way = ways.pop(0)
        for following in leads[way[-1]]:
            if following == start:
                return way
            if following not in seen:
                seen.add(following)
                ways.append(way + [following])
    return None


def _can_be_same(one: str, other: str) -> bool:
    """Tell whether two names can be the same once the expressions in them have values."""
    if is_taken_out(other):
        return True
    if not has_expression(one) and not has_expression(other):
        return one == other
    ends: List[Any] = [(re.split(TAGS, name)[0], re.split(TAGS, name)[-1]) for name in (one, other)]
    (head, tail), (other_head, other_tail) = ends
    return (head.startswith(other_head) or other_head.startswith(head)) and (
        tail.endswith(other_tail) or other_tail.endswith(tail)
    )
