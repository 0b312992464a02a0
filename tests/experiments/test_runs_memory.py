"""Experiments of many items: what is held in memory does not grow with them."""

import gc
import json
import tracemalloc

import pytest

from coaiapy.config.settings import Settings
from coaiapy.experiments import items, plans, records
from coaiapy.experiments.execution.work import OK, Result
from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.journal.schema import LOCAL
from coaiapy.langfuse.send import delivery
from coaiapy.util.text.notes import ignore_note

pytestmark = pytest.mark.once

FEW, MANY = 100, 400
# Numbers of eight bytes: where an item is, and each of its records.
MOST_BYTES = 150
RUN = ["fuse", "experiments", "run", "many.jsonl", "--name", "first", "--fail-under", "exact=0.4"]


@pytest.fixture
def done(project):
    """Return a function that makes a dataset, and a run of which each item is done already."""

    def write(count):
        with open(str(project / "many.jsonl"), "w") as stream:
            for number in range(count):
                item = {"id": str(number), "input": "in", "expectedOutput": str(number % 2)}
                stream.write(json.dumps(item) + "\n")
        dataset = items.load(Settings(), "many.jsonl", None, ignore_note)
        plan = plans.Plan("first", "many", metadata={"command": "true"}, expected=count)
        with Journal() as journal:
            plan = plans.save(journal, LOCAL, plan, None)
            writer = records.Writer(journal, LOCAL, Settings(), plan, None, None)
            for one in items.Choice().of(dataset):
                writer.add(Result(one, 1, plan.trace_id(one.id, 1), OK, output="1", seconds=1.0))
            writer.flush()

    return write


@pytest.fixture
def held(monkeypatch):
    """What is held in memory at the end of each run, when all that belongs to it is still there."""
    found = []
    deliver = delivery.deliver

    def at_the_end(*args):
        gc.collect()
        found.append(tracemalloc.get_traced_memory()[0])
        return deliver(*args)

    monkeypatch.setattr(delivery, "deliver", at_the_end)
    tracemalloc.start()
    yield found
    tracemalloc.stop()


def test_memory_does_not_grow_with_the_items(done, held, run):
    for count in (MANY, FEW, MANY):  # the first time fills the caches
        done(count)
        assert run("fuse", "experiments", "score", "first", "--eval", "exact").code == 0
        assert run(*(RUN + ["--", "true"])).code == 0
        assert run("fuse", "experiments", "delete", "first", "--yes").code == 0
    growth = [(many - few) / (MANY - FEW) for few, many in zip(held[2:4], held[4:])]
    assert max(growth) < MOST_BYTES, growth
