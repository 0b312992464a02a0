"""The names that scripts of earlier releases use, and what they return."""

import json

import pytest
from reading import EVERY

from coaiapy import patience
from coaiapy.errors import CoaiaError, NotFoundError, RefusedError
from coaiapy.langfuse.scores import config_cache as score_config_cache
from coaiapy.legacy import scores as legacy_scores

RATING = {"name": "Rating", "data_type": "NUMERIC", "min_value": 0, "max_value": 10}


@pytest.fixture(autouse=True)
def silence(capsys):
    """Library code never writes to stdout."""
    yield
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("kind", ["v3", "v4-events_only"])
def test_configs(use, kind):
    server = use(kind)
    assert legacy_scores.get_current_project_info() == {
        "id": "test-project",
        "name": "Test Project",
    }
    made = json.loads(legacy_scores.create_score_config(**RATING))
    assert made["maxValue"] == 10
    assert json.loads(legacy_scores.get_score_config(made["id"])) == made
    assert json.loads(legacy_scores.list_score_configs()) == [made]
    assert legacy_scores.get_config_with_auto_refresh("rating")["id"] == made["id"]
    assert [one["id"] for one in legacy_scores.list_available_configs()] == [made["id"]]
    changed = json.loads(legacy_scores.update_score_config(made["id"], "new", is_archived=True))
    assert (changed["description"], changed["isArchived"]) == ("new", True)
    assert legacy_scores.get_config_with_auto_refresh("rating") is None
    assert legacy_scores.list_available_configs() == []
    path = legacy_scores.get_project_cache_path(server.project_id)
    assert path.exists()
    assert legacy_scores.load_project_cache(server.project_id)["project_name"] == "Test Project"


@pytest.mark.parametrize("kind", ["v2", "v3", "v4-dual", "v4-events_only"])
def test_applying(use, kind):
    server = use(kind)
    config = json.loads(legacy_scores.create_score_config(**RATING))
    answer = json.loads(legacy_scores.apply_score_config("Rating", "trace", "t", 7, comment="good"))
    (stored,) = server.scores().values()
    assert stored["id"] == answer["id"]
    assert (stored["name"], stored["value"], stored["configId"]) == ("Rating", 7, config["id"])
    assert stored["comment"] == "good"


@pytest.mark.parametrize(
    "name, target, value, word",
    [
        ("Rating", "t", 11, "from 0 to 10"),
        ("Nobody", "t", 1, "Nobody"),
        ("Rating", "", 1, "trace_id"),
    ],
)
def test_a_score_that_cannot_be_applied_is_a_text(use, name, target, value, word):
    server = use("v3")
    legacy_scores.create_score_config(**RATING)
    text = legacy_scores.apply_score_config(name, "trace", target, value)
    assert text.startswith("Error:") and word in text
    assert server.scores() == {}


def test_scores(use):
    server = use("v3")
    config = json.loads(legacy_scores.create_score_config(**RATING))
    told = legacy_scores.create_score_for_target(
        "trace", "t", "s1", 5, observation_id="o", config_id=config["id"], comment="c"
    )
    assert json.loads(told) == {"id": "s1"}
    legacy_scores.create_score_for_target("session", "s", "s2", "calm", score_name="mood")
    legacy_scores.apply_score_to_trace("t", "s3", 0.5)
    stored = server.scores()
    assert stored["s1"]["name"] == "Rating" and stored["s1"]["observationId"] == "o"
    assert stored["s2"]["sessionId"] == "s"
    assert stored["s3"]["name"] == "s3"
    assert json.loads(legacy_scores.get_score_by_id("s2"))["value"] == "calm"
    assert {one["id"] for one in json.loads(legacy_scores.list_scores())} == {"s1", "s2", "s3"}
    assert [one["id"] for one in json.loads(legacy_scores.list_scores(name="mood"))] == ["s2"]
    with pytest.raises(ValueError):
        legacy_scores.create_score_for_target("planet", "t", "s4")
    with pytest.raises(CoaiaError):
        legacy_scores.create_score("s5", "no target")
    with pytest.raises(NotFoundError):
        legacy_scores.get_score_by_id("nobody")


@pytest.mark.parametrize("kind", EVERY + ["local"])
def test_scores_of_one_user(use, run, kind):
    use(kind)
    for user, trace in (("john", "t1"), ("ann", "t2")):
        assert run("fuse", "traces", "create", trace, "-u", user).code == 0
        legacy_scores.apply_score_to_trace(trace, "score of " + user)
    found = json.loads(legacy_scores.list_scores(user_id="john"))
    assert [one["id"] for one in found] == ["score of john"]


def test_a_score_that_waits_is_told(use, monkeypatch):
    server = use("v3")
    legacy_scores.apply_score_to_trace("t", "s1")
    server.fail("503", times=None, path="ingestion")

    monkeypatch.setattr(patience, "DELIVERY", 0.5)
    assert json.loads(legacy_scores.apply_score_to_trace("t", "s2")) == {
        "id": "s2",
        "status": "waiting",
    }


@pytest.mark.parametrize("fault", ["401", "403"])
def test_a_score_that_was_told_as_an_error_is_not_sent_later(use, run, fault):
    server = use("v3")
    legacy_scores.create_score_config(**RATING)
    legacy_scores.get_config_with_auto_refresh("Rating")
    server.fail(fault, times=None, path="ingestion")
    assert legacy_scores.apply_score_config("Rating", "trace", "t", 7).startswith("Error:")
    server.heal()
    assert json.loads(run("fuse", "outbox", "list", "--json").out) == []
    assert json.loads(legacy_scores.apply_score_config("Rating", "trace", "t", 7))["id"]
    assert run("fuse", "outbox", "flush").code == 0
    assert len(server.scores()) == 1


def test_a_score_that_was_refused_does_not_wait_for_a_retry(use, run):
    use("v2")
    legacy_scores.create_score_config(**RATING)
    assert legacy_scores.apply_score_config("Rating", "session", "s", 7).startswith("Error:")
    assert json.loads(run("fuse", "outbox", "list", "--json").out) == []


def test_refusals_and_wrong_keys_are_raised(use, monkeypatch):
    use("v2")
    with pytest.raises(RefusedError):
        legacy_scores.create_score_for_target("session", "s", "s1")
    monkeypatch.setenv("LANGFUSE_SECRET_KEY", "wrong")
    for ask in (legacy_scores.list_scores, legacy_scores.list_score_configs):
        with pytest.raises(CoaiaError):
            ask()
    with pytest.raises(CoaiaError):
        legacy_scores.apply_score_to_trace("t", "s2")


def test_an_old_answer_for_want_of_a_new_one_is_a_warning(use):
    server = use("v3")
    legacy_scores.create_score_config(**RATING)
    server.fail("refuse")
    with pytest.warns(legacy_scores.StaleScoreConfigWarning):
        assert legacy_scores.get_config_with_auto_refresh("Rating", max_age_hours=0)


def test_presets_and_files(use, tmp_path):
    server = use("v3")
    assert legacy_scores.BUILT_IN_PRESETS == legacy_scores.get_built_in_presets()
    assert len(legacy_scores.BUILT_IN_PRESETS) == 22
    assert legacy_scores.get_preset_by_name("HELPFULNESS")["category"] == "ai"
    assert legacy_scores.get_preset_by_name("nobody") is None
    assert len(legacy_scores.list_presets("no such category")) == 22
    assert legacy_scores.install_preset("Safety").startswith("Safety: created")
    assert legacy_scores.install_preset("Safety").startswith("Safety: exists")
    assert legacy_scores.install_presets_interactive(category="boolean").count("created") == 1
    path = tmp_path / "configs.json"
    path.write_text(json.dumps([{"name": "Mine", "dataType": "BOOLEAN"}]))
    report = legacy_scores.import_score_configs(str(path), show_guidance=False)
    assert report.splitlines() == [report] and report.startswith("Mine: created")
    names = {config["name"] for config in server.score_configs.values()}
    assert names == {"Safety", "Meets Requirements", "Mine"}


def test_tables_of_what_the_lists_return():
    legacy_scores.install_preset("Safety")
    legacy_scores.create_score_for_target("trace", "t", "s1", 0, score_name="zero")
    shown = legacy_scores.format_scores_table(legacy_scores.list_scores())
    assert shown.splitlines()[2].split()[:3] == ["s1", "zero", "0"]
    assert "Safety" in legacy_scores.format_score_configs_table(legacy_scores.list_score_configs())
    assert len(legacy_scores.format_scores_table("[]").splitlines()) == 2


def test_local_mode():
    assert legacy_scores.get_current_project_info() == {"id": "local", "name": "local"}
    legacy_scores.install_preset("Helpfulness")
    assert json.loads(legacy_scores.apply_score_config("helpfulness", "trace", "t", 5))["id"]
    (score,) = json.loads(legacy_scores.list_scores())
    assert (
        score["value"] == legacy_scores.get_preset_by_name("Helpfulness")["categories"][4]["label"]
    )
    assert score_config_cache.load_project_cache("local")["project_name"] == "local"
