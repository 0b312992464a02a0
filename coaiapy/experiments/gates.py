"""Gates: what a run must reach to pass. They fail closed: what is not known has not passed."""

from typing import Iterator, List, NamedTuple, Optional, Sequence

from coaiapy.errors import UsageError
from coaiapy.experiments import compare, figures
from coaiapy.experiments.execution.work import OK
from coaiapy.experiments.figures import Number, Numbers, Summary
from coaiapy.util.formats import json_values
from coaiapy.util.text.parsing import number
from coaiapy.util.text.wording import counted, share

SIGNIFICANT = "significant"


class Floor(NamedTuple):
    """The least mean of a score."""

    score: str
    least: float


class Drop(NamedTuple):
    """The most by which the mean of a score may be below that of the baseline.

    ``only_significant``: a drop counts if chance does not explain it (see ``compare``).
    """

    score: str
    most: float
    only_significant: bool = False


class Gates(NamedTuple):
    """All that a run is held to. ``warnings`` are floors that only warn."""

    floors: Sequence[Floor] = ()
    drops: Sequence[Drop] = ()
    warnings: Sequence[Floor] = ()
    aggregate: str = figures.MEAN


class Verdict(NamedTuple):
    """What gates say: a sentence for each that has failed, and for each that warns."""

    failures: List[str]
    warnings: List[str]


def floor(option: str, text: str) -> Floor:
    """Return the floor of ``SCORE=LEAST``."""
    name, sign, value = text.rpartition("=")
    least = number(value)
    if not sign or not name or least is None:
        raise UsageError("{}: {!r} is not SCORE=NUMBER, such as exact=0.9".format(option, text))
    return Floor(name, float(least))


def drop(text: str) -> Drop:
    """Return the drop of ``SCORE=MOST`` or ``SCORE=MOST:significant``."""
    given, colon, how = text.partition(":")
    name, sign, value = given.rpartition("=")
    most = number(value)
    if not sign or not name or most is None or most < 0 or colon and how != SIGNIFICANT:
        raise UsageError(
            "--fail-on-regression: {!r} is not SCORE=NUMBER or SCORE=NUMBER:significant, such as "
            "exact=0.02".format(text)
        )
    return Drop(name, float(most), bool(colon))


def judge(gates: Gates, found: Summary, baseline: Optional[Summary]) -> Verdict:
    """Return what the gates say of a run; ``baseline`` is what drops are measured from."""
    holds = gates.floors or gates.drops or baseline is not None
    failures = list(_general(found)) if holds else []
    failures += _below(gates.floors, "--fail-under", found, gates.aggregate)
    warnings = list(_below(gates.warnings, "--warn-under", found, gates.aggregate))
    if gates.drops and baseline is None:
        failures.append("gate --fail-on-regression: there is no baseline to compare with")
    elif baseline is not None:
        failures += _lost(found, baseline)
        for one in gates.drops:
            failures += _dropped(one, found, baseline, gates.aggregate)
    return Verdict(failures, warnings)


def _general(found: Summary) -> Iterator[str]:
    """Yield what fails every run that has a gate."""
    if not found.done:
        yield "gate: no item was run"
    if found.missing:
        yield "gate: {} missing".format(share(found.missing, found.expected, "result"))
    if found.errors:
        yield "gate: {} did not end well".format(counted(found.errors, "item"))


def _below(floors: Sequence[Floor], option: str, found: Summary, aggregate: str) -> Iterator[str]:
    for one in floors:
        gate = "gate {} {}={:g}".format(option, one.score, one.least)
        mean = found.mean(one.score, aggregate)
        if mean is None:
            yield "{}: no item has a score {!r}".format(gate, one.score)
            continue
        if mean < one.least:
            yield "{}: {} is {:.4g}".format(gate, one.score, mean)
        for sentence in _without(one.score, gate, found):
            yield sentence


def _without(score: str, gate: str, found: Summary) -> Iterator[str]:
    """Yield what fails a gate because items lack its score."""
    missing = found.states.get(OK, 0) - found.numbers.count(score)
    if missing > 0:
        yield "{}: {} without a score {!r}".format(gate, counted(missing, "item"), score)


def _lost(found: Summary, baseline: Summary) -> Iterator[str]:
    for name in compare.lost(baseline, found):
        yield "gate: the baseline has a score {!r} and the run has not".format(name)


def _dropped(one: Drop, found: Summary, baseline: Summary, aggregate: str) -> Iterator[str]:
    gate = "gate --fail-on-regression {}={:g}{}".format(
        one.score, one.most, ":" + SIGNIFICANT if one.only_significant else ""
    )
    pair = compare.compared(one.score, baseline, found, aggregate)
    if pair is None:
        yield "{}: the run and the baseline have no item with a score {!r} in common".format(
            gate, one.score
        )
        return
    if -pair.difference > one.most and (pair.is_significant or not one.only_significant):
        yield "{}: {} fell from {:.4g} to {:.4g}".format(gate, one.score, pair.base, pair.other)
    for sentence in _without(one.score, gate, found):
        yield sentence


def check_aggregate(text: str) -> str:
    """Return a way to aggregate; ``UsageError`` if there is no such way."""
    pass_at = text.startswith(figures.PASS_AT) and number(text[len(figures.PASS_AT) :])
    if (
        text in (figures.MEAN, figures.MAJORITY, figures.ALL)
        or isinstance(pass_at, int)
        and pass_at
    ):
        return text
    raise UsageError(
        "--aggregate: {!r} is none of mean, majority, all and pass@K, such as pass@2".format(text)
    )


def known(text: str, place: str) -> Summary:
    """Return the summary of a baseline's file; ``UsageError`` for what is none."""
    try:
        body = json_values.parse(text)
        numbers = Numbers(
            Number(str(name), str(item), float(one))
            for name, of in body["by_item"].items()
            for item, values in of.items()
            for one in values
        )
        states = {str(name): int(count) for name, count in body["states"].items()}
        labels = {str(name): dict(counts) for name, counts in body["labels"].items()}
        expected = int(body["expected"])
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UsageError(
            "{} is no baseline: write one with coaia fuse experiments run ... --json".format(place)
        ) from error
    return Summary(expected, states, numbers, labels, {})
