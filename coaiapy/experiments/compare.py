"""Compares two runs item by item: how much better or worse, and whether chance explains it."""

import math
import random
from array import array
from typing import Any, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from coaiapy.experiments import figures
from coaiapy.experiments.execution.work import OK
from coaiapy.experiments.figures import Summary
from coaiapy.experiments.plans import Plan
from coaiapy.experiments.results import Outcome
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.traces.figures.diff import change
from coaiapy.langfuse.traces.figures.diff_display import change_text

# Resamples of the bootstrap; from the same seed come the same ones.
_RESAMPLES = 1000
_SEED = 0
_INTERVAL = (2.5, 97.5)
_MANY = 5000


class Compared(NamedTuple):
    """One score in two runs, over the ``items`` that have it in both.

    ``low`` to ``high`` is the 95 % interval of the ``difference`` of the means (other
    less base). ``p`` is that of the two-sided sign test over wins and losses. ``changes`` are the
    items that differ, the worst first.
    """

    score: str
    items: int
    base: float
    other: float
    difference: float
    low: float
    high: float
    wins: int
    losses: int
    ties: int
    p: float
    changes: Sequence[Tuple[str, float, float]] = ()

    @property
    def is_significant(self) -> bool:
        """Whether chance does not explain the difference: the interval does not hold zero."""
        return self.low > 0 or self.high < 0

    def body(self) -> Body:
        """Return it as JSON data."""
        told: Body = dict(self._asdict(), significant=self.is_significant)
        told["changes"] = [dict(zip(("item", "base", "other"), one)) for one in self.changes]
        return told


def compared(
    score: str, base: Summary, other: Summary, aggregate: str = figures.MEAN
) -> Optional[Compared]:
    """Compare a score of two runs, but for the changes; ``None`` if no item has it in both.

    In memory are eight bytes for each value.
    """
    before, after = array("d"), array("d")
    for _, one, two in _pairs(score, base, other, aggregate):
        before.append(one)
        after.append(two)
    if not before:
        return None
    differences = array("d", (two - one for one, two in zip(before, after)))
    low, high = _interval(differences)
    wins, losses = sum(one > 0 for one in differences), sum(one < 0 for one in differences)
    count = len(before)
    return Compared(
        score,
        count,
        math.fsum(before) / count,
        math.fsum(after) / count,
        math.fsum(differences) / count,
        low,
        high,
        wins,
        losses,
        count - wins - losses,
        sign_test(wins, losses),
    )


def _pairs(
    score: str, base: Summary, other: Summary, aggregate: str
) -> Iterator[Tuple[str, float, float]]:
    """Yield each item that has a score in both runs, with its two values."""
    theirs = other.numbers.by_item(score)
    there = next(theirs, None)
    for item, values in base.numbers.by_item(score):
        while there and there[0] < item:
            there = next(theirs, None)
        if there and there[0] == item:
            yield (
                item,
                figures.aggregated(values, aggregate),
                figures.aggregated(there[1], aggregate),
            )


def _changes(
    score: str, base: Summary, other: Summary, aggregate: str
) -> List[Tuple[str, float, float]]:
    """Return the items that differ in a score, the worst first."""
    found = [one for one in _pairs(score, base, other, aggregate) if one[1] != one[2]]
    return sorted(found, key=lambda one: one[2] - one[1])


def _interval(differences: "array[float]") -> Tuple[float, float]:
    """Return the 95 % interval of the mean of differences.

    It is that of resamples with a fixed seed; of very many, that of the normal distribution, which
    is the same then.
    """
    count = len(differences)
    if count > _MANY:
        mean = math.fsum(differences) / count
        spread = math.sqrt(math.fsum((one - mean) ** 2 for one in differences) / count / count)
        return mean - 1.96 * spread, mean + 1.96 * spread
    drawn = random.Random(_SEED)
    means = sorted(
        math.fsum(drawn.choices(differences, k=count)) / count for _ in range(_RESAMPLES)
    )
    low, high = (figures.percentile(means, wanted) or 0.0 for wanted in _INTERVAL)
    return low, high


def sign_test(wins: int, losses: int) -> float:
    """Return how likely so uneven a split is by chance: two-sided, exact."""
    count, fewer = wins + losses, min(wins, losses)
    if not count:
        return 1.0
    ways, total = 1, 1
    for number in range(1, fewer + 1):
        ways = ways * (count - number + 1) // number
        total += ways
    # In whole numbers: two to the power of a thousand losses is no float.
    return min(1.0, 2 * total * 10**12 // 2**count / 10**12)


class Run(NamedTuple):
    """A run with all that is known of it."""

    plan: Plan
    summary: Summary
    outcomes: List[Outcome]

    def output(self, item: str) -> Any:
        """Return the output of an item's first repetition."""
        return next((one.output for one in self.outcomes if one.item == item), None)


class Comparison(NamedTuple):
    """A run beside the one that it is compared with; ``lost`` are scores that only the base has."""

    base: Run
    other: Run
    scores: List[Compared]
    lost: List[str]

    def worst(self, one: Compared, most: int) -> Iterator[Tuple[str, float, float, str]]:
        """Yield the items that got worse the most: both values, and how the output has changed."""
        for item, before, after in one.changes[:most]:
            if after < before:
                outputs = change(self.base.output(item), self.other.output(item))
                yield item, before, after, change_text(outputs) if outputs else "the same output"

    def body(self) -> Body:
        """Return it as JSON data."""
        return {
            "base": self.base.plan.name,
            "run": self.other.plan.name,
            "scores": [one.body() for one in self.scores],
            "lost": self.lost,
            "states": {"base": self.base.summary.states, "run": self.other.summary.states},
        }

    def differing(self) -> Iterator[Body]:
        """Yield the items that did not end well, then those that differ in a score, the worst first.

        Each has ``item``, ``input`` and ``expected``, and either ``state`` and ``reason``, or ``score``
        with both values and how the ``output`` has changed.
        """
        for one in self.other.outcomes:
            if one.state != OK:
                told = {"state": one.state, "reason": one.reason}
                yield dict(told, item=one.item, input=one.input, expected=one.expected)
        known = {one.item: one for one in reversed(self.other.outcomes)}
        before = {one.item: one for one in reversed(self.base.outcomes)}
        for score in self.scores:
            for item, base, other in score.changes:
                mine = known[item]
                yield {
                    "item": item,
                    "score": score.score,
                    "base": base,
                    "other": other,
                    "input": mine.input,
                    "expected": mine.expected,
                    "output": change(before[item].output, mine.output),
                }


def of_runs(base: Run, other: Run, aggregate: str) -> Comparison:
    """Compare all scores that two runs have on the same items."""
    ours, theirs = base.summary, other.summary
    found = []
    for name in ours.numbers.scores:
        one = compared(name, ours, theirs, aggregate)
        if one is not None:
            found.append(one._replace(changes=_changes(name, ours, theirs, aggregate)))
    return Comparison(base, other, found, lost(ours, theirs))


def lost(base: Summary, other: Summary) -> List[str]:
    """Return the scores that only the base has: numbers, and words where there is nothing at all."""
    words = set(base.labels) - set(other.labels)
    return sorted((set(base.numbers.scores) | words) - set(other.numbers.scores))
