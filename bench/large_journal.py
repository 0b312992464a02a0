"""Commands that read a journal of 200,000 records, from the shell's prompt to the next one."""

import os
import sys
from typing import NamedTuple

from clients import OURS, medians, run

TRACES = 20000
STEPS = 9
RECORDS = TRACES * (1 + STEPS)
RUNS = 9
MOST = 12.0
# A word that is in one observation of the middle.
NEEDLE = "needle"
TRACE = "{:032x}".format(TRACES // 2)
WORDS = {
    "`coaia fuse traces`": [],
    "`coaia fuse traces tv`": ["tv", TRACE],
    "`coaia fuse traces search`": ["search", NEEDLE],
    "`coaia fuse traces stats --by model`": ["stats", "--by", "model"],
}
_DAY = "2026-01-{:02d}T{:02d}:{:02d}:{:02d}"
# Makes the journal in a process of its own, whose memory is not measured.
_MAKE = """
import large_journal
from coaiapy.langfuse.journal.db import Journal
with Journal() as journal:
    journal.append(0, large_journal.records())
"""


class Figures(NamedTuple):
    """Seconds of each command and of an empty Python, and the largest peak of memory in MB."""

    seconds: dict
    bare: float
    peak_mb: float


def measure(bench):
    """Return the ``Figures``; what is compared takes turns."""
    peaks = []

    def job(command, folder, variables):
        def do():
            seconds, memory = run(command, folder, variables)
            peaks.append(memory)
            return seconds

        return do

    with bench.home(bench.ours) as (folder, variables):
        here = dict(variables, PYTHONPATH=os.path.dirname(os.path.abspath(__file__)))
        run([sys.executable, "-c", _MAKE], folder, here)
        commands = {
            row: [bench.ours.coaia, "fuse", "traces"] + words for row, words in WORDS.items()
        }
        run(commands["`coaia fuse traces stats --by model`"], folder, variables)
        jobs = {row: job(command, folder, variables) for row, command in commands.items()}
        jobs[OURS] = job([sys.executable, "-c", "pass"], folder, variables)
        seconds = medians(jobs, RUNS)
        return Figures(seconds, seconds.pop(OURS), max(peaks))


def records():
    """Yield traces a few seconds apart, each with its steps, every third one a generation."""
    from coaiapy.langfuse.records.records import observation_from, trace_from

    for number in range(TRACES):
        trace_id, start = "{:032x}".format(number), _time(number * 100)
        question = {"question": "What is the answer to question {}? ".format(number) * 4}
        yield trace_from({"id": trace_id, "name": "run", "timestamp": start, "input": question})
        for place in range(STEPS):
            yield observation_from(_step(number, place), trace_id)


def _step(number, place):
    text = NEEDLE if (number, place) == (TRACES // 2, 4) else "hay"
    step = {
        "id": "{:013x}{:03x}".format(number, place),
        "name": "step {}".format(place),
        "type": "SPAN",
        "start_time": _time(number * 100 + place),
        "end_time": _time(number * 100 + place + number * 7 % 60 + 1),
        "input": {"text": "{} of step {} of trace {} ".format(text, place, number) * 6},
    }
    if place % 3 == 0:
        step.update(type="GENERATION", model="model {}".format((number + place) % 5))
        step.update(usage={"input": number % 900, "output": number % 90})
        step.update(cost={"total": number % 11 / 1000.0})
    return step


def _time(seconds):
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    return _DAY.format(days % 28 + 1, hour, minute, second) + "Z"
