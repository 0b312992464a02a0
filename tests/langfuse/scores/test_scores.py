"""Scores on servers of every kind and locally: the same written, the same read back."""

import uuid

import pytest
from langfuse_server import KINDS
from langfuse_server.client import Client

from coaiapy.config import settings
from coaiapy.errors import NotFoundError, UsageError
from coaiapy.langfuse.records.records import trace_from
from coaiapy.langfuse.scores import configs as score_configs
from coaiapy.langfuse.scores import scores
from coaiapy.langfuse.scores.readers import ScoreFilter
from coaiapy.langfuse.traces import reads as trace_reads
from coaiapy.langfuse.traces import traces
from coaiapy.util import deadlines

WHERE = sorted(KINDS) + ["local"]
SESSIONS = [kind for kind in WHERE if kind != "v2"]
CONFIGS = [
    {
        "name": "Helpfulness",
        "dataType": "CATEGORICAL",
        "categories": [{"label": "Bad", "value": 1}, {"label": "Good", "value": 2}],
    },
    {"name": "Rating", "dataType": "NUMERIC", "minValue": 0, "maxValue": 10},
    {"name": "Fine", "dataType": "BOOLEAN"},
]


def write(**values):
    known = settings.load()
    score = scores.from_values(known, values)
    outcome = scores.submit(known, [score])
    assert not outcome.rejected and not outcome.waiting, outcome
    return score


def listed(**wanted):
    return scores.list_scores(settings.load(), ScoreFilter(**wanted))


@pytest.mark.parametrize("kind", WHERE)
def test_a_configured_score_is_stored_and_read_back(use, kind):
    """The stand-in drops, as servers do, what a config does not allow."""
    server = use(kind)
    known = settings.load()
    score_configs.create_all(known, CONFIGS)
    write(config="helpfulness", value="2", trace_id="my run", comment="well done")
    write(config="RATING", value="7.5", trace_id="my run")
    write(config="Fine", value="yes", trace_id="my run")
    found = {score["name"]: score for score in listed(trace_id="my run")}
    values = {name: (score["dataType"], score["value"]) for name, score in found.items()}
    assert values == {
        "Helpfulness": ("CATEGORICAL", "Good"),
        "Rating": ("NUMERIC", 7.5),
        "Fine": ("BOOLEAN", True),
    }
    assert found["Helpfulness"]["comment"] == "well done"
    assert {score["traceId"] for score in found.values()} == {"my run"}
    if server is not None:
        stored = server.scores().values()
        assert {score["configId"] for score in stored} == set(server.score_configs)
        assert {type(score["value"]) for score in stored} <= {int, float}


@pytest.mark.parametrize("kind", WHERE)
@pytest.mark.parametrize("value", ["Great", "", 3])
def test_what_a_config_does_not_allow_is_not_sent(use, kind, value):
    server = use(kind)
    known = settings.load()
    score_configs.create(known, CONFIGS[0])
    with pytest.raises(UsageError):
        scores.from_values(known, {"config": "Helpfulness", "value": value, "trace_id": "t"})
    assert listed() == []
    assert server is None or server.scores() == {}


def test_an_archived_config_is_not_applied(use):
    use("v3")
    known = settings.load()
    score_configs.create(known, CONFIGS[1])
    score_configs.update(known, "Rating", {"isArchived": True})
    with pytest.raises(UsageError) as error:
        scores.from_values(known, {"config": "Rating", "value": 5, "trace_id": "t"})
    assert "archived" in str(error.value)


def test_a_local_config_is_written_down_with_its_scores():
    config = score_configs.create(settings.load(), CONFIGS[1])
    score = write(config="Rating", value=3, trace_id="t")
    assert (score.config_id, score.name, score.data_type) == (config["id"], "Rating", "NUMERIC")


@pytest.mark.parametrize("kind", WHERE)
@pytest.mark.parametrize(
    "trace_id", ["free text, with a comma", str(uuid.UUID(int=77)), uuid.UUID(int=78).hex, "x" * 64]
)
def test_a_trace_id_may_have_any_form(use, kind, trace_id):
    use(kind)
    traces.create(settings.load(), trace_from({"id": trace_id, "name": "T"}))
    score = write(name="quality", value=0.5, trace_id=trace_id)
    write(name="quality", value=0.1, trace_id="another")
    assert [one["id"] for one in listed(trace_id=trace_id)] == [score.id]
    assert [one["id"] for one in trace_reads.get_trace(settings.load(), trace_id)["scores"]] == [
        score.id
    ]


@pytest.mark.parametrize("kind", WHERE)
def test_a_uuid_finds_its_trace_with_and_without_dashes(use, kind):
    use(kind)
    trace_id = str(uuid.uuid4())
    traces.create(settings.load(), trace_from({"id": trace_id, "name": "T"}))
    score = write(name="quality", value=1, trace_id=trace_id.replace("-", ""))
    shown = trace_reads.get_trace(settings.load(), trace_id)["scores"]
    assert [one["id"] for one in shown] == [score.id]


@pytest.mark.parametrize("kind", SESSIONS)
def test_every_target(use, kind):
    use(kind)
    targets = {
        "session_id": "s 1",
        "dataset_run_id": "run-1",
        "trace_id": "t",
    }
    for field, target in targets.items():
        write(name=field, value=1, **{field: target})
    write(name="step", value=1, trace_id="t", observation_id="step 1")
    assert [one["name"] for one in listed(session_id="s 1")] == ["session_id"]
    assert [one["name"] for one in listed(run_id="run-1")] == ["dataset_run_id"]
    assert [one["name"] for one in listed(trace_id="t", observation_id="step 1")] == ["step"]
    assert [one["name"] for one in listed(observation_id="step 1")] == ["step"]
    assert {one["name"] for one in listed(trace_id="t")} == {"trace_id", "step"}
    (step,) = listed(observation_id="step 1")
    assert (step["traceId"], step["observationId"]) == ("t", "step 1")


def test_a_server_without_session_scores_says_so(use):
    use("v2")
    known = settings.load()
    score = scores.plain({"name": "mood", "value": "calm", "session_id": "s"})
    outcome = scores.submit(known, [score])
    assert [one.id for one in outcome.rejected] == [score.id]
    assert "scores of traces" in outcome.rejected[0].reason


@pytest.mark.parametrize(
    "targets", [{}, {"trace_id": "t", "session_id": "s"}, {"observation_id": "o"}]
)
def test_a_score_has_one_target(targets):
    with pytest.raises(UsageError):
        scores.plain(dict(targets, name="n", value=1))


@pytest.mark.parametrize("kind", WHERE)
def test_types_without_a_config(use, kind):
    use(kind)
    write(name="number", value="3", trace_id="t")
    write(name="truth", value=False, trace_id="t")
    write(name="word", value="calm", trace_id="t")
    if kind != "v2":
        write(name="text", value="long story", data_type="TEXT", trace_id="t")
    found = {one["name"]: (one["dataType"], one["value"]) for one in listed()}
    wanted = {
        "number": ("NUMERIC", 3),
        "truth": ("BOOLEAN", False),
        "word": ("CATEGORICAL", "calm"),
        "text": ("TEXT", "long story"),
    }
    if kind == "v2":
        del wanted["text"]
    assert found == wanted


@pytest.mark.parametrize("kind", WHERE)
def test_get_and_delete(use, kind):
    use(kind)
    known = settings.load()
    score = write(id="mine, with a comma", name="quality", value=1, trace_id="t", metadata={"k": 1})
    found = scores.get_score(known, score.id)
    assert (found["id"], found["value"], found["source"]) == (score.id, 1, "API")
    scores.delete_score(known, score.id)
    with pytest.raises(NotFoundError):
        scores.get_score(known, score.id)
    assert listed() == []


def test_a_score_that_waits_is_shown_and_can_be_taken_back(use, monkeypatch):
    server = use("v3")
    known = settings.load()
    write(name="first", value=1, trace_id="t")
    server.fail("503", times=None, path="ingestion")
    score = scores.plain({"name": "later", "value": 2, "trace_id": "t"})
    with deadlines.limit(0.3):
        assert scores.submit(known, [score]).waiting == 1
    shown = {one["name"]: one.get("unconfirmed") for one in listed()}
    assert shown["later"] == "waiting"
    scores.delete_score(known, score.id)
    server.heal()
    with deadlines.limit(60):
        write(name="third", value=3, trace_id="t")
    assert {one["name"] for one in server.scores().values()} == {"first", "third"}


def test_scores_of_one_config(use):
    for kind in ("local", "v3"):
        use(kind)
        known = settings.load()
        score_configs.create_all(known, CONFIGS)
        write(config="Rating", value=1, trace_id="t")
        write(config="Fine", value="no", trace_id="t")
        wanted = scores.of_config(known, ScoreFilter(trace_id="t"), "rating")
        assert [one["name"] for one in scores.list_scores(known, wanted)] == ["Rating"]


@pytest.mark.parametrize("kind", ["v2", "v3", "v4-dual"])
def test_a_dataset_run_by_its_name(use, kind, run):
    server = use(kind)
    ask = Client(server)
    ask("POST", "/api/public/v2/datasets", {"name": "my set"})
    item = ask("POST", "/api/public/dataset-items", {"datasetName": "my set", "input": 1}).body
    made = {"runName": "first run", "datasetItemId": item["id"], "traceId": "t"}
    found = ask("POST", "/api/public/dataset-run-items", made).body["datasetRunId"]
    assert scores.run_id(settings.load(), "my set", "first run") == found
    with pytest.raises(NotFoundError):
        scores.run_id(settings.load(), "my set", "second run")
    if kind != "v2":
        words = ["fuse", "scores", "apply", "--name", "n", "--run", "first run"]
        assert run(*words, "--dataset", "my set").code == 0
        assert [one["datasetRunId"] for one in server.scores().values()] == [found]


def test_a_server_without_dataset_runs_says_so(use, run):
    use("v4-events_only")
    words = ["fuse", "scores", "apply", "--name", "n", "--dataset", "d"]
    found = run(*words, "--run", "r")
    assert found.code == 5 and "cannot find a run by its name" in found.err
    assert run(*words).code == 2


@pytest.mark.parametrize("kind", ["v3", "v4-events_only", "local"])
def test_a_score_is_of_its_traces_environment(use, kind, run, monkeypatch):
    use(kind)
    run("fuse", "traces", "create", "t", "--environment", "staging")
    write(name="of the trace", value=1, trace_id="t")
    monkeypatch.setenv("LANGFUSE_TRACING_ENVIRONMENT", "dev")
    write(name="of the settings", value=1, trace_id="another")
    write(name="its own", value=1, trace_id="t", environment="own")
    assert [one["name"] for one in listed(environment="staging")] == ["of the trace"]
    assert [one["name"] for one in listed(environment="dev")] == ["of the settings"]
    assert [one["name"] for one in listed(environment="own")] == ["its own"]
    assert listed(environment="default") == []
