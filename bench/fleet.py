"""A loop over thousands of items on workers: nothing is lost with workers that are killed, and how much
faster several are than one. Run it with a Python that has the packages of the tests:

    python bench/fleet.py [ITEMS]

To compare speeds, an item waits for half a second, as one that asks a model does: so the workers, and
not the processors of this one machine, are what is measured. What is lost is looked for with
items that follow each other quickly.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack

from clients import Client as Installed
from clients import environment

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, os.pardir, "tests", "servers"))
from redis_for_tests import running  # noqa: E402

ITEMS = 2000
WORKERS, KILLED = 4, 2
# Items for each worker, and the seconds that one waits, to compare speeds; the same to lose some.
EACH, WAIT = 60, 0.5
SHORT_WAIT = 0.05
LOST_AFTER = 5
TEMPLATE = {
    "variables": [
        {"name": "count", "type": "integer", "required": True},
        {"name": "wait", "type": "number", "required": True},
    ],
    "steps": [
        {
            "name": "Item {{ item }}",
            "for_each": "range(count) | list",
            "run": "sleep {{ wait }}; echo {{ item }}",
            "retries": 3,
            "backoff": 0,
        }
    ],
}


def main(items):
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        server = stack.enter_context(running(folder))
        variables = environment(folder, Installed("coaia", sys.executable))
        variables.update(REDIS_URL=server.url)
        templates = os.path.join(folder, ".coaia", "templates")
        os.makedirs(templates)
        os.mkdir(os.path.join(folder, "work"))
        with open(os.path.join(templates, "many.json"), "w") as stream:
            json.dump(TEMPLATE, stream)
        one = EACH / measured(folder, variables, EACH, WAIT, 1)
        many = EACH * WORKERS
        several = many / measured(folder, variables, many, WAIT, WORKERS)
        print(
            "{} workers: {:.2f} times one ({:.1f} items/s)".format(WORKERS, several / one, one),
            flush=True,
        )
        seconds = measured(folder, variables, items, SHORT_WAIT, WORKERS, KILLED)
        print("{} items, {} of {} workers killed: {:.1f} s".format(items, KILLED, WORKERS, seconds))


def measured(folder, variables, items, wait, workers, killed=0):
    """Return the seconds of a run, after checking that each item is in its result once."""
    coaia = [sys.executable, "-m", "coaiapy"]
    words = coaia + ["worker", "--lost-after", str(LOST_AFTER)]
    # Elsewhere than in the home, where the template would be one of a project, which nobody trusts.
    quiet = dict(cwd=os.path.join(folder, "work"), env=variables, stderr=subprocess.DEVNULL)
    several = [subprocess.Popen(words, **quiet) for _ in range(workers)]
    try:
        start = time.monotonic()
        words = coaia + ["pipeline", "run", "many", "--on", "redis", "--json"]
        words += ["--var", "count={}".format(items), "--var", "wait={}".format(wait)]
        several.append(subprocess.Popen(words, stdout=subprocess.PIPE, **quiet))
        run = several[-1]
        for number in range(killed):
            time.sleep(5)
            kill(several[number].pid, with_its_job=number % 2 == 1)
        out, _ = run.communicate()
        seconds = time.monotonic() - start
    finally:
        for process in several:
            process.kill()
            process.wait()
    check(json.loads(out.decode("utf-8")), items)
    return seconds


def kill(worker, with_its_job):
    """Kill a worker; alone, it leaves a process that tells of it, and otherwise nobody does."""
    with open("/proc/{0}/task/{0}/children".format(worker)) as stream:
        children = [int(word) for word in stream.read().split()]
    for process in [worker] + (children if with_its_job else []):
        os.kill(process, signal.SIGKILL)


def check(body, items):
    outputs = Counter(step["output"] for step in body["steps"])
    wanted = Counter(str(number) for number in range(items))
    if body["status"] != "succeeded" or outputs != wanted:
        raise SystemExit("not every item is in the result once: {}".format(outputs - wanted))
    attempts = sum(step["attempts"] for step in body["steps"])
    print(
        "{} items: each once in the result, after {} attempts".format(items, attempts), flush=True
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ITEMS)
