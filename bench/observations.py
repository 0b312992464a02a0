"""20,000 observations from a file to a server on loopback."""

import json
import os
import statistics
import sys
import tempfile
import time
from typing import NamedTuple

from clients import Sink, run

COUNT = 20000
RUNS = 5
WORDS = ["fuse", "traces", "add-observations", "bench", "-f"]


class Sent(NamedTuple):
    """What became of the file: medians of the runs, and the fewest that arrived."""

    seconds: float
    arrived: int
    requests: int
    peak_mb: float

    @property
    def rate(self):
        return self.arrived / self.seconds


def measure(bench):
    """Return what was ``Sent`` by client."""
    with tempfile.TemporaryDirectory() as scratch:
        lines, array = write_observations(scratch)
        script = bench.sdk.script("sdk_observations.py") + [lines]
        commands = [
            (bench.ours, [bench.ours.coaia] + WORDS + [lines]),
            (bench.published, [bench.published.coaia] + WORDS + [array]),
            (bench.sdk, script),
            (bench.roomy_sdk, script),
        ]
        runs = {client.name: [] for client, _ in commands}
        for _ in range(RUNS):
            for client, command in commands:
                runs[client.name].append(_send(bench, client, command))
    return {
        name: Sent(
            statistics.median(sent.seconds for sent in each),
            min(sent.arrived for sent in each),
            each[0].requests,
            max(sent.peak_mb for sent in each),
        )
        for name, each in runs.items()
    }


def write_observations(folder):
    """Write the same observations as JSON Lines and as one JSON array; return both paths."""
    rows = [
        {
            "name": "step {}".format(number),
            "type": "SPAN",
            "input": {"text": "observation {} ".format(number) * 4},
            "metadata": {"number": number},
        }
        for number in range(COUNT)
    ]
    lines, array = os.path.join(folder, "steps.jsonl"), os.path.join(folder, "steps.json")
    with open(lines, "w", encoding="utf-8") as stream:
        stream.writelines(json.dumps(row) + "\n" for row in rows)
    with open(array, "w", encoding="utf-8") as stream:
        json.dump(rows, stream)
    return lines, array


def _send(bench, client, command):
    with Sink(bench) as sink, bench.home(client, sink.url) as (folder, variables):
        seconds, memory = run(command, folder, variables)
        counts = sink.counts()
    return Sent(seconds, min(counts["observations"], COUNT), counts["POST"], memory)


def requests_memory(bench):
    """Return the peak memory in MB of an otherwise empty Python that imports requests."""
    with bench.home(bench.ours) as (folder, variables):
        return run([sys.executable, "-c", "import requests"], folder, variables)[1]


def journal_overhead(bench):
    """Return the median seconds of writing one observation down, without sending it."""
    from coaiapy.langfuse.journal.db import Journal
    from coaiapy.langfuse.journal.schema import LOCAL
    from coaiapy.langfuse.records.records import observation_from

    times = []
    with bench.home(bench.ours) as (folder, _):
        path = os.path.join(folder, "coaia.db")
        for number in range(200):
            observation = observation_from({"name": str(number), "input": "text"}, "bench")
            start = time.perf_counter()
            with Journal(path) as journal:
                journal.append(LOCAL, [observation])
            times.append(time.perf_counter() - start)
    return statistics.median(times)
