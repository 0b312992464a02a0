"""One script of real commands on every server kind and in local mode: the same trace everywhere."""

import json
import time

import pytest
from langfuse_server import KINDS
from langfuse_server.fixtures import langfuse  # noqa: F401
from servers import use  # noqa: F401

WHERE = sorted(KINDS) + ["local"]
STEPS = [
    {"id": "batch-1", "type": "SPAN", "name": "Fetch", "start_time": "2026-01-31T12:00:02Z"},
    {"id": "batch-2", "name": "Note", "parent": "batch-1", "start_time": "2026-01-31T12:00:03Z"},
    {"type": "AGENT", "name": "Plan", "start_time": "2026-01-31T12:00:04Z", "metadata": {"k": 1}},
]
TREE = """\
Nightly run  trace 0B6C3FD1-26E5-4ABC-9F0E-5D1A7C3E9B11  user john  session s 1  env dev  \
2026-01-31 12:00:00Z
├─ SPAN        Load  2.5 s
│  └─ GENERATION  Ask  no-such-model  input=12 output=7 total=19  0.5 s
│     └─ EVENT       Odd / name  WARNING  careful
├─ SPAN        Fetch
│  └─ EVENT       Note
└─ AGENT       Plan
"""


TRACE = "0B6C3FD1-26E5-4ABC-9F0E-5D1A7C3E9B11"


def write(run, project):
    """Write the trace that TREE shows, with one command after the other."""
    (project / "steps.json").write_text(json.dumps(STEPS))
    words = ["fuse", "traces"]
    create = words + ["create", TRACE, "-n", "Nightly run", "-u", "john", "-s", "s 1"]
    create += ["--timestamp", "2026-01-31T12:00:00Z", "--environment", "dev", "--tag", "nightly"]
    create += ["--tag", "a,b", "-i", '{"q": [1, "x"]}', "-m", '{"k": 1, "long": "%s"}' % LONG]
    load = words + ["add-observation", "load step", TRACE, "-ts", "-n", "Load"]
    load += ["--start-time", "2026-01-31T12:00:00.250Z", "--end-time", "2026-01-31T12:00:02.750Z"]
    load += ["-m", '{"k": 1, "own": {"deep": [true, null]}, "text": "123"}']
    ask = words + ["add-observation", "ask", TRACE, "-tg", "-n", "Ask", "--parent", "load step"]
    ask += ["--start-time", "2026-01-31T12:00:01Z", "--end-time", "2026-01-31T12:00:01.5Z"]
    ask += ["--model", "no-such-model", "--usage", '{"input": 12, "output": 7}', "-i", "hello"]
    ask += ["--model-parameters", '{"temperature": 0.5}', "-o", '{"a": 1}', "--cost", "0.25"]
    odd = words + ["add-observation", "00f067aa0ba902b7", TRACE, "-n", "Odd / name"]
    odd += ["--parent", "ask", "--start-time", "2026-01-31T12:00:01.200Z", "--level", "WARNING"]
    odd += ["--status-message", "careful"]
    batch = words + ["add-observations", TRACE, "-f", "steps.json"]
    patch = words + ["patch-output", TRACE, '{"rows": 3}']
    for command in (create, load, ask, odd, batch, patch):
        result = run(*command)
        assert result.code == 0, result.err
        assert "refused" not in result.err and "not sent" not in result.err


LONG = "long words " * 40


def view(run, trace_id=TRACE):
    result = run("fuse", "traces", "trace-view", trace_id, "--json")
    assert result.code == 0, result.err
    return json.loads(result.out)


def shown(run, trace_id=TRACE):
    """Return the trace as soon as the server shows all of it itself."""
    deadline = time.monotonic() + 10
    while True:
        found = view(run, trace_id)
        if "unconfirmed" not in json.dumps(found) or time.monotonic() > deadline:
            return found


def normalised(trace):
    """The made-up id of the batch's third observation differs from run to run."""
    found = [dict(one, id="any") if one["name"] == "Plan" else one for one in trace["observations"]]
    return dict(trace, observations=found)


@pytest.fixture
def expected():
    """What was written, as every ``trace-view --json`` is to show it."""
    common = {"traceId": TRACE, "level": "DEFAULT", "environment": "dev"}
    return {
        "id": TRACE,
        "timestamp": "2026-01-31T12:00:00.000Z",
        "name": "Nightly run",
        "userId": "john",
        "sessionId": "s 1",
        "environment": "dev",
        "tags": ["nightly", "a,b"],
        "input": {"q": [1, "x"]},
        "output": {"rows": 3},
        "metadata": {"k": 1, "long": LONG},
        "scores": [],
        "observations": [
            dict(
                common,
                id="load step",
                type="SPAN",
                name="Load",
                startTime="2026-01-31T12:00:00.250Z",
                endTime="2026-01-31T12:00:02.750Z",
                metadata={"k": 1, "own": {"deep": [True, None]}, "text": "123"},
            ),
            dict(
                common,
                id="ask",
                type="GENERATION",
                name="Ask",
                parentObservationId="load step",
                startTime="2026-01-31T12:00:01.000Z",
                endTime="2026-01-31T12:00:01.500Z",
                input="hello",
                output={"a": 1},
                model="no-such-model",
                modelParameters={"temperature": 0.5},
                usageDetails={"input": 12, "output": 7, "total": 19},
                costDetails={"total": 0.25},
            ),
            dict(
                common,
                id="00f067aa0ba902b7",
                type="EVENT",
                name="Odd / name",
                parentObservationId="ask",
                startTime="2026-01-31T12:00:01.200Z",
                level="WARNING",
                statusMessage="careful",
            ),
            dict(
                common,
                id="batch-1",
                type="SPAN",
                name="Fetch",
                startTime="2026-01-31T12:00:02.000Z",
            ),
            dict(
                common,
                id="batch-2",
                type="EVENT",
                name="Note",
                parentObservationId="batch-1",
                startTime="2026-01-31T12:00:03.000Z",
            ),
            dict(
                common,
                id="any",
                type="AGENT",
                name="Plan",
                startTime="2026-01-31T12:00:04.000Z",
                metadata={"k": 1},
            ),
        ],
    }


@pytest.mark.parametrize("where", WHERE)
def test_what_is_written_is_shown_the_same_everywhere(run, use, project, expected, where):  # noqa: F811
    use(where)
    write(run, project)
    assert normalised(shown(run)) == expected
    tree = run("fuse", "traces", "tv", TRACE)
    assert (tree.code, tree.out) == (0, TREE)
