"""Commands under ``coaia run``: how fast their output is passed on; and writes that wait for nobody."""

import os
import subprocess
import time
from contextlib import ExitStack
from typing import NamedTuple

from clients import Sink, medians, run

GIGABYTE = 1 << 30
ADDS = 50
# Milliseconds to the server that nobody waits for.
DISTANCE = 200
RUNS = 3


class Figures(NamedTuple):
    """Seconds: of a gigabyte through ``cat``, without and with coaia, and of many small writes,
    without a server and in the background."""

    bare: float
    recorded: float
    local: float
    background: float


def measure(bench):
    """Return the ``Figures``; what is compared takes turns."""
    with ExitStack() as stack:
        folder, variables = stack.enter_context(bench.home(bench.ours))
        sink = stack.enter_context(Sink(bench, DISTANCE))
        far_folder, far = stack.enter_context(bench.home(bench.ours, sink.url))
        far["COAIA_DELIVERY"] = "background"
        recorded = [bench.ours.coaia, "run", "--", "cat"]
        jobs = {
            "bare": lambda: _passed_on(["cat"], folder, variables),
            "recorded": lambda: _passed_on(recorded, folder, variables),
            "local": lambda: _added(bench, folder, variables),
            "background": lambda: _added(bench, far_folder, far),
        }
        return Figures(**medians(jobs, RUNS))


def _passed_on(command, folder, variables):
    """Return the seconds that a gigabyte needs through a command, from pipe to pipe."""
    words = ["head", "-c", str(GIGABYTE), "/dev/zero"]
    source = subprocess.Popen(words, stdout=subprocess.PIPE)
    start = time.perf_counter()
    between = subprocess.Popen(
        command, cwd=folder, env=variables, stdin=source.stdout, stdout=subprocess.PIPE
    )
    source.stdout.close()
    sink = subprocess.Popen(["wc", "-c"], stdin=between.stdout, stdout=subprocess.PIPE)
    between.stdout.close()
    arrived = int(sink.communicate()[0])
    if source.wait() or between.wait() or arrived != GIGABYTE:
        raise SystemExit("{} has lost output".format(" ".join(command)))
    return time.perf_counter() - start


def _added(bench, folder, variables):
    """Return the seconds of a script that adds many observations, one command for each."""
    line = '"{}" fuse traces add-observation --trace-id bench --name step >/dev/null\n'
    script = os.path.join(folder, "adds.sh")
    with open(script, "w") as stream:
        stream.write(line.format(bench.ours.coaia) * ADDS)
    return run(["sh", "-e", script], folder, variables)[0]
