"""Reads from the journal what became of the items of an experiment."""

from array import array
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from coaiapy.experiments.execution.work import Result
from coaiapy.experiments.items import Item
from coaiapy.experiments.plans import Plan
from coaiapy.langfuse.journal.damage import bodies
from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.records.body import Body

_OF_RUN = (
    "SELECT seq, kind, body FROM records WHERE destination = ? AND kind = ?"
    " AND trace_key BETWEEN ? AND ? ORDER BY trace_key"
)
_TRACE = (
    "SELECT seq, kind, body FROM records"
    " WHERE destination = ? AND kind = 'trace' AND trace_key = ? AND key = ?"
)
_NUMBERS = (
    "SELECT seq FROM records WHERE destination = ? AND kind = 'trace' AND trace_key BETWEEN ? AND ?"
)
_NUMBERED = "SELECT seq, kind, body FROM records WHERE seq = ?"


class Outcome(NamedTuple):
    """What became of an item, as it is known afterwards: ``scores`` and ``comments`` by name."""

    item: str
    repeat: int
    state: str
    reason: Optional[str]
    exit_code: Optional[int]
    attempts: int
    seconds: float
    trace_id: str
    input: Any
    output: Any
    expected: Any
    metadata: Any
    started: str
    scores: Body
    comments: Body
    unscored: Body
    cost: float = 0.0

    def body(self) -> Body:
        """Return it as JSON data."""
        return dict(self._asdict())

    def result(self) -> Result:
        """Return it as a result, to be evaluated again."""
        item = Item(self.item, self.input, self.expected, self.metadata)
        return Result(
            item,
            self.repeat,
            self.trace_id,
            self.state,
            self.reason or "",
            self.output,
            self.exit_code,
            self.attempts,
            seconds=self.seconds,
            only_judged=True,
        )


def outcomes(journal: Journal, destination: int, plan: Plan) -> Iterator[Outcome]:
    """Yield what became of each item of an experiment, in the order of the traces' ids.

    Records are read as needed, so that memory does not grow with their number.
    """
    scores = _records(journal, destination, plan, "score")
    score = next(scores, None)
    for trace in _records(journal, destination, plan, "trace"):
        own: List[Body] = []
        while score is not None and str(score["traceId"]) <= str(trace["id"]):
            if score["traceId"] == trace["id"]:
                own.append(score)
            score = next(scores, None)
        found = outcome(trace, own)
        if found:
            yield found


def unscored(journal: Journal, destination: int, plan: Plan) -> Iterator[Outcome]:
    """Yield what became of each item, without its scores; the records may change meanwhile."""
    numbers = array("q", (row["seq"] for row in journal.rows(_NUMBERS, destination, *_ends(plan))))
    for number in numbers:
        for trace in bodies(journal, journal.rows(_NUMBERED, number)):
            found = outcome(trace, [])
            if found:
                yield found


def _records(journal: Journal, destination: int, plan: Plan, kind: str) -> Iterator[Body]:
    return bodies(journal, journal.rows(_OF_RUN, destination, kind, *_ends(plan)))


def _ends(plan: Plan) -> Tuple[str, str]:
    """Return the first and the last id that a trace of an experiment can have."""
    return plan.id + "0" * 16, plan.id + "f" * 16


def outcome(trace: Body, scores: List[Body]) -> Optional[Outcome]:
    """Return what a trace tells; ``None`` for one that no experiment has written."""
    metadata = trace.get("metadata")
    facts = metadata.get("experiment") if isinstance(metadata, dict) else None
    told = trace.get("experiment")
    if not isinstance(facts, dict) or not isinstance(told, dict) or "state" not in facts:
        return None
    return Outcome(
        str(facts["item"]),
        int(facts["repeat"]),
        str(facts["state"]),
        facts.get("reason"),
        facts.get("exit_code"),
        int(facts["attempts"]),
        float(facts["seconds"]),
        str(trace["id"]),
        trace.get("input"),
        trace.get("output"),
        told.get("item.expected_output"),
        told.get("item.metadata"),
        str(trace["timestamp"]),
        {str(one["name"]): one["value"] for one in scores},
        {str(one["name"]): one["comment"] for one in scores if one.get("comment")},
        facts.get("unscored") or {},
    )


def columns(scores: Sequence[str], more: Mapping[str, bool], has_pages: bool) -> Dict[str, str]:
    """Return the columns of a list of items with these scores.

    ``more`` says which of ``cost``, ``reason`` and ``spread`` are shown as well, ``has_pages`` whether
    Langfuse has pages of the traces.
    """
    found = {"item": "Item", "state": "State", "output": "Output", "seconds": "Seconds"}
    optional = {"cost": "USD", "reason": "Reason"}
    found.update((name, title) for name, title in optional.items() if more[name])
    found.update((name, name) for name in scores)
    found.update({"spread": "Spread"} if more["spread"] else {})
    return dict(found, **({"url": "Trace"} if has_pages else {"trace_id": "Trace ID"}))


def state(journal: Journal, destination: int, trace_id: str) -> Optional[str]:
    """Return the state of the item with this trace, ``None`` if it was not run."""
    rows = journal.rows(_TRACE, destination, trace_id, trace_id)
    found = [outcome(trace, []) for trace in bodies(journal, rows)]
    return found[0].state if found and found[0] else None


def costs(journal: Journal, destination: int, plan: Plan) -> Iterator[Tuple[str, float]]:
    """Yield the trace of each call of a model in an experiment, with its cost in US dollars."""
    for body in _records(journal, destination, plan, "observation"):
        yield str(body["traceId"]), cost_of(body)


def cost_of(observation: Body) -> float:
    """Return what an observation says to have cost, in US dollars."""
    said = observation.get("costDetails") or {}
    return float(said.get("total", sum(said.values())))
