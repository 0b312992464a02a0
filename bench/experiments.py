"""Experiments at scale, counted. Run it with a Python that has the packages of the tests:

    python bench/experiments.py [ITEMS]

On every kind of server, and without one, a run of so many items is killed twice and goes on: each item
has to be there once, here and there. Then the time of 3,000 commands of 50 ms, 8 at a time, is compared
with the ideal one; a busy machine has no part in what a processor does for an item.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time

from clients import Client as Installed
from clients import environment

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, os.pardir, "tests", "servers"))
from langfuse_server import KINDS  # noqa: E402
from langfuse_server.client import Client  # noqa: E402
from langfuse_server.server import LangfuseServer  # noqa: E402

ITEMS = 300
COAIA = [sys.executable, "-m", "coaiapy", "fuse"]
RUN = ["experiments", "run", "items.jsonl", "--name", "first", "--eval", "exact", "--json"]
ECHO = ["--", "sh", "-c", "echo $COAIA_ITEM_ID >> ran; cat"]
MANY, SECONDS, JOBS = 3000, 0.05, 8
SINCE = "2020-01-01T00:00:00.000Z"


def main(items):
    for kind in sorted(KINDS):
        with LangfuseServer(kind) as server, tempfile.TemporaryDirectory() as folder:
            variables = environment(folder, Installed("coaia", sys.executable), server.url)
            variables.update(
                LANGFUSE_PUBLIC_KEY=server.public_key, LANGFUSE_SECRET_KEY=server.secret_key
            )
            write(folder, items)
            call(folder, variables, ["datasets", "import", "items", "items.jsonl", "--create"])
            body, again = killed(folder, variables, items)
            check(kind, body, items, again, there(server, items))
    with tempfile.TemporaryDirectory() as folder:
        variables = environment(folder, Installed("coaia", sys.executable))
        write(folder, items)
        body, again = killed(folder, variables, items)
        check("local", body, items, again, [])
        timed(folder, variables)


def write(folder, items):
    with open(os.path.join(folder, "items.jsonl"), "w") as stream:
        for number in range(items):
            body = {"id": "i%04d" % number, "input": str(number), "expectedOutput": str(number)}
            stream.write(json.dumps(body) + "\n")


def call(folder, variables, words):
    done = subprocess.run(COAIA + words, cwd=folder, env=variables, stdout=subprocess.PIPE)
    if done.returncode:
        raise SystemExit("{} has failed".format(" ".join(words)))
    return done.stdout


def killed(folder, variables, items):
    """Kill a run after a third, and after two thirds; return what the third one says."""
    for share in (1, 2):
        process = subprocess.Popen(
            COAIA + RUN + ECHO, cwd=folder, env=variables, stdout=subprocess.DEVNULL
        )
        while process.poll() is None and len(ran(folder)) < items * share // 3:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
    delivered = ["--require-delivery"] * ("LANGFUSE_PUBLIC_KEY" in variables)
    body = json.loads(call(folder, variables, RUN + delivered + ECHO))
    return body, len(ran(folder)) - items


def ran(folder):
    path = os.path.join(folder, "ran")
    if not os.path.exists(path):
        return []
    with open(path) as stream:
        return stream.read().split()


def there(server, items):
    """Return the ids of the items of the run that a server has, in each of the ways it has them."""
    found = []
    ask = Client(server)
    if server.kind.legacy:
        rows = ask("GET", "/api/public/datasets/items/runs/first").body["datasetRunItems"]
        found.append(sorted(one["datasetItemId"] for one in rows))
    if server.kind.rows:
        rows, query = [], {"fromStartTime": SINCE, "limit": 100}
        while True:
            page = ask("GET", "/api/public/experiment-items", query=query).body
            rows += page["data"]
            query["cursor"] = page["meta"].get("cursor")
            if not query["cursor"]:
                break
        found.append(sorted(one["experimentItemId"] for one in rows))
    return found


def check(kind, body, items, again, found):
    wanted = ["i%04d" % number for number in range(items)]
    if body["states"] != {"ok": items} or body["missing"] or body["scores"]["exact"]["mean"] != 1:
        raise SystemExit("{}: not every item is in the result: {}".format(kind, body["states"]))
    if any(ids != wanted for ids in found):
        counts = [(len(ids), len(set(ids))) for ids in found]
        raise SystemExit("{}: not every item is on the server once: {}".format(kind, counts))
    print(
        "{}: killed twice, {} of {} items ok, {} run again, each once in {} lists of the server".format(
            kind, body["done"], items, again, len(found)
        ),
        flush=True,
    )


def timed(folder, variables):
    write(folder, MANY)
    start, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    words = ["experiments", "run", "items.jsonl", "--name", "many", "--jobs", str(JOBS), "--json"]
    call(folder, variables, words + ["--", "sleep", str(SECONDS)])
    seconds, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    ideal = MANY * SECONDS / JOBS
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(
        "{} commands of {:g} s, {} at a time: {:.1f} s, {:.2f} times the ideal; {:.1f} ms of processor "
        "time for an item with its command; at most {:.0f} MB".format(
            MANY,
            SECONDS,
            JOBS,
            seconds,
            seconds / ideal,
            processor / MANY * 1000,
            after.ru_maxrss / 1024,
        )
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ITEMS)
