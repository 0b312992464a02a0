"""The same dataset through the official SDK's ``run_experiment`` and through coaia: the same arrives."""

import json
import subprocess
import sys

import pytest
import sdk_experiment
from langfuse_server.client import Client
from processes import environment

pytestmark = pytest.mark.once

QUESTIONS = [
    {"id": "q{}".format(n), "input": "word " + n, "expectedOutput": "WORD " + n.upper()}
    for n in "abcd"
]
SINCE = "2020-01-01T00:00:00.000Z"
SHOUT = [sys.executable, "-c", "print(input().upper())"]


@pytest.fixture
def server(use, run, project):
    """A server of v4 that has the old tables too, and both runs."""
    pytest.importorskip("langfuse", reason="the official SDK is not for this Python")
    server = use("v4-dual")
    lines = "".join(json.dumps(one) + "\n" for one in QUESTIONS)
    (project / "q.jsonl").write_text(lines, "utf-8")
    run("fuse", "datasets", "import", "ds", "q.jsonl", "--create")
    words = ["fuse", "experiments", "run", "ds", "--name", "coaia", "--description", "why"]
    words += ["--eval", "exact", "--require-delivery", "--"] + SHOUT
    assert run(*words).code == 0
    code = [sys.executable, sdk_experiment.__file__, "ds"]
    subprocess.check_call(code, env=environment(), timeout=200)
    return server


def ask(server, path, **query):
    answer = Client(server)("GET", "/api/public/" + path, query=query or None)
    assert answer.status == 200, answer.body
    return answer.body


def both(rows, name):
    """The rows of both runs: those of coaia, and those of the SDK."""
    return [[row for row in rows if row[name] == run] for run in ("coaia", "sdk")]


def shape(value):
    """The names and types in a value."""
    if isinstance(value, dict):
        return {name: shape(one) for name, one in value.items()}
    return type(value).__name__


def test_what_arrives_has_the_same_shape(server, run):
    ours, theirs = [ask(server, "datasets/ds/runs/" + name) for name in ("coaia", "sdk")]
    assert shape(dict(ours, metadata=None)) == shape(dict(theirs, metadata=None))
    assert ours["description"] == theirs["description"] == "why"
    linked = [
        sorted(one["datasetItemId"] for one in run["datasetRunItems"]) for run in (ours, theirs)
    ]
    assert linked[0] == linked[1] == [one["id"] for one in QUESTIONS]

    (ours,), (theirs,) = both(ask(server, "experiments", fromStartTime=SINCE)["data"], "name")
    assert shape(ours) == shape(theirs)
    for name in ("description", "itemCount", "datasetId"):
        assert ours[name] == theirs[name]

    rows = ask(server, "experiment-items", fromStartTime=SINCE)["data"]
    ours, theirs = [
        {one["experimentItemId"]: one for one in some} for some in both(rows, "experimentName")
    ]
    assert sorted(ours) == sorted(theirs) == [one["id"] for one in QUESTIONS]
    # A dataset's version is written only where one is asked for.
    assert shape(ours["qa"]) == shape(theirs["qa"])

    spans = {(row["traceId"], row["id"]): row for row in server.store.tables().rows}
    told = []
    for one in (ours["qa"], theirs["qa"]):
        span = spans[one["traceId"], one["id"]]
        told.append((span["input"], span["output"], span["experiment"]))
    assert told[0][:2] == told[1][:2]
    assert set(told[1][2]) - set(told[0][2]) == set()
    for name in ("dataset.id", "item.id", "item.expected_output"):
        assert told[0][2][name] == told[1][2][name]

    scores = json.loads(run("fuse", "scores", "list", "--name", "exact", "--json").out)
    of_item = [
        {one["traceId"]: one["value"] for one in scores if one["traceId"] in traces}
        for traces in ({row["traceId"] for row in rows.values()} for rows in (ours, theirs))
    ]
    assert (
        sorted(map(float, of_item[0].values()))
        == sorted(map(float, of_item[1].values()))
        == [1] * 4
    )
