"""Numbers of a run: per item over its repetitions, and over all items."""

import itertools
import math
from array import array
from collections import Counter
from typing import (
    Any,
    Dict,
    Iterable,
    Iterator,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

from coaiapy.experiments.execution.work import OK
from coaiapy.experiments.results import Outcome
from coaiapy.langfuse.datasets.scratch import Scratch

MEAN, MAJORITY, ALL, PASS_AT = "mean", "majority", "all", "pass@"
# From which value on a score counts as passed.
PASSED = 0.5


_SCHEMA = "CREATE TABLE numbers (name BLOB, item BLOB NOT NULL, value REAL NOT NULL)"
_ADD = "INSERT INTO numbers (name, item, value) VALUES (?, ?, ?)"
_NAMES = "SELECT DISTINCT name FROM numbers WHERE name IS NOT NULL ORDER BY name"
_BY_ITEM = "SELECT item, value FROM numbers WHERE name = ? ORDER BY item, rowid"
_COUNT = "SELECT count(*) FROM numbers WHERE name IS ?"
_SECONDS = "SELECT value FROM numbers WHERE name IS NULL ORDER BY value LIMIT 1 OFFSET ?"


class Number(NamedTuple):
    """A value of the score ``name``, or without a name a time in seconds, of an item."""

    name: Optional[str]
    item: str
    value: float


class Numbers:
    """All numbers of a run. They are on disk, so that there may be any number of items."""

    def __init__(self, found: Iterable[Number]) -> None:
        self._scratch = Scratch(_SCHEMA)
        rows = ((_key(one.name), _key(one.item), one.value) for one in found)
        self._scratch.write(_ADD, rows)
        self.scores = [_text(name) for (name,) in self._scratch.read(_NAMES)]

    def by_item(self, score: str) -> Iterator[Tuple[str, List[float]]]:
        """Yield each item that has a score, in the order of their ids, with its values."""
        rows = self._scratch.read(_BY_ITEM, _key(score))
        for item, of_item in itertools.groupby(rows, lambda row: row[0]):
            yield _text(item), [value for _, value in of_item]

    def count(self, score: Optional[str]) -> int:
        """Return how many values there are of a score, or of times."""
        return int(next(self._scratch.read(_COUNT, _key(score)))[0])

    def seconds(self, wanted: float) -> Optional[float]:
        """Return a percentile of the times, by the nearest rank; ``None`` if there is no time."""
        found = self._scratch.read(_SECONDS, _rank(self.count(None), wanted))
        return next((value for (value,) in found), None)


def _key(text: Optional[str]) -> Optional[bytes]:
    return None if text is None else text.encode("utf-8", "surrogatepass")


def _text(key: bytes) -> str:
    return key.decode("utf-8", "surrogatepass")


class Summary(NamedTuple):
    """What there is to say of a run as a whole.

    ``states`` count the results by what became of them, ``unscored`` counts by name the results that
    an evaluator had no judgement of.
    """

    expected: int
    states: Dict[str, int]
    numbers: Numbers
    labels: Dict[str, Dict[str, int]]
    unscored: Dict[str, int]

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

    @property
    def _names(self) -> List[str]:
        """The scores that there are or were to be; those that are words are ``labels``."""
        return sorted(set(self.numbers.scores) | set(self.unscored) - set(self.labels))

    def mean(self, name: str, aggregate: str = MEAN) -> Optional[float]:
        """Return the mean of a score over the items; ``None`` if no item has it."""
        return mean(aggregated(values, aggregate) for _, values in self.numbers.by_item(name))

    def flaky(self, name: str) -> Iterator[Tuple[str, List[float]]]:
        """Yield the items whose repetitions differ in a score, with its values."""
        return (one for one in self.numbers.by_item(name) if len(set(one[1])) > 1)

    def spread(self, name: str) -> Optional[float]:
        """Return the mean, over the items that ran again, of how much a score spreads in them."""
        found = (deviation(values) for _, values in self.numbers.by_item(name))
        return mean(one for one in found if one is not None)

    def body(self, aggregate: str = MEAN) -> Dict[str, Any]:
        """Return the summary as JSON data."""
        return {
            "expected": self.expected,
            "done": self.done,
            "missing": self.missing,
            "states": dict(self.states),
            "scores": {name: self._score(name, aggregate) for name in self._names},
            "labels": self.labels,
            "latency_p50": rounded(self.numbers.seconds(50)),
            "latency_p95": rounded(self.numbers.seconds(95)),
        }

    def _score(self, name: str, aggregate: str) -> Dict[str, Any]:
        """Return a score as JSON data."""
        return {
            "mean": rounded(self.mean(name, aggregate)),
            "items": sum(1 for _ in self.numbers.by_item(name)),
            "flaky": sum(1 for _ in self.flaky(name)),
            "spread": rounded(self.spread(name)),
            "unscored": self.unscored.get(name, 0),
        }

    def by_item(self) -> Dict[str, Dict[str, List[float]]]:
        """Return the values of each score by item: what a baseline is read from."""
        return {name: dict(self.numbers.by_item(name)) for name in self.numbers.scores}


def summary(found: Iterable[Outcome], expected: int) -> Summary:
    """Return the summary of a run that was to have ``expected`` results."""
    states: "Counter[str]" = Counter()
    unscored: "Counter[str]" = Counter()
    labels: Dict[str, Dict[str, int]] = {}

    def numbers() -> Iterator[Number]:
        for one in found:
            states[one.state] += 1
            unscored.update(list(one.unscored))
            if one.state == OK:
                yield Number(None, one.item, one.seconds)
            for name, value in one.scores.items():
                if isinstance(value, (int, float)) and math.isfinite(value):
                    yield Number(name, one.item, float(value))
                else:
                    counts = labels.setdefault(name, {})
                    counts[str(value)] = counts.get(str(value), 0) + 1

    kept = Numbers(numbers())
    return Summary(expected, dict(states), kept, labels, dict(unscored))


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


def deviation(values: Sequence[float]) -> Optional[float]:
    """Return the standard deviation of a sample, ``None`` of fewer than two values."""
    if len(values) < 2:
        return None
    middle = math.fsum(one / len(values) for one in values)
    distances = [abs(one - middle) for one in values]
    largest = max(distances) or 1.0  # the square of a large number is none
    squares = math.fsum((one / largest) ** 2 for one in distances)
    return largest * math.sqrt(squares / (len(values) - 1))


def spreads(found: Iterable[Outcome]) -> Dict[str, Dict[str, Optional[float]]]:
    """Return by item how much each of its scores spreads over its repetitions, if it has any."""
    values: Dict[str, Dict[str, List[float]]] = {}
    for one in found:
        for name, value in one.scores.items():
            if isinstance(value, (int, float)) and math.isfinite(value):
                values.setdefault(one.item, {}).setdefault(name, []).append(float(value))
    return {
        item: {name: rounded(deviation(known)) for name, known in of.items() if len(known) > 1}
        for item, of in values.items()
    }


def mean(values: Iterable[float]) -> Optional[float]:
    """Return the mean, ``None`` of nothing. In memory are eight bytes for each value."""
    found = array("d", values)
    return math.fsum(found) / len(found) if found else None


def percentile(ordered: Sequence[float], wanted: float) -> Optional[float]:
    """Return a percentile of values in order, by the nearest rank; ``None`` of nothing."""
    return ordered[_rank(len(ordered), wanted)] if ordered else None


def _rank(count: int, wanted: float) -> int:
    """Return where among so many values in order a percentile stands."""
    return max(0, math.ceil(wanted / 100 * count) - 1)


def rounded(value: Optional[float]) -> Optional[float]:
    """Return a number with six decimals."""
    return None if value is None else round(value, 6)


def run_scores(found: Summary, cost: float) -> Mapping[str, float]:
    """Return the scores of the run itself: means, the share that is ok, latency and cost."""
    values: Dict[str, Optional[float]] = {
        name + "_mean": found.mean(name) for name in found.numbers.scores
    }
    if found.done:
        values["pass_rate"] = found.states.get(OK, 0) / found.done
    values["latency_p95"] = found.numbers.seconds(95)
    if cost:
        values["cost"] = cost
    return {name: round(value, 6) for name, value in values.items() if value is not None}
