"""Runs an experiment, goes on with one, or scores one again; and tells what has become of it."""

import os
from array import array
from collections import Counter, defaultdict
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional

from coaiapy.config import values as config_values
from coaiapy.config.schema import BACKGROUND
from coaiapy.config.settings import Settings
from coaiapy.errors import NetworkError, NotFoundError, StateError
from coaiapy.experiments import figures, gates, links, plans, records, remote, results
from coaiapy.experiments.compare import Run
from coaiapy.experiments.evaluators import Judgement
from coaiapy.experiments.execution import lock
from coaiapy.experiments.execution.runner import Limits, Runner
from coaiapy.experiments.execution.work import OK, Order, Result, Work
from coaiapy.experiments.figures import Summary
from coaiapy.experiments.items import Items
from coaiapy.experiments.links import Linked
from coaiapy.experiments.plans import Plan
from coaiapy.langfuse.journal.db import Journal, Written
from coaiapy.langfuse.journal.destinations import destination_of
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.send import delivery
from coaiapy.langfuse.send.outcome import Outcome
from coaiapy.running.recorded_text import Redaction, masked
from coaiapy.running.supervisor import Supervisor
from coaiapy.util.files import read_text
from coaiapy.util.text.notes import Note, ignore_note


class Report(NamedTuple):
    """What became of a run: all its results, also earlier ones, are in the ``summary``.

    ``worked_on`` counts the results of this time, ``signal`` has ended it early.
    """

    plan: Plan
    summary: Summary
    cost: float
    worked_on: int
    signal: Optional[int]
    delivery: Outcome
    linked: Linked


class Place(NamedTuple):
    """Where records go, and what is told meanwhile: ``changed`` gets each result."""

    settings: Settings
    env_file: Optional[str]
    note: Note
    began: Callable[[int], None] = lambda total: None
    changed: Callable[[Result], None] = lambda result: None


def run(place: Place, order: Order, chosen: Items, limits: Limits, rerun: bool) -> Report:
    """Run the command for each item that was not run before; with ``rerun`` also for failed ones.

    Raises ``CoaiaError`` for what is wrong from the start.
    """
    with Journal() as journal:
        destination = destination_of(journal, place.settings)
        with lock.held(journal, destination, order.plan):
            order = order._replace(plan=_kept(order.plan, place.env_file))
            known = plans.earlier(journal, destination, order.plan)
            before = sum(1 for _ in results.outcomes(journal, destination, order.plan))
            left = _left(journal, destination, order, chosen, rerun)
            counts = Counter(work.result.again for work in left)
            plan = order.plan._replace(expected=before + counts[False])
            order = order._replace(plan=plans.save(journal, destination, plan, known))
            place.began(sum(counts.values()))
            left = _left(journal, destination, order, chosen, rerun)
            return _work(place, journal, destination, order, left, limits)


def _left(
    journal: Journal, destination: int, order: Order, chosen: Items, rerun: bool
) -> Iterator[Work]:
    """Yield what is to be run; what has become of an item before is looked up when it comes."""
    plan = order.plan
    for item in chosen:
        for repeat in range(1, plan.repeat + 1):
            state = results.state(journal, destination, plan.trace_id(item.id, repeat))
            if state is None or rerun and state != OK:
                yield Work(order, item, repeat, again=state is not None)


def _kept(plan: Plan, env_file: Optional[str]) -> Plan:
    """Return a plan as it may be recorded: without secrets, and without its command if that is wished."""
    told = masked(plan.metadata, Redaction((), env_file))
    if not config_values.load(env_file).get("trace_content"):
        told.pop("command", None)
    return plan._replace(metadata=told)


def score(place: Place, order: Order, limits: Limits) -> Report:
    """Evaluate the outputs of a run again, without running its command."""
    with Journal() as journal:
        destination = destination_of(journal, place.settings)
        with lock.held(journal, destination, order.plan):
            count = sum(1 for _ in _scorable(journal, destination, order.plan))
            if not count:
                raise StateError(
                    "no output of {!r} was kept that could be scored: run it again under another "
                    "name".format(order.plan.name)
                )
            place.began(count)
            found = _scorable(journal, destination, order.plan)
            works = (Work(order, one.item, one.repeat, one) for one in found)
            return _work(place, journal, destination, order, works, limits)


def _scorable(journal: Journal, destination: int, plan: Plan) -> Iterator[Result]:
    for one in results.unscored(journal, destination, plan):
        if one.state == OK and isinstance(one.output, str):
            yield one.result()


def _work(
    place: Place,
    journal: Journal,
    destination: int,
    order: Order,
    works: Iterator[Work],
    limits: Limits,
) -> Report:
    configs = records.Configs(place.settings, place.note)
    for one in list(order.rules) + list(order.commands):
        configs.of(one.name)  # before anything runs
    writer = records.Writer(
        journal, destination, place.settings, order.plan, configs, place.env_file
    )
    count = [0]

    def done(result: Result) -> None:
        count[0] += 1
        writer.add(result)
        place.changed(result)

    try:
        workers = _workers(place, order) if order.queue else None
        signal = Runner(limits, done, writer.turn, writer.last_line, workers).run(works)
    finally:
        writer.flush()
    return _end(place, journal, destination, order.plan, writer.rows, count[0], signal)


def _workers(place: Place, order: Order) -> Callable[[Supervisor], Any]:
    """Return what makes the way to the workers."""
    from coaiapy.experiments.execution.item_dispatch import ItemDispatch

    return lambda supervisor: ItemDispatch(order, place.env_file, place.note, supervisor)


def _end(
    place: Place,
    journal: Journal,
    destination: int,
    plan: Plan,
    rows: "array[int]",
    count: int,
    signal: Optional[int],
) -> Report:
    """Sum up, link what is not linked yet, write the scores of the run, and have all sent."""
    found = figures.summary(results.outcomes(journal, destination, plan), plan.expected)
    cost = sum(one for _, one in results.costs(journal, destination, plan))
    pairs = ((one.item, one.trace_id) for one in results.outcomes(journal, destination, plan))
    linked = links.link(place.settings, journal, plan, pairs)
    if linked.run_id and linked.keeps_scores and not signal:
        scores = list(_run_scores(place.settings, plan, linked.run_id, found, cost))
        rows.extend(journal.append(destination, scores).rows)
    outcome = delivery.deliver(journal, place.settings, Written(rows, len(rows)), BACKGROUND)
    return Report(plan, found, cost, count, signal, outcome, linked)


def _run_scores(
    settings: Settings, plan: Plan, run_id: str, found: Summary, cost: float
) -> Iterator[Any]:
    for name, value in figures.run_scores(found, cost).items():
        target: Body = {"id": plans.score_id(plan.id, name), "dataset_run_id": run_id}
        target["environment"] = settings.environment
        yield records.score_of(Judgement(name, value), None, target)


def find(settings: Settings, run: str, dataset: Optional[str] = None) -> Plan:
    """Return the plan of the run of this name or id, or of the ``latest``."""
    with Journal() as journal:
        return plans.find(journal, destination_of(journal, settings), run, dataset)


def read(
    settings: Settings, run: str, dataset: Optional[str] = None, note: Note = ignore_note
) -> Run:
    """Return all that is known of the run of this name or id, or of the ``latest``.

    It is that of this machine, or else that of the server; ``note`` says what that does not tell.
    The results are in the order in which they were started.
    """
    with Journal() as journal:
        destination = destination_of(journal, settings)
        try:
            plan = plans.find(journal, destination, run, dataset)
            costs: Dict[str, float] = defaultdict(float)
            for trace_id, cost in results.costs(journal, destination, plan):
                costs[trace_id] += cost
            outcomes = results.outcomes(journal, destination, plan)
            found = [one._replace(cost=costs[one.trace_id]) for one in outcomes]
        except NotFoundError:
            if settings.is_local or run == "latest":
                raise
            there = remote.find(settings, journal, run, dataset)
            plan, found = there.plan, remote.outcomes(settings, journal, there, note)
    found.sort(key=lambda one: (one.started, one.trace_id))
    return Run(plan, figures.summary(found, plan.expected), found)


def baseline(settings: Settings, name: str, plan: Plan) -> Summary:
    """Return the summary of a baseline: a run, the ``latest`` other one of this dataset, or a file.

    Raises ``NotFoundError`` if there is none.
    """
    if os.path.isfile(name):
        return gates.known(read_text(name), name)
    with Journal() as journal:
        destination = destination_of(journal, settings)
        known = [
            one
            for one in plans.every(journal, destination)
            if one.dataset == plan.dataset and one.id != plan.id
        ]
        found = [one for one in known if name in (one.name, one.id)]
        if name == "latest" and not found:
            found = known[:1]
        if not found:
            raise NotFoundError(
                "no baseline {!r}: there is no such file, and no other run of the dataset {!r} "
                "on this machine".format(name, plan.dataset)
            )
        outcomes = results.outcomes(journal, destination, found[0])
        return figures.summary(outcomes, found[0].expected)


def listed(settings: Settings, note: Note = ignore_note) -> List[Body]:
    """Return the runs of this machine, the latest first, each with its numbers; then those that
    only the server has, whose results it does not count.
    """
    with Journal() as journal:
        destination = destination_of(journal, settings)
        own = plans.every(journal, destination)
        found = [_listed(journal, destination, one) for one in own]
        if settings.is_local:
            return found
        try:
            there = remote.listed(settings, journal, {plan.id for plan in own})
        except NetworkError as error:
            if not found:
                raise
            note("{}; this is what this machine has run".format(error))
            there = []
    return found + [_row(one, "server") for one in there]


def _row(plan: Plan, place: str) -> Body:
    return {
        "name": plan.name,
        "dataset": plan.dataset,
        "startedAt": plan.started_at,
        "from": place,
        "results": str(plan.items or ""),
        "errors": None,
        "scores": {},
        "description": plan.description,
        "metadata": plan.metadata,
        "id": plan.id,
    }


def _listed(journal: Journal, destination: int, plan: Plan) -> Body:
    found = figures.summary(results.outcomes(journal, destination, plan), plan.expected)
    means = {name: figures.rounded(found.mean(name)) for name in found.numbers.scores}
    return dict(
        _row(plan, "here"),
        results="{} of {}".format(found.done, found.expected),
        errors=found.errors,
        scores=means,
    )


def delete(settings: Settings, plan: Plan) -> bool:
    """Delete a run on this machine, and on a server that has runs; tell whether that had it."""
    with Journal() as journal:
        destination = destination_of(journal, settings)
        there = False if settings.is_local else links.delete(settings, journal, plan)
        plans.forget(journal, destination, plan)
    return there
