"""Runs that another machine has made: listed, shown and compared as far as the server can tell."""

import json
import sys

import pytest
from langfuse_server import KINDS
from langfuse_server.client import Client

pytestmark = pytest.mark.usefixtures("short_waits")
EXPERIMENTS = ("fuse", "experiments")
GOOD = "print(2 * int(input()))"
POOR = "import sys; n = int(input()); n == 4 and sys.exit(3); print(2 * n if n != 3 else 7)"


@pytest.fixture
def elsewhere(use, run, questions, tmp_path, monkeypatch):
    """Run two experiments on another machine, and come back to this one; return the server."""

    def work(kind):
        server = use(kind)
        monkeypatch.setenv("COAIA_HOME", str(tmp_path / "there"))
        run("fuse", "datasets", "import", "ds", "questions.jsonl", "--create")
        for name, code in (("first", GOOD), ("second", POOR)):
            words = ["run", "ds", "--name", name, "--description", "why", "--eval", "exact"]
            words += ["--require-delivery", "--", sys.executable, "-c", code]
            assert run(*EXPERIMENTS, *words).code == (name == "second")
        monkeypatch.setenv("COAIA_HOME", str(tmp_path / "here"))
        return server

    return work


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_runs_of_another_machine_are_read_from_the_server(elsewhere, run, kind):
    elsewhere(kind)
    rows = json.loads(run(*EXPERIMENTS, "list", "--json").out)
    assert [(one["name"], one["dataset"], one["from"]) for one in rows] == [
        ("second", "ds", "server"),
        ("first", "ds", "server"),
    ]
    done = run(*EXPERIMENTS, "show", "second", "--json")
    assert done.code == 0, done.err
    assert "'second' is read from the server, which does not say how many" in done.err
    items = {one["item"]: one for one in json.loads(done.out)}
    assert sorted(items) == ["q{}".format(number) for number in range(6)]
    assert (items["q3"]["output"], items["q3"]["expected"], items["q3"]["exact"]) == ("7", "6", 0)
    assert (items["q4"]["state"], items["q4"]["reason"]) == ("failed", "exit code 3")
    compared = run(*EXPERIMENTS, "compare", "first", "second")
    assert compared.code == 0 and "worse: q3  1 -> 0  [-6-]{+7+}" in compared.out, compared.err
    missing = run(*EXPERIMENTS, "show", "thrid")
    assert missing.code == 1 and "there is no experiment 'thrid'" in missing.err


def test_what_this_machine_has_is_not_asked_for(elsewhere, run, monkeypatch, tmp_path):
    server = elsewhere("v3")
    monkeypatch.setenv("COAIA_HOME", str(tmp_path / "there"))
    before = len(server.requests)
    shown = run(*EXPERIMENTS, "show", "first")
    assert shown.code == 0 and "read from the server" not in shown.err
    assert len(server.requests) == before
    rows = json.loads(run(*EXPERIMENTS, "list", "--json").out)
    assert [(one["name"], one["from"]) for one in rows] == [("second", "here"), ("first", "here")]
    server.stop()
    away = run(*EXPERIMENTS, "list", "--timeout", "1")
    assert away.code == 0 and "this is what this machine has run" in away.err


def test_a_run_of_another_program_is_guessed_and_that_is_said(use, run, questions):
    server = use("v3")
    run("fuse", "datasets", "import", "ds", "questions.jsonl", "--create")
    for number, level in enumerate(("DEFAULT", "ERROR")):
        trace = "trace-{}".format(number)
        run("fuse", "traces", "create", trace, "-i", "in", "-o", "out", "--require-delivery")
        words = ["-n", "step", "--level", level, "--start-time", "2026-01-31T12:00:00Z"]
        words += ["--end-time", "2026-01-31T12:00:02Z", "--require-delivery"]
        assert run("fuse", "traces", "add-observation", "o" + trace, trace, *words).code == 0
        body = {"runName": "sdk", "datasetItemId": "q{}".format(number), "traceId": trace}
        assert Client(server)("POST", "/api/public/dataset-run-items", body).status == 200
    done = run(*EXPERIMENTS, "show", "sdk", "--json")
    assert "2 results were made by another program" in done.err
    found = [(one["item"], one["state"], one["seconds"]) for one in json.loads(done.out)]
    assert sorted(found) == [("q0", "ok", 2), ("q1", "failed", 2)]


def test_the_same_name_in_two_datasets_is_to_be_told_apart(use, run, questions):
    server = use("v3")
    for dataset in ("ds", "other"):
        run("fuse", "datasets", "create", dataset)
        item = {"datasetName": dataset, "id": "i" + dataset, "input": 1}
        assert Client(server)("POST", "/api/public/dataset-items", item).status == 200
        body = {"runName": "same", "datasetItemId": "i" + dataset, "traceId": "t" + dataset}
        assert Client(server)("POST", "/api/public/dataset-run-items", body).status == 200
    refused = run(*EXPERIMENTS, "show", "same")
    assert refused.code == 2 and "with the datasets" in refused.err
    assert "iother" in run(*EXPERIMENTS, "show", "same", "--dataset", "other").out
