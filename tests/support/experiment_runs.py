"""A small dataset, and a command that answers its questions."""

import json
import sys

import pytest

ITEMS = [
    {"id": "q{}".format(number), "input": str(number), "expectedOutput": str(2 * number)}
    for number in range(6)
]
# Doubles its input, and writes down that it has run.
DOUBLE = 'import os, sys; open("ran", "a").write(os.environ["COAIA_ITEM_ID"] + "\\n"); '
DOUBLE += "print(2 * int(sys.stdin.read()))"


@pytest.fixture
def questions(project):
    """Write ``questions.jsonl``, and return a function that writes others."""

    def write(*items):
        lines = [json.dumps(item) + "\n" for item in items]
        (project / "questions.jsonl").write_text("".join(lines), encoding="utf-8")

    write(*ITEMS)
    return write


@pytest.fixture
def experiment(run, questions):
    """Run an experiment called ``first`` with the given options and a Python program."""

    def start(*options, code=DOUBLE, name="first"):
        words = ["fuse", "experiments", "run", "questions.jsonl", "--name", name]
        return run(*(words + list(options) + ["--", sys.executable, "-c", code]))

    return start


@pytest.fixture
def shown(run):
    """Return the items of a run by their ids, as ``experiments show`` prints them."""

    def show(name="first"):
        listed = json.loads(run("fuse", "experiments", "show", name, "--json").out)
        return {one["item"]: one for one in listed}

    return show
