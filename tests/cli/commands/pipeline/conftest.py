"""A template of the user, and what running it gives."""

import json

import pytest


@pytest.fixture
def save(home):
    def _save(*steps):
        folder = home / ".coaia" / "templates"
        folder.mkdir(parents=True, exist_ok=True)
        variables = [{"name": "who", "default": "; touch HIT"}]
        document = {"variables": variables, "steps": list(steps)}
        (folder / "t.json").write_text(json.dumps(document), "utf-8")

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
