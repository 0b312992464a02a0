"""When the next command of an experiment may start."""

import sys

import pytest

from coaiapy.util import times


def test_a_rate_holds_for_all_items_together(experiment, shown, run, questions):
    for command in (
        ["true"],
        [sys.executable, "-c", "print(1)"],
    ):  # shorter than the pauses, perhaps longer
        name = "rate " + command[0]
        words = ["questions.jsonl", "--name", name, "--rate", "300/min", "--jobs", "6", "--"]
        done = run("fuse", "experiments", "run", *(words + command))
        assert done.code == 0 and "6 of 6 done" in done.out
    begun = sorted(times.from_text(one["started"]).timestamp() for one in shown(name).values())
    assert all(later - before > 0.19 for before, later in zip(begun, begun[1:]))
    for wrong in ("0/min", "fast", "5/hour"):
        refused = experiment("--rate", wrong)
        assert refused.code == 2 and "is not a rate such as 60/min" in refused.err


ASKED_TO_WAIT = """
import os, sys, time
print(time.time())
if not os.path.exists("asked"):
    open("asked", "w").close()
    os.utime(os.environ["COAIA_PAUSE_FILE"], (0, time.time() + float(sys.argv[1])))
"""


@pytest.mark.parametrize("seconds, waits", [("1.5", True), ("3600", False)])
def test_a_pause_that_one_command_is_asked_for_holds_for_all(run, questions, shown, seconds, waits):
    words = [
        "fuse",
        "experiments",
        "run",
        "questions.jsonl",
        "--name",
        "first",
        "--jobs",
        "1",
        "--",
    ]
    assert run(*(words + [sys.executable, "-c", ASKED_TO_WAIT, seconds])).code == 0
    begun = sorted(float(one["output"]) for one in shown().values())
    assert len(begun) == 6 and (begun[1] - begun[0] >= 1.5 or not waits)
