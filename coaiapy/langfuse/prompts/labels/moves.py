"""Moves a label of a prompt from one version to another: a promotion, or a rollback.

A move is planned first, so that somebody can look at the difference. Where the labels were then is
looked at again right before the write; servers have no way to do both at once, so that the label is
looked at once more after it.
"""

from typing import NamedTuple, Optional, Sequence

from coaiapy.config.settings import Settings
from coaiapy.errors import CoaiaError, NotFoundError, UsageError
from coaiapy.langfuse.client.errors import WrongDialectError
from coaiapy.langfuse.prompts.content import LATEST, check_labels
from coaiapy.langfuse.prompts.display import version_diff
from coaiapy.langfuse.prompts.labels import log
from coaiapy.langfuse.prompts.labels.log import Intent, held_by
from coaiapy.langfuse.prompts.prompts import (
    create_prompt,
    get_prompt,
    update_prompt_version_labels,
)
from coaiapy.langfuse.records.body import Body


class Plan(NamedTuple):
    """A label of a prompt that goes to the version ``source`` from ``holder``, if it is on one.

    ``by`` is the label that chose the source, if one did. ``back`` marks a rollback.
    """

    name: str
    label: str
    source: Body
    holder: Optional[Body]
    by: str = ""
    back: bool = False

    @property
    def is_done(self) -> bool:
        """Whether the label is there already."""
        return held_by(self.source) == held_by(self.holder)

    def diff(self) -> str:
        """Return the unified diff from the version that has the label to the one that gets it."""
        return version_diff(self.holder, self.source)

    def row(self) -> Body:
        """Return what a program wants to know of the plan."""
        return {
            "name": self.name,
            "label": self.label,
            "from": self.holder["version"] if self.holder else None,
            "to": self.source["version"],
            "diff": self.diff(),
        }


def plan_promotion(
    settings: Settings, name: str, label: str, by: str = "", version: Optional[int] = None
) -> Plan:
    """Plan to put ``label`` on the version that has the label ``by``, or on ``version``.

    Raises ``NotFoundError`` if there is no such version, ``UsageError`` for a label that is not one.
    """
    _check_label(label)
    if by == label:
        raise UsageError("--from {} is the label that is to be moved: choose another".format(label))
    source = get_prompt(settings, name, by or None, version, resolve=False)
    return Plan(name, label, source, find(settings, name, label), by)


def plan_rollback(settings: Settings, name: str, label: str, version: Optional[int] = None) -> Plan:
    """Plan to put ``label`` back on the version that had it before, or on ``version``.

    Which one that was is known from the log of this machine. Raises ``NotFoundError`` if it is not.
    """
    _check_label(label)
    holder = find(settings, name, label)
    if holder is None:
        get_prompt(settings, name, LATEST, resolve=False)  # raises if there is no such prompt
        raise NotFoundError("no version of {} has the label {}".format(name, label))
    before = _before(settings, name, label, holder) if version is None else None
    number = version or (before.version if before else 0)
    try:
        source = get_prompt(settings, name, None, number, resolve=False)
    except NotFoundError:
        source = None
    if source is None or before not in (None, held_by(source)):
        raise NotFoundError("version {} of {} is gone: {}".format(number, name, _advice(name)))
    return Plan(name, label, source, holder, back=True)


def _before(settings: Settings, name: str, label: str, holder: Body) -> log.Held:
    path = log.path_to(settings, name, label)
    if held_by(holder) not in path[-1:]:
        raise NotFoundError(
            "the label {} of {} was moved to version {} from elsewhere, and only moves from this "
            "machine are in its log: {}".format(label, name, holder["version"], _advice(name))
        )
    if len(path) < 2:
        raise NotFoundError(
            "the log of this machine has no version of {} that had the label {} before version "
            "{}: {}".format(name, label, holder["version"], _advice(name))
        )
    return path[-2]


def _advice(name: str) -> str:
    return "choose one of coaia fuse prompts labels {} with --version".format(name)


def carry_out(settings: Settings, plan: Plan) -> Body:
    """Move the label, and return the version that has it now.

    Raises ``CoaiaError`` if a label has been moved since the plan was made, and nothing is changed;
    or if somebody else has moved it right after.
    """
    seen = {plan.label: held_by(plan.holder)}
    if plan.by:
        seen[plan.by] = held_by(plan.source)
    moved = label_version(settings, plan.source, [plan.label], Intent(seen, plan.back))
    there = find(settings, plan.name, plan.label)
    if held_by(there) != held_by(moved):
        raise CoaiaError(
            "the label {} of {} was put on version {}, and somebody else has moved it to {} at the "
            "same time".format(plan.label, plan.name, moved["version"], log.named(held_by(there)))
        )
    return moved


def label_version(settings: Settings, prompt: Body, labels: Sequence[str], intent: Intent) -> Body:
    """Put labels on a version and return it; on an old server, on a new version that is its copy."""
    name, number = prompt["name"], prompt["version"]
    try:
        return update_prompt_version_labels(settings, name, number, labels, intent)
    except WrongDialectError:
        pass  # servers before 3.15 set labels on new versions only
    return create_prompt(
        settings,
        name,
        prompt["prompt"],
        "Copy of version {}".format(number),
        labels,
        None,
        prompt.get("type") or "text",
        prompt.get("config") or None,
        intent._replace(copied=number),
    )


def find(settings: Settings, name: str, label: str) -> Optional[Body]:
    """Return the version that a label is on, if there is one."""
    try:
        return get_prompt(settings, name, label, resolve=False)
    except NotFoundError:
        return None


def _check_label(label: str) -> None:
    if not check_labels([label]):
        raise UsageError("the server sets the label {} itself: choose another".format(label))
