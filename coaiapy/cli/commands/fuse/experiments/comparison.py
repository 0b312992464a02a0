"""A comparison of runs as text for a terminal, as Markdown, and as JUnit's XML."""

from typing import Any, Dict, Iterator, List

from coaiapy.cli.commands.fuse.experiments.summary import states_text
from coaiapy.util.formats.junit import Case, suite
from coaiapy.util.formats.tables.table import markdown_code, markdown_text
from coaiapy.util.text.wording import counted

_OUTPUT_SHOWN = 2000


def lines(found: Any, worst: int) -> Iterator[str]:
    """Yield the lines of a comparison for people."""
    yield "{} -> {}".format(found.base.plan.name, found.other.plan.name)
    for one in found.scores:
        yield "{}  {}".format(one.score, _told(one))
        for item, before, after, change in found.worst(one, worst):
            yield "  worse: {}  {:.4g} -> {:.4g}  {}".format(item, before, after, change)
    for sentence in _missing(found):
        yield sentence


def _told(one: Any) -> str:
    return (
        "{:.4g} -> {:.4g}  {:+.4g} (95 %: {:+.4g} to {:+.4g}{})  {} won, {} lost, {} tied, sign test "
        "p={:.3g}  {}".format(
            one.base,
            one.other,
            one.difference,
            one.low,
            one.high,
            ", significant" if one.is_significant else "",
            one.wins,
            one.losses,
            one.ties,
            one.p,
            counted(one.items, "item"),
        )
    )


def _missing(found: Any) -> Iterator[str]:
    for name in found.lost:
        yield "{}  only {} has it".format(name, found.base.plan.name)
    if not found.scores and not found.lost:
        yield "there is no score to compare: score the runs with coaia fuse experiments score"
    errors = found.other.summary.errors
    if errors:
        yield "{} of {} did not end well".format(counted(errors, "item"), found.other.plan.name)


def page_body(found: Any) -> Dict[str, Any]:
    """Return a comparison as its page shows it."""
    told = states_text(found.other.summary.states)
    return dict(found.body(), items=list(found.differing()), told=told)


def markdown(found: Any, worst: int) -> Iterator[str]:
    """Yield the lines of a comparison as Markdown."""
    base, other = found.base.plan.name, found.other.plan.name
    yield "### {}, compared with {}".format(markdown_text(other), markdown_text(base))
    yield ""
    yield "| Score | {} | {} | Difference | 95 % interval | Won / lost / tied | p |".format(
        markdown_text(base), markdown_text(other)
    )
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for one in found.scores:
        yield "| {} | {:.4g} | {:.4g} | {} | {:+.4g} to {:+.4g} | {} / {} / {} | {:.3g} |".format(
            markdown_text(one.score),
            one.base,
            one.other,
            ("**{:+.4g}**" if one.is_significant else "{:+.4g}").format(one.difference),
            one.low,
            one.high,
            one.wins,
            one.losses,
            one.ties,
            one.p,
        )
    for one in found.scores:
        rows = list(found.worst(one, worst))
        if rows:
            yield ""
            yield "Worse in {}:".format(markdown_text(one.score))
            yield ""
        for item, before, after, change in rows:
            yield "- {}: {:.4g} → {:.4g} {}".format(
                markdown_text(item), before, after, markdown_code(change)
            )
    for sentence in _missing(found):
        yield ""
        yield markdown_text(sentence)


def junit(found: Any) -> str:
    """Return the items of the run as JUnit's XML: one that did not end well is an error, one that
    got worse than in the base a failure."""
    worse: Any = {}
    for one in found.scores:
        for item, before, after in one.changes:
            if after < before:
                said = "{} fell from {:.4g} to {:.4g}".format(one.score, before, after)
                worse.setdefault(item, []).append(said)
    cases = [_case(one, worse.get(one.item, [])) for one in found.other.outcomes]
    return suite(found.other.plan.name, cases)


def _case(one: Any, worse: List[str]) -> Case:
    name = one.item if one.repeat == 1 else "{} ({})".format(one.item, one.repeat)
    if one.state != "ok":
        return Case(name, one.seconds, error=" ".join((one.state, one.reason or "")).strip())
    output = str(one.output)[:_OUTPUT_SHOWN]
    return Case(name, one.seconds, "; ".join(worse) if worse else None, output=output)
