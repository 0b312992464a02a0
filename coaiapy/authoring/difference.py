"""What differs between two templates, by the names of their variables and steps."""

from typing import Any, Dict, Iterator, List, NamedTuple, Optional

from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.traces.figures.diff import change
from coaiapy.langfuse.traces.figures.diff_display import change_text
from coaiapy.templating.document import Document
from coaiapy.templating.model import PipelineTemplate
from coaiapy.util.text.wording import one_line

# What says nothing about what a template makes.
_LEFT_OUT = ("name", "created_at", "extends", "variables", "steps")
_CHANGED, _ONLY_A, _ONLY_B = "changed", "only in a", "only in b"


class Difference(NamedTuple):
    """What differs at a ``path``; ``change`` is what ``figures.diff.change`` returns."""

    path: str
    status: str
    change: Optional[Body]

    def text(self) -> str:
        """Return it in one line."""
        if self.change is None:
            return "{} {}".format("-" if self.status == _ONLY_A else "+", self.path)
        return "{}: {}".format(self.path, change_text(self.change))


def differences(a: PipelineTemplate, b: PipelineTemplate) -> List[Difference]:
    """Return what differs between two templates, each merged with those that it extends."""
    before, after = a.to_dict(), b.to_dict()
    found = list(_of_fields("", *[_without(one, _LEFT_OUT) for one in (before, after)]))
    for key, what in (("variables", "variable"), ("steps", "step")):
        found += _of_entries(what, before[key], after[key])
    return found


def _without(document: Document, fields: Any) -> Document:
    return {key: value for key, value in document.items() if key not in fields}


def _of_entries(what: str, before: List[Document], after: List[Document]) -> Iterator[Difference]:
    mine = {entry["name"]: entry for entry in before}
    others = {entry["name"]: entry for entry in after}
    for name, entry in mine.items():
        path = "{} {}".format(what, one_line(repr(name)))
        if name not in others:
            yield Difference(path, _ONLY_A, None)
        else:
            yield from _of_fields(path + ": ", entry, others[name])
    for name in others:
        if name not in mine:
            yield Difference("{} {}".format(what, one_line(repr(name))), _ONLY_B, None)
    orders = [[name for name in one if name in mine and name in others] for one in (mine, others)]
    if orders[0] != orders[1]:
        yield Difference("order of {}s".format(what), _CHANGED, change(*orders))


def _of_fields(path: str, before: Dict[str, Any], after: Dict[str, Any]) -> Iterator[Difference]:
    for key in list(before) + [key for key in after if key not in before]:
        mine, other = before.get(key), after.get(key)
        if isinstance(mine, dict) and isinstance(other, dict):
            yield from _of_fields("{}{}.".format(path, one_line(key)), mine, other)
        elif mine != other or isinstance(mine, bool) != isinstance(other, bool):
            changed = change(mine, other) or {"a": mine, "b": other}
            yield Difference(path + one_line(key), _CHANGED, changed)
