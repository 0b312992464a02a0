"""20,000 observations from a file to a server on loopback: coaia, and the official SDK if given.

Run by ``make bench``; the first argument is a Python that has the SDK installed. Both clients
send to the same sink, which counts what arrived; rates are of what arrived.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from urllib.request import urlopen

COUNT = 20000
RUNS = 3
HERE = os.path.dirname(os.path.abspath(__file__))
BIN = os.path.dirname(sys.executable)


def main():
    sdk = sys.argv[1] if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory() as scratch:
        path = os.path.join(scratch, "observations.jsonl")
        write_observations(path)
        command = [os.path.join(BIN, "coaia"), "fuse", "traces", "add-observations"]
        clients = [("coaia", command + ["bench", "-f", path])]
        if sdk:
            clients.append(("official SDK", [sdk, os.path.join(HERE, "sdk_observations.py"), path]))
        results = {name: [] for name, _ in clients}
        for run in range(RUNS):
            for name, client in clients:
                home = os.path.join(scratch, "{} {}".format(name, run))
                os.mkdir(home)
                results[name].append(measure(client, home, sdk or sys.executable))
        show(results, import_memory(scratch))
        print("journal: {:.2f} ms per write (median)".format(journal_overhead(scratch) * 1000))
        print("requests per pipeline: {}".format(pipeline_requests(scratch, sdk)))


def write_observations(path):
    with open(path, "w", encoding="utf-8") as stream:
        for number in range(COUNT):
            values = {
                "name": "step {}".format(number),
                "type": "SPAN",
                "input": {"text": "observation {} ".format(number) * 4},
                "metadata": {"number": number},
            }
            stream.write(json.dumps(values) + "\n")


class Sink:
    """The sink in a process of its own."""

    def __init__(self, python):
        self.process = subprocess.Popen(
            [python, os.path.join(HERE, "sink.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            universal_newlines=True,
        )
        self.url = self.process.stdout.readline().strip()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()

    def count(self):
        with urlopen(self.url + "/count") as answer:
            return json.loads(answer.read().decode())


def environment(url, home):
    names = {name: text for name, text in os.environ.items() if "LANGFUSE" not in name}
    return dict(
        names,
        HOME=home,
        COAIA_HOME=os.path.join(home, ".coaia"),
        LANGFUSE_BASE_URL=url,
        LANGFUSE_PUBLIC_KEY="pk-bench",
        LANGFUSE_SECRET_KEY="sk-bench",
    )


def measure(command, home, python):
    """Return (seconds, observations that arrived, requests, peak memory in MB) of one run."""
    with Sink(python) as sink:
        start = time.perf_counter()
        memory = peak_memory(command, home, environment(sink.url, home))
        seconds = time.perf_counter() - start
        counted = sink.count()
    return seconds, min(counted["spans"], COUNT), counted["requests"], memory


def peak_memory(command, folder, variables):
    """Run a command to its end and return its peak resident memory in MB."""
    child = subprocess.Popen(
        command,
        cwd=folder,
        env=variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = status
    if status:
        raise SystemExit("{} failed ({})".format(command[0], status))
    return usage.ru_maxrss / 1024.0


def import_memory(scratch):
    command = [sys.executable, "-c", "import requests"]
    return peak_memory(command, scratch, dict(os.environ))


def journal_overhead(scratch):
    """Return the median seconds of writing one observation down, without sending it."""
    os.environ["COAIA_HOME"] = os.path.join(scratch, "overhead")
    from coaiapy.journal import LOCAL, Journal
    from coaiapy.records import observation_from

    times = []
    for number in range(200):
        observation = observation_from({"name": str(number), "input": "text"}, "bench")
        start = time.perf_counter()
        with Journal() as journal:
            journal.append(LOCAL, [observation])
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def pipeline_requests(scratch, sdk):
    """Return how many write requests ``pipeline create`` needs, the server being known."""
    home = os.path.join(scratch, "pipeline")
    os.mkdir(home)
    command = [os.path.join(BIN, "coaia"), "pipeline", "create", "data-pipeline"]
    with Sink(sdk or sys.executable) as sink:
        peak_memory(command, home, environment(sink.url, home))
        return sink.count()["requests"]


def show(results, base_memory):
    header = "{:<14}{:>10}{:>10}{:>14}{:>10}{:>12}{:>22}"
    row = "{:<14}{:>10.2f}{:>10}{:>14.0f}{:>10}{:>12.0f}{:>22.0f}"
    print("{} observations, medians of {} runs".format(COUNT, RUNS))
    print(
        header.format(
            "client", "seconds", "arrived", "per second", "requests", "peak MB", "MB above requests"
        )
    )
    rates = {}
    for name, runs in results.items():
        seconds = statistics.median(run[0] for run in runs)
        arrived = min(run[1] for run in runs)
        memory = max(run[3] for run in runs)
        rates[name] = arrived / seconds
        print(
            row.format(
                name, seconds, arrived, rates[name], runs[0][2], memory, memory - base_memory
            )
        )
    if len(rates) == 2:
        ours, theirs = rates.values()
        print("ratio: {:.1f} times the SDK's observations per second".format(ours / theirs))


if __name__ == "__main__":
    main()
