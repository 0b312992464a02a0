"""A template to run, and what runs of pipelines leave behind: observations, and processes."""

import json
import os
import time

import pytest


def save_template(home, steps, variables):
    """Save the user's own template ``t``, which needs no trust, with the defaults of its variables."""
    folder = home / ".coaia" / "templates"
    folder.mkdir(parents=True, exist_ok=True)
    known = [{"name": name, "default": value} for name, value in variables.items()]
    document = {"variables": known, "steps": list(steps)}
    (folder / "t.json").write_text(json.dumps(document), "utf-8")


@pytest.fixture
def save(home):
    def _save(*steps, **variables):
        save_template(home, steps, variables or {"who": "; touch HIT"})

    return _save


@pytest.fixture
def result(run):
    """Return what a run says in JSON: each step by its name; and its exit code."""

    def _result(*words):
        done = run("pipeline", "run", "t", "--json", *words)
        body = json.loads(done.out)
        trace = json.loads(run("fuse", "traces", "tv", body["trace_id"], "--json").out)
        assert len(trace["observations"]) == len(body["steps"])
        return done.code, {step["name"]: step for step in body["steps"]}, trace

    return _result


def observation(trace, name):
    return next(one for one in trace["observations"] if one["name"] == name)


def is_there(process):
    try:
        os.kill(process, 0)
    except OSError:
        return False
    with open("/proc/{}/stat".format(process)) as file:
        return file.read().rpartition(")")[2].split()[0] != "Z"


def wait_until(is_so):
    end = time.time() + 200
    while not is_so():
        assert time.time() < end
        time.sleep(0.05)
