"""Numbers of a run: per item over its repetitions, and over all items."""

import math
from collections import Counter
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence

from coaiapy.experiments.execution.work import OK
from coaiapy.experiments.results import Outcome

MEAN, MAJORITY, ALL, PASS_AT = "mean", "majority", "all", "pass@"
# From which value on a score counts as passed.
PASSED = 0.5


class Spread(NamedTuple):
    """The values of one score of one item over its repetitions."""

    item: str
    values: List[float]

    @property
    def is_flaky(self) -> bool:
        """Whether the repetitions differ."""
        return len(set(self.values)) > 1


class Summary(NamedTuple):
    """What there is to say of a run as a whole.

    ``states`` count the results by what became of them, ``scores`` hold the values of each score by
    item, ``unscored`` counts by name the results that an evaluator had no judgement of. ``seconds``
    are in order.
    """

    expected: int
    states: Dict[str, int]
    scores: Dict[str, Dict[str, List[float]]]
    labels: Dict[str, Dict[str, int]]
    unscored: Dict[str, int]
    seconds: List[float]

    @property
    def done(self) -> int:
        """The number of results."""
        return sum(self.states.values())

    @property
    def errors(self) -> int:
        """The number of results that are not ok."""
        return self.done - self.states.get(OK, 0)

    @property
    def missing(self) -> int:
        """The number of results that are not there yet."""
        return max(0, self.expected - self.done)

    def mean(self, name: str, aggregate: str = MEAN) -> Optional[float]:
        """Return the mean of a score over the items; ``None`` if no item has it."""
        found = [aggregated(values, aggregate) for values in self.scores.get(name, {}).values()]
        return mean(found)

    def flaky(self, name: str) -> List[Spread]:
        """Return the items whose repetitions differ in a score."""
        spreads = [Spread(*one) for one in sorted(self.scores.get(name, {}).items())]
        return [one for one in spreads if one.is_flaky]

    def body(self, aggregate: str = MEAN) -> Dict[str, Any]:
        """Return the summary as JSON data."""
        return {
            "expected": self.expected,
            "done": self.done,
            "missing": self.missing,
            "states": dict(self.states),
            "scores": {
                name: {
                    "mean": rounded(self.mean(name, aggregate)),
                    "items": len(self.scores[name]),
                    "flaky": len(self.flaky(name)),
                    "unscored": self.unscored.get(name, 0),
                }
                for name in sorted(self.scores)
            },
            "by_item": self.scores,
            "labels": self.labels,
            "latency_p50": rounded(percentile(self.seconds, 50)),
            "latency_p95": rounded(percentile(self.seconds, 95)),
        }


def summary(found: Iterable[Outcome], expected: int) -> Summary:
    """Return the summary of a run that was to have ``expected`` results."""
    states: "Counter[str]" = Counter()
    unscored: "Counter[str]" = Counter()
    scores: Dict[str, Dict[str, List[float]]] = {}
    labels: Dict[str, Dict[str, int]] = {}
    seconds = []
    for one in found:
        states[one.state] += 1
        unscored.update(one.unscored)
        if one.state == OK:
            seconds.append(one.seconds)
        for name, value in one.scores.items():
            if isinstance(value, (int, float)):
                scores.setdefault(name, {}).setdefault(one.item, []).append(float(value))
            else:
                counts = labels.setdefault(name, {})
                counts[str(value)] = counts.get(str(value), 0) + 1
    return Summary(expected, dict(states), scores, labels, dict(unscored), sorted(seconds))


def aggregated(values: Sequence[float], how: str) -> float:
    """Return one number for the repetitions of an item.

    ``pass@k`` is the probability that at least one of k repetitions passes, estimated without bias.
    """
    passed = sum(value >= PASSED for value in values)
    if how == MEAN:
        return sum(values) / len(values)
    if how == MAJORITY:
        return float(2 * passed > len(values))
    if how == ALL:
        return float(passed == len(values))
    count, wanted = len(values), min(int(how[len(PASS_AT) :]), len(values))
    if count - passed < wanted:
        return 1.0
    missed = 1.0
    for number in range(count - passed + 1, count + 1):
        missed *= 1 - wanted / number
    return 1 - missed


def mean(values: Sequence[float]) -> Optional[float]:
    """Return the mean, ``None`` of nothing."""
    return math.fsum(values) / len(values) if values else None


def percentile(ordered: Sequence[float], wanted: float) -> Optional[float]:
    """Return a percentile of values in order, by the nearest rank; ``None`` of nothing."""
    if not ordered:
        return None
    return ordered[max(0, math.ceil(wanted / 100 * len(ordered)) - 1)]


def rounded(value: Optional[float]) -> Optional[float]:
    """Return a number with six decimals."""
    return None if value is None else round(value, 6)


def run_scores(found: Summary, cost: float) -> Mapping[str, float]:
    """Return the scores of the run itself: means, the share that is ok, latency and cost."""
    values: Dict[str, Optional[float]] = {
        name + "_mean": found.mean(name) for name in sorted(found.scores)
    }
    if found.done:
        values["pass_rate"] = found.states.get(OK, 0) / found.done
    values["latency_p95"] = percentile(found.seconds, 95)
    if cost:
        values["cost"] = cost
    return {name: round(value, 6) for name, value in values.items() if value is not None}
