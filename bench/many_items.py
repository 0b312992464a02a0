"""An experiment of very many items: what it holds in memory, compared with one of few.

Of the many, all but a few are done already, so that most of the time is not that of their commands.
"""

import os
import sys
from typing import NamedTuple

from clients import run

FEW, MANY = 1000, 100000
# What the caches of SQLite may take, which are not full with few items. MB.
MOST_MORE = 40
NAME, DATASET = "first", "items"
WORDS = ["fuse", "experiments", "run", DATASET + ".jsonl", "--name", NAME, "--eval", "exact"]
# Makes the dataset and the results in a process of its own, whose memory is not measured.
_MAKE = "import sys, many_items; many_items.make(*map(int, sys.argv[1:]))"


class Figures(NamedTuple):
    """The peaks of memory in MB, with few items and with many."""

    few_mb: float
    many_mb: float


def measure(bench):
    """Return the ``Figures``."""
    return Figures(*(_peak(bench, count) for count in (FEW, MANY)))


def _peak(bench, count):
    with bench.home(bench.ours) as (folder, variables):
        here = dict(variables, PYTHONPATH=os.path.dirname(os.path.abspath(__file__)))
        run([sys.executable, "-c", _MAKE, str(count), str(count - FEW)], folder, here)
        _, memory = run([bench.ours.coaia] + WORDS + ["--", "cat"], folder, variables)
        return memory


def make(count, done):
    """Write the file of a dataset in this folder, and the results of its first items."""
    import json

    from coaiapy.config.settings import Settings
    from coaiapy.experiments import items, plans, records
    from coaiapy.experiments.execution.work import OK, Result
    from coaiapy.langfuse.journal.db import Journal
    from coaiapy.langfuse.journal.schema import LOCAL

    with open(DATASET + ".jsonl", "w") as stream:
        for number in range(count):
            text = "Question {}".format(number)
            body = {"id": str(number), "input": text, "expectedOutput": text}
            stream.write(json.dumps(body) + "\n")
    if not done:
        return
    dataset = items.load(Settings(), DATASET + ".jsonl", None, print)
    plan = plans.Plan(NAME, DATASET, metadata={"command": "cat"}, expected=done)
    with Journal() as journal:
        plan = plans.save(journal, LOCAL, plan, None)
        writer = records.Writer(journal, LOCAL, Settings(), plan, None, None)
        for item in items.Choice(limit=done).of(dataset):
            trace_id = plan.trace_id(item.id, 1)
            writer.add(Result(item, 1, trace_id, OK, output=item.input, seconds=0.01))
        writer.flush()
