"""Who is measured, and how a command of theirs is run: real processes, one after the other."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager

HERE = os.path.dirname(os.path.abspath(__file__))
OURS = "coaia"
PUBLISHED = "coaiapy 0.6.2"
SDK = "official SDK"
ROOMY_SDK = "official SDK, large queue"


class Client:
    """A program in a virtual environment of its own."""

    def __init__(self, name, python, **variables):
        self.name = name
        self.python = python
        self.variables = variables

    @property
    def coaia(self):
        return os.path.join(os.path.dirname(self.python), "coaia")

    def script(self, name):
        """Return the command that runs a script of this folder in the client's environment."""
        return [self.python, os.path.join(HERE, name)]


class Bench:
    """The clients by name, and folders for them that are gone in the end."""

    def __init__(self, published, sdk):
        self.ours = Client(OURS, sys.executable)
        self.published = Client(PUBLISHED, published)
        self.sdk = Client(SDK, sdk)
        # By default the SDK drops what is written faster than it sends.
        self.roomy_sdk = Client(ROOMY_SDK, sdk, OTEL_BSP_MAX_QUEUE_SIZE="32768")

    @contextmanager
    def home(self, client, server=None):
        """Yield (a new folder, the environment of a process that has it as its home)."""
        with tempfile.TemporaryDirectory() as folder:
            yield folder, environment(folder, client, server)


def environment(folder, client, server=None):
    kept = {
        name: text
        for name, text in os.environ.items()
        if not name.startswith(("COAIA", "LANGFUSE_"))
    }
    kept.update(client.variables, HOME=folder)
    if server:
        kept.update(
            LANGFUSE_BASE_URL=server,
            LANGFUSE_HOST=server,
            LANGFUSE_PUBLIC_KEY="pk-bench",
            LANGFUSE_SECRET_KEY="sk-bench",
        )
    return kept


def run(command, folder, variables):
    """Run a command to its end; return (seconds, peak memory in MB)."""
    start = time.perf_counter()
    child = subprocess.Popen(
        command,
        cwd=folder,
        env=variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - start
    child.returncode = status
    if status:
        raise SystemExit("{} failed ({})".format(" ".join(command), status))
    return seconds, usage.ru_maxrss / 1024.0


def medians(jobs, runs):
    """Return the median seconds of each job; they take turns, so that a load hits all alike.

    A job is a function that returns its seconds; the first turn is not counted.
    """
    times = {name: [] for name in jobs}
    for turn in range(runs + 1):
        for name, job in jobs.items():
            seconds = job()
            if turn:
                times[name].append(seconds)
    return {name: statistics.median(seconds) for name, seconds in times.items()}


class Sink:
    """The server that all write to, in a process of its own, so many milliseconds away."""

    def __init__(self, bench, milliseconds=0):
        self.process = subprocess.Popen(
            bench.sdk.script("sink.py") + [str(milliseconds)],
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

    def counts(self):
        """Return how many observations arrived, and how many requests of which kind."""
        import json
        from urllib.request import urlopen

        with urlopen(self.url + "/counts") as answer:
            return json.loads(answer.read().decode())
