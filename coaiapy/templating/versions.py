"""Versions of templates and of coaiapy, and the ranges of them that templates ask for.

A range is written as npm has it: ``^1``, ``~1.2``, ``>=0.8 <2``. A comma may stand for a space.
"""

import re
from typing import Any, Iterable, List, NamedTuple, Optional

from coaiapy.templating.document import Document
from coaiapy.util.packages import require

# Of a template that does not say its version.
DEFAULT = "1.0"


class Wanted(NamedTuple):
    """The template that another one extends: its name, and the range its version must be in."""

    name: str
    range: str

    @property
    def problem(self) -> str:
        """What is wrong with the range, or an empty text."""
        return range_problem(self.range) if self.range else ""

    def missed_by(self, version: str) -> str:
        """Return how a template of this ``version`` is not what is wanted, or an empty text."""
        if not self.range or satisfies(version, self.range):
            return ""
        return "{} is needed, but its version is {}".format(written(self), version)


def wanted(extends: str) -> Wanted:
    """Return what the text of ``extends`` asks for: ``base`` or ``base@^1``."""
    name, _, range_ = extends.partition("@")
    return Wanted(name, range_.strip())


def written(one: Wanted) -> str:
    """Return what a template asks for as it is written in its file."""
    return "@".join(filter(None, one))


def version_of(document: Document) -> str:
    """Return the version of a template by its document."""
    return str(document.get("version", DEFAULT))


def satisfies(version: str, range_: str) -> bool:
    """Tell whether a version, which may be short (``1.0``), is in a valid range.

    A version that is none, such as a date in words, is in no range but ``*``.
    """
    semantic: Any = require("semantic_version")
    try:
        return bool(semantic.Version.coerce(version) in _parsed(range_))
    except ValueError:
        return range_ == "*"


def version_problem(version: str) -> str:
    """Return why a version is not semantic, or an empty text; a short one (``1.0``) is."""
    semantic: Any = require("semantic_version")
    numbers = re.match(r"\d+(?:\.\d+){0,2}(?=[-+]|\Z)", version)
    if numbers:
        missing = ".0" * (2 - numbers.group().count("."))
        if semantic.validate(numbers.group() + missing + version[numbers.end() :]):
            return ""
    return "{!r} is not a semantic version: write it as 1.2.0".format(version)


def newest(tags: Iterable[str], range_: str) -> Optional[str]:
    """Return the tag, such as ``v1.2.3``, of the highest version in a valid range, if there is one."""
    semantic: Any = require("semantic_version")
    wanted = _parsed(range_)
    found = {}
    for tag in tags:
        number = tag[1:] if tag.startswith("v") else tag
        if len(number) <= 100 and semantic.validate(number):
            found[semantic.Version(number)] = tag
    inside = [version for version in found if version in wanted]
    return found[max(inside)] if inside else None


def range_problem(range_: str) -> str:
    """Return what is wrong with a range, or an empty text."""
    try:
        _parsed(range_)
    except ValueError:
        return "{!r} is not a range of versions: write it as ^1, ~1.2 or >=1.2 <3".format(range_)
    return ""


def _parsed(range_: str) -> Any:
    semantic: Any = require("semantic_version")
    if len(range_) > 100:
        raise ValueError("too long")
    return semantic.NpmSpec(" ".join(range_.replace(",", " ").split()))


def unmet(document: Document) -> List[str]:
    """Return which of its ``requires`` this installation does not meet."""
    from coaiapy import __version__

    range_ = (document.get("requires") or {}).get("coaiapy")
    if not range_:
        return []
    problem = range_problem(range_)
    if problem:
        return ["requires.coaiapy: " + problem]
    if satisfies(__version__, range_):
        return []
    return ["requires.coaiapy: {} is needed, but this is coaiapy {}".format(range_, __version__)]
