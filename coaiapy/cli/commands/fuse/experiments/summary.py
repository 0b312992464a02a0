"""What of an experiment is shown: its summary, and sentences about what is not as it should be."""

import itertools
import shlex
from typing import Any, Dict, Iterator, List

from coaiapy.util.text.wording import counted, one_line
from coaiapy.util.times import span

# The items of each score that are shown because their repetitions differ.
_FLAKY_SHOWN = 5


def report_body(found: Any, aggregate: str) -> Dict[str, Any]:
    """Return what became of a run as JSON data, which can be a baseline as well."""
    return dict(
        head(found.plan),
        worked_on=found.worked_on,
        cost=found.cost,
        by_item=found.summary.by_item(),
        **found.summary.body(aggregate),
    )


def head(plan: Any) -> Dict[str, Any]:
    """Return what identifies a run."""
    return {
        "id": plan.id,
        "name": plan.name,
        "dataset": plan.dataset,
        "description": plan.description,
        "metadata": plan.metadata,
        "startedAt": plan.started_at,
    }


def reference(plan: Any) -> str:
    """Return how a command that is shown names a run, to be pasted into a shell: its name, or its id
    where the name would break the line, be shown otherwise than it is, or be taken for an option.
    """
    name: str = plan.name
    is_plain = one_line(name) == name and not name.startswith("-")
    return shlex.quote(name) if is_plain else str(plan.id)


def summary_lines(found: Any, aggregate: str) -> Iterator[str]:
    """Yield the lines that sum a run up."""
    body = found.summary.body(aggregate)
    yield "{}  {} of {} done: {}".format(
        found.plan.name, body["done"], body["expected"], states_text(body["states"])
    )
    for name, one in body["scores"].items():
        for line in _score_lines(found, name, one, aggregate):
            yield line
    for name, counts in sorted(body["labels"].items()):
        told = ["{} {}".format(label, count) for label, count in sorted(counts.items())]
        told += list(_without(found.summary.unscored.get(name)))
        yield "{}  {}".format(name, ", ".join(told))
    if body["latency_p95"] is not None:
        yield "latency  {} (median), {} (p95)".format(
            span(body["latency_p50"]), span(body["latency_p95"])
        )
    if found.cost:
        yield "cost  {:.4f} USD".format(found.cost)


def _score_lines(found: Any, name: str, one: Dict[str, Any], aggregate: str) -> Iterator[str]:
    """Yield the line of a score, and the values of the first items whose repetitions differ."""
    if not one["items"]:
        yield "{}  no value ({}: coaia fuse experiments show {} --json says why)".format(
            name, *_without(one["unscored"]), reference(found.plan)
        )
        return
    more = [counted(one["items"], "item")]
    if one["flaky"]:
        more += ["{} flaky".format(one["flaky"]), "spread {:.4g}".format(one["spread"])]
    yield "{}  {:.4g} ({} of {})".format(
        name, one["mean"], aggregate, ", ".join(more + list(_without(one["unscored"])))
    )
    for item, values in itertools.islice(found.summary.flaky(name), _FLAKY_SHOWN):
        yield "  flaky: {}  {}".format(item, ", ".join("{:.4g}".format(value) for value in values))


def _without(count: Any) -> Iterator[str]:
    """Yield how many results have no value, if there are any."""
    if count:
        yield "{} without".format(count)


def states_text(states: Dict[str, int]) -> str:
    """Return the counts of states in words: ``290 ok, 10 failed``."""
    ordered: List[str] = sorted(states, key=lambda state: (state != "ok", state))
    return ", ".join("{} {}".format(states[state], state) for state in ordered) or "none"


def link_notes(found: Any) -> Iterator[str]:
    """Yield a sentence for each thing that keeps the run from being seen in Langfuse."""
    linked = found.linked
    if linked.unknown:
        yield (
            "{} not in the dataset {!r} of the server and not linked: import the file (coaia fuse "
            "datasets import), then run this again".format(
                counted(linked.unknown, "item") + (" is" if linked.unknown == 1 else " are"),
                found.plan.dataset,
            )
        )
    if linked.problem is not None:
        yield "not all items are linked to the dataset ({}): run this again later".format(
            linked.problem
        )
