"""A template of the user, and what running it gives."""

import json

import pytest
from pipeline_runs import save_template


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
