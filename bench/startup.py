"""Start-up times: medians of 25 runs, as multiples of ``python -c pass`` in the same environment.

Run by ``make bench`` in an environment where coaiapy is installed as a user has it.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time

RUNS = 25
COAIA = os.path.join(os.path.dirname(sys.executable), "coaia")
BASE = "python -c pass"
COMMANDS = (
    (BASE, [sys.executable, "-c", "pass"], None),
    ("coaia --version", [COAIA, "--version"], 2.5),
    ("coaia --help", [COAIA, "--help"], 3.0),
    ("coaia env get KEY", [COAIA, "env", "get", "KEY"], 3.5),
    ("coaia pipeline create", [COAIA, "pipeline", "create", "data-pipeline"], 12.0),
)


def main():
    with tempfile.TemporaryDirectory() as scratch:
        environment = prepare(scratch)
        times = measure(scratch, environment)
    base = statistics.median(times[BASE])
    print("medians of {} runs, Python {}.{}.{}".format(RUNS, *sys.version_info[:3]))
    print("{:<24}{:>10}{:>9}{:>9}".format("command", "ms", "ratio", "at most"))
    for name, _, limit in COMMANDS:
        median = statistics.median(times[name])
        bound = "" if limit is None else "{:.1f}".format(limit)
        row = "{:<24}{:>10.1f}{:>9.2f}{:>9}"
        print(row.format(name, median * 1000, median / base, bound))


def prepare(scratch):
    """Return the environment of a project in ``scratch`` that has one variable, KEY."""
    environment = {
        name: text
        for name, text in os.environ.items()
        if not name.startswith(("COAIA", "LANGFUSE_"))
    }
    environment.update(HOME=scratch, COAIA_HOME=os.path.join(scratch, ".coaia"))
    run([COAIA, "env", "set", "KEY", "value"], scratch, environment)
    return environment


def measure(scratch, environment):
    """Return the seconds of every run by command; the commands take turns, so load hits all."""
    times = {name: [] for name, _, _ in COMMANDS}
    for turn in range(RUNS + 1):
        for name, command, _ in COMMANDS:
            start = time.perf_counter()
            run(command, scratch, environment)
            if turn:
                times[name].append(time.perf_counter() - start)
    return times


def run(command, folder, environment):
    subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )


if __name__ == "__main__":
    main()
