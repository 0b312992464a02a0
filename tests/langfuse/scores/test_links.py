"""Scores that were written without a server, when a project adopts them."""

import json

import pytest
from servers import point_at

SCORES = ("fuse", "scores")
CONFIGS = ("fuse", "score-configs")
ADOPT = ("fuse", "outbox", "flush", "--adopt")


@pytest.fixture
def written(run):
    """Scores of three local configs, and one without a config."""
    assert run(*CONFIGS, "create", "MyOwn", "CATEGORICAL", "--categories", "Aa:1,Bb:2").code == 0
    assert run(*CONFIGS, "create", "Fine", "BOOLEAN").code == 0
    for name, value in (("MyOwn", "Bb"), ("Fine", "yes")):
        assert run(*CONFIGS, "apply", name, "--trace-id", "t", "-v", value).code == 0
    assert run(*SCORES, "apply", "--trace-id", "t", "--name", "plain", "-v", "3").code == 0


@pytest.mark.parametrize("kind", ["v2", "v3", "v4-events_only"])
def test_a_config_of_local_mode_comes_with_its_scores(written, use, run, kind):
    server = use(kind)
    adopted = run(*ADOPT)
    assert adopted.code == 0
    assert "3 records sent" in adopted.err
    configs = {config["name"]: config["id"] for config in server.score_configs.values()}
    stored = {one["name"]: one for one in server.scores().values()}
    assert sorted(configs) == ["Fine", "MyOwn"]
    assert stored["MyOwn"]["configId"] == configs["MyOwn"]
    assert stored["Fine"]["configId"] == configs["Fine"]
    assert stored["plain"].get("configId") is None
    shown = json.loads(run(*SCORES, "list", "--config", "MyOwn", "--json").out)
    assert [one["value"] for one in shown] == ["Bb"]


def test_a_config_that_the_project_has_is_used(written, use, run):
    server = use("v3")
    run(*CONFIGS, "create", "myown", "CATEGORICAL", "--categories", "Bb:7,Cc:8")
    (config,) = server.score_configs.values()
    assert run(*ADOPT).code == 0
    assert len(server.score_configs) == 2
    (score,) = [one for one in server.scores().values() if one["name"] == "myown"]
    assert score["configId"] == config["id"]


@pytest.mark.parametrize(
    "config, why",
    [
        (["NUMERIC"], "the score config 'MyOwn' is NUMERIC"),
        (["CATEGORICAL", "--categories", "X:1,Y:7"], "takes one of X (1), Y (7), not 'Bb'"),
    ],
)
def test_a_score_that_the_projects_config_does_not_take_is_told(written, use, run, config, why):
    server = use("v3")
    run(*CONFIGS, "create", "MyOwn", *config)
    adopted = run(*ADOPT)
    assert adopted.code == 0
    assert "coaia: 1 of 'MyOwn' sent without a score config: " in adopted.err
    assert why in adopted.err
    (score,) = [one for one in server.scores().values() if one["name"] == "MyOwn"]
    assert score.get("configId") is None


def test_scores_that_were_meant_for_another_project_get_the_configs_of_this_one(
    use, langfuse, run, monkeypatch
):
    other = use("v3")
    run(*CONFIGS, "create", "Rating", "NUMERIC")
    other.fail("refuse")
    run(*CONFIGS, "apply", "Rating", "--trace-id", "t", "-v", "4", "--timeout", "0.2")
    server = langfuse("v3", public_key="pk-2", project_id="second")
    point_at(monkeypatch, server)
    run(*CONFIGS, "create", "Rating", "NUMERIC")
    number = json.loads(run("fuse", "outbox", "status", "--json").out)[0]["number"]
    assert run("fuse", "outbox", "flush", "--adopt-from", number, "--yes").code == 0
    (score,) = server.scores().values()
    assert score["configId"] in server.score_configs


def test_local_scores_are_found_by_their_config(written, run):
    found = json.loads(run(*SCORES, "list", "--config", "MyOwn", "--json").out)
    assert [one["value"] for one in found] == ["Bb"]
