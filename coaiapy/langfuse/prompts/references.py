"""References of prompts to others: ``@@@langfusePrompt:name=team/rules|label=production@@@``.

A server puts the other prompt's text in their place when the prompt is fetched.
"""

import re
from typing import Dict, Iterator, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

from coaiapy.errors import UsageError
from coaiapy.util.text.parsing import whole_number

# How deep a server follows references.
DEEPEST = 5
# Characters of a text with those that it refers to.
LARGEST = 10**7
_TAG = re.compile(r"@@@langfusePrompt:(?:([^\n]*?)@@@)?")


class Reference(NamedTuple):
    """A reference in a text: the prompt's name, and the version or label that is meant.

    ``start`` and ``end`` are its offsets. ``problem`` says what is wrong with how it is written.
    """

    name: str
    version: Optional[int]
    label: Optional[str]
    start: int
    end: int
    problem: str = ""

    @property
    def selector(self) -> str:
        """The version or label in words."""
        return "version {}".format(self.version) if self.version else "label {}".format(self.label)


def references_in(text: str) -> Iterator[Reference]:
    """Yield the references in a text."""
    for found in _TAG.finditer(text):
        yield _reference(found.group(1), found.start(), found.end())


def _reference(inside: Optional[str], start: int, end: int) -> Reference:
    if inside is None:
        return Reference("", None, None, start, end, "the reference does not end with @@@")
    given = dict(part.split("=", 1) for part in inside.split("|") if "=" in part)
    version = whole_number(given["version"]) if "version" in given else None
    name, label = given.get("name", "").strip(), given.get("label")
    is_good = name and set(given) <= {"name", "version", "label"}
    if not is_good or bool(label) == bool(version and version > 0):
        problem = (
            "the reference {!r} is not of the form name=NAME|version=N or name=NAME|label="
            "LABEL".format(inside)
        )
        return Reference(name, None, None, start, end, problem)
    return Reference(name, version, label, start, end)


def resolved(text: str, texts: Mapping[str, str]) -> str:
    """Return a text with those of other prompts, by name, in the place of references.

    A reference to none of them, or too deep, is left as it is. Raises ``UsageError`` if the text
    becomes too large.
    """
    known: Dict[Tuple[str, int], str] = {}

    def inside(name: str, steps: int) -> str:
        if (name, steps) not in known:
            known[name, steps] = filled(texts[name], steps)
        return known[name, steps]

    def filled(outer: str, steps: int) -> str:
        parts, end, size = [], 0, 0
        for one in references_in(outer):
            if steps and not one.problem and one.name in texts:
                parts += [outer[end : one.start], inside(one.name, steps - 1)]
                end, size = one.end, size + len(parts[-1])
            if size > LARGEST:
                raise UsageError("a prompt is too large with what it refers to")
        return "".join(parts) + outer[end:]

    return filled(text, DEEPEST)


class Links:
    """Which prompts refer to which others, by name."""

    def __init__(self, targets: Mapping[str, Sequence[str]]) -> None:
        self._targets = targets
        self._deep = self._too_deep()

    def problem(self, name: str, target: str) -> str:
        """Return what is wrong with a reference of the prompt ``name`` to ``target``, or nothing."""
        if name in self._reached(target):
            return "{!r} refers to itself by way of {!r}".format(name, target)
        if target in self._deep:
            return "references go on for more than {} steps from here".format(DEEPEST)
        return ""

    def _reached(self, target: str) -> Set[str]:
        seen = {target}
        waiting = [target]
        while waiting:
            new = set(self._targets.get(waiting.pop(), ())) - seen
            seen |= new
            waiting.extend(new)
        return seen

    def _too_deep(self) -> Set[str]:
        """Return the prompts that references lead on from for ``DEEPEST`` steps or more."""
        deep = set(self._targets)
        for _ in range(DEEPEST):
            deep = {name for name, targets in self._targets.items() if not deep.isdisjoint(targets)}
        return deep
