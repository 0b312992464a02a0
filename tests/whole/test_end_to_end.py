"""One script of real commands on every server kind and in local mode: the same trace everywhere."""

import json
import time

import pytest
from langfuse_server import KINDS

from coaiapy.errors import ExitCode
from coaiapy.langfuse.client import http

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
        assert "was rejected" not in result.err and "not sent" not in result.err


LONG = "long words " * 40


def view(run, trace_id=TRACE):
    result = run("fuse", "traces", "trace-view", trace_id, "--json")
    assert result.code == 0, result.err
    return json.loads(result.out)


def shown(run, trace_id=TRACE):
    """Return the trace as soon as the server shows all of it itself."""
    deadline = time.monotonic() + 200
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
def test_what_is_written_is_shown_the_same_everywhere(run, use, project, expected, where):
    use(where)
    write(run, project)
    assert normalised(shown(run)) == expected
    tree = run("fuse", "traces", "tv", TRACE)
    assert (tree.code, tree.out) == (0, TREE)


@pytest.mark.parametrize("where", WHERE)
def test_every_view_and_listing_knows_what_was_written(run, use, project, where):
    use(where)
    write(run, project)
    whole = shown(run)
    listed = json.loads(run("fuse", "traces", "--json").out)
    assert listed == [
        {key: value for key, value in whole.items() if key not in ("observations", "scores")}
    ]
    table = run("fuse", "traces").out
    assert TRACE in table and "Nightly run" in table and "nightly, a,b" in table
    assert json.loads(run("fuse", "traces", "--include-observations", "--json").out) == [whole]
    session = json.loads(run("fuse", "traces", "session-view", "s 1", "--json").out)
    assert session["traces"] == [whole]
    text = run("fuse", "traces", "sv", "s 1").out
    assert text == "session s 1  1 trace\n\n" + TREE
    for observation in whole["observations"]:
        alone = run("fuse", "traces", "get-observation", observation["id"], "--json")
        assert json.loads(alone.out) == observation
    rows = json.loads(run("fuse", "traces", "obs-list", "--trace-id", TRACE, "--json").out)
    assert rows == whole["observations"][::-1]
    models = run("fuse", "traces", "list-obs", "--type", "generation")
    assert (models.code, len(models.out.splitlines())) == (0, 3)
    sessions = json.loads(run("fuse", "sessions", "list", "--json").out)
    assert [one["id"] for one in sessions] == ["s 1"]


@pytest.mark.parametrize("where", WHERE)
def test_a_pipeline_is_one_tree_everywhere(run, use, where):
    server = use(where)
    words = ["pipeline", "create", "data-pipeline", "--var", "pipeline_name=ETL"]
    result = run(*words + ["--trace-id", "my run", "--session-id", "s1", "--user-id", "john"])
    assert result.code == 0, result.err
    if server is not None:
        writes = [request for request in server.requests if request.method == "POST"]
        assert len(writes) == 1
    found = shown(run, "my run")
    made = run(*words + ["--trace-id", "other", "--dry-run", "--json"])
    assert made.code == 0
    planned = json.loads(made.out)["observations"]
    names = {one["id"]: one["name"] for one in found["observations"]}
    planned_names = {one["id"]: one["name"] for one in planned}
    assert [
        (one["name"], one["type"], names.get(one.get("parentObservationId")), one.get("metadata"))
        for one in found["observations"]
    ] == [
        (
            one["name"],
            one["type"],
            planned_names.get(one.get("parentObservationId")),
            one.get("metadata"),
        )
        for one in planned
    ]
    assert (found["userId"], found["sessionId"]) == ("john", "s1")
    assert not [one for one in found["observations"] if "endTime" in one]
    tree = run("fuse", "traces", "trace-view", "my run").out.splitlines()
    assert "└─ SPAN        ETL" in tree


@pytest.mark.parametrize("where", WHERE)
def test_deleted_traces_are_gone(run, use, where):
    use(where)
    for name in ("a", "b", "c", "d"):
        assert run("fuse", "traces", "create", name, "-s", "s").code == 0
    result = run("fuse", "traces", "delete", "a", "--yes")
    if where == "v2":
        assert result.code == ExitCode.REFUSED
        assert len(result.err.splitlines()) == 1
        assert "2.95.12" in result.err and "cannot delete traces" in result.err
        assert run("fuse", "traces", "tv", "a").code == 0
        return
    assert result.code == 0
    assert run("fuse", "traces", "delete-batch", "b", "c", "--yes").code == 0
    assert [trace["id"] for trace in json.loads(run("fuse", "traces", "--json").out)] == ["d"]
    assert run("fuse", "traces", "tv", "a").code == ExitCode.FAILED


@pytest.mark.parametrize("where", WHERE)
def test_what_does_not_exist_is_not_found(run, use, where):
    use(where)
    for words in (["tv", "nothing"], ["sv", "nothing"], ["get-obs", "nothing"]):
        result = run("fuse", "traces", *words)
        assert (result.code, result.out) == (ExitCode.FAILED, "")
        assert len(result.err.splitlines()) == 1
    assert json.loads(run("fuse", "traces", "--json").out) == []
    assert json.loads(run("fuse", "traces", "list-obs", "--json").out) == []


@pytest.mark.parametrize("where", ["v3", "v4-legacy", "v4-dual", "v4-events_only"])
def test_what_takes_time_to_appear_is_marked_until_it_has(run, use, project, where):
    server = use(where, visible_after=1000)
    write(run, project)
    early = run("fuse", "traces", "tv", TRACE).out
    assert "(not shown by the server yet)" in early
    assert early.replace("  (not shown by the server yet)", "") == TREE
    server.show_all()
    shown(run)
    assert run("fuse", "traces", "tv", TRACE).out == TREE


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_server_may_live_below_a_path(run, use, project, expected, kind):
    server = use(kind, prefix="/tools/langfuse")
    write(run, project)
    assert normalised(shown(run)) == expected
    assert server.url.endswith("/tools/langfuse")


@pytest.mark.parametrize("where", WHERE)
def test_the_settings_environment_and_release_reach_what_is_written(
    run,
    use,
    monkeypatch,
    where,
):
    use(where)
    monkeypatch.setenv("LANGFUSE_TRACING_ENVIRONMENT", "staging")
    monkeypatch.setenv("LANGFUSE_RELEASE", "1.2.3")
    run("fuse", "traces", "create", "mine")
    run("fuse", "traces", "add-observation", "o", "mine", "-ts")
    run("fuse", "traces", "add-observations", "mine", stdin='[{"id": "b"}]')
    run("fuse", "traces", "create", "own", "--environment", "prod")
    run("fuse", "traces", "add-observation", "p", "own")
    run("pipeline", "create", "simple-trace", "--var", "trace_name=x", "--trace-id", "made")
    for trace_id, environment in (("mine", "staging"), ("own", "prod"), ("made", "staging")):
        trace = view(run, trace_id)
        assert (trace["environment"], trace["release"]) == (environment, "1.2.3")
        assert trace["observations"]
        assert {one["environment"] for one in trace["observations"]} == {environment}
    listed = run("fuse", "traces", "--environment", "staging", "--json").out
    assert sorted(trace["id"] for trace in json.loads(listed)) == ["made", "mine"]


def test_where_the_server_is_may_stand_in_several_places(run, use, project, monkeypatch):
    server, other = use("v3"), use("v3", project_id="elsewhere")
    for name in ("BASE_URL", "PUBLIC_KEY", "SECRET_KEY"):
        monkeypatch.delenv("LANGFUSE_" + name)
    keys = {"langfuse_public_key": "pk-test", "langfuse_secret_key": "sk-test"}

    def found():
        return json.loads(run("fuse", "projects", "--json").out)[0]["id"]

    (project / "coaia.json").write_text(json.dumps(dict(keys, langfuse_base_url=server.url)))
    assert found() == "test-project"
    (project / ".env").write_text("LANGFUSE_HOST={}\n".format(other.url))
    assert found() == "elsewhere"
    monkeypatch.setenv("LANGFUSE_HOST", server.url)
    assert found() == "test-project"
    monkeypatch.setenv("LANGFUSE_BASE_URL", other.url + "/")
    assert found() == "elsewhere"


def test_the_timeout_of_the_settings_limits_a_read(run, use, monkeypatch):
    server = use("v3")
    run("fuse", "traces", "create", "t")
    monkeypatch.setenv("LANGFUSE_TIMEOUT", "0.2")
    server.fail("hang", times=None)
    opened, waits = http.opened, []

    def noting(session, method, url, timeout, *rest, **more):
        waits.extend(timeout)
        return opened(session, method, url, timeout, *rest, **more)

    monkeypatch.setattr(http, "opened", noting)
    result = run("fuse", "traces", "tv", "t")
    assert result.code == 0 and "did not answer in time" in result.err
    assert waits and max(waits) <= 0.2
