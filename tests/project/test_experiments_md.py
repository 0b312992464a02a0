"""docs/experiments.md: its examples do what they say, also those of CI; its tables are complete."""

import os
import re
import subprocess
import sys

import yaml
from documents import check, read, steps
from processes import environment

from coaiapy.experiments import evaluators
from coaiapy.experiments.execution.work import (
    FAILED,
    NOT_STARTED,
    NOT_TEXT,
    OK,
    TIMED_OUT,
    TOO_LARGE,
)

NAME = "docs/experiments.md"
TEXT = read(NAME)
FILES = {step.path: step.shown for step in steps(TEXT) if step.path}


def test_every_example_does_what_it_says():
    check(NAME)


def bash(script, **variables):
    """Run a script of CI as it does: the first failure ends it."""
    shim = 'set -e\ncoaia() { "$PYTHON" -m coaiapy "$@"; }\n'
    return subprocess.run(
        ["bash", "-c", shim + script],
        env=environment(PYTHON=sys.executable, **variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
    )


def test_one_pipeline_of_ci_passes_and_one_fails_by_its_gate(project):
    for path, content in FILES.items():
        (project / os.path.dirname(path)).mkdir(parents=True, exist_ok=True)
        (project / path).write_text(content, encoding="utf-8")
    first = "coaia fuse experiments run questions.jsonl --name base --eval accuracy:exact --json "
    assert bash(first + "-- sh answer.sh > baseline.json").returncode == 0
    jobs = yaml.safe_load(FILES[".github/workflows/experiment.yml"])["jobs"]
    passed = bash(jobs["experiment"]["steps"][-1]["run"], GITHUB_SHA="abc")
    assert passed.returncode == 0, passed.stderr
    assert "accuracy  0.6667 (mean of 3 items)" in passed.stdout
    (line,) = yaml.safe_load(FILES[".gitlab-ci.yml"])["experiment"]["script"]
    failed = bash(line, CI_COMMIT_SHA="def")
    assert failed.returncode == 1
    said = "coaia: gate --fail-on-regression accuracy=0.02: accuracy fell from 1 to 0.6667"
    assert said in failed.stderr


def test_the_tables_are_complete():
    states = re.findall(r"^\| `([a-z ]+)` \| ", TEXT.split("## Scores")[0], re.MULTILINE)
    assert states == [OK, FAILED, TIMED_OUT, NOT_STARTED, NOT_TEXT, TOO_LARGE]
    kinds = re.findall(r"^\| `([a-z]+)", TEXT.split("## Scores")[1].split("\n## ")[0], re.MULTILINE)
    assert sorted(kinds) == sorted(evaluators._KINDS)
