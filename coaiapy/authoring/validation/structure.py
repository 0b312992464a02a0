"""Parents and needs of steps: what names no step, and what leads in a circle, whatever the values."""

import re
from typing import Dict, Iterator, List, Optional, Set, Tuple

from coaiapy.authoring.validation.reading import Subject, is_taken_out
from coaiapy.authoring.validation.rules import Flaw
from coaiapy.templating.document import TAGS, has_expression
from coaiapy.util.text.wording import did_you_mean

# The names of a circle that are told.
_MOST_TOLD = 10
Ends = Tuple[str, str]


def flaws(subject: Subject) -> Iterator[Flaw]:
    """Yield what is wrong with the parents and needs of steps."""
    steps = subject.template.steps
    names = [step.name for step in steps]
    ends = {name: _ends(name) for name in names}
    first = {name: i for i, name in reversed(list(enumerate(names)))}
    above: Dict[int, List[int]] = {}
    needed: Dict[int, List[int]] = {}
    for i, step in enumerate(steps):
        needs = [step.needs] if isinstance(step.needs, str) else step.needs
        for field, wanted in (("parent", [step.parent or ""]), ("needs", needs or [])):
            for name in wanted:
                if name and name not in first and not _can_be_one_of(name, ends):
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
            way = " -> ".join(_cut([names[i] for i in circle + [start]]))
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


def _cut(names: List[str]) -> List[str]:
    return names if len(names) <= _MOST_TOLD else names[: _MOST_TOLD - 2] + ["...", names[-1]]


def _can_be_one_of(name: str, ends: Dict[str, Optional[Ends]]) -> bool:
    """Tell whether a name can be another one once the expressions in both have values.

    That is known only of what stands before and after these.
    """
    own = _ends(name)
    for other, its in ends.items():
        if is_taken_out(other):
            return True
        if own is None and its is None:
            continue
        (head, tail), (its_head, its_tail) = own or (name, name), its or (other, other)
        heads_agree = head.startswith(its_head) or its_head.startswith(head)
        if heads_agree and (tail.endswith(its_tail) or its_tail.endswith(tail)):
            return True
    return False


def _ends(name: str) -> Optional[Ends]:
    """Return what stands before and after the expressions in a name, ``None`` if it has none."""
    if not has_expression(name):
        return None
    parts = re.split(TAGS, name)
    return parts[0], parts[-1]
