"""Finds everything that is wrong with templates and can be known without values of variables."""

from typing import Iterable, List

from coaiapy.authoring.validation import names, reading, structure, values
from coaiapy.templating.render import new_language
from coaiapy.util.formats.problems import Problem

# With these, an expression fails for a reason that is told already.
_FIRST = {"expression", "undefined-variable", "parent", "needs"}


def problems(paths: Iterable[str]) -> List[Problem]:
    """Return the problems of the template files at ``paths``, in the order of their places."""
    return sorted(problem for path in paths for problem in problems_of(path))


def problems_of(path: str) -> List[Problem]:
    """Return the problems of a template file, whatever is there in its place."""
    found, subject = reading.read(path)
    if subject is None:
        return found
    flaws = list(names.flaws(subject, new_language()))
    flaws += structure.flaws(subject)
    if not _FIRST.intersection(flaw.rule for flaw in flaws):
        flaws += values.flaws(subject)
    return found + [subject.problem(flaw) for flaw in flaws]
