"""Score configs on servers of every kind and locally: what is asked, what is cached, what is made."""

import json
import re
from datetime import datetime, timedelta, timezone

import pytest
from langfuse_server import KINDS

from coaiapy import patience
from coaiapy.config import settings
from coaiapy.errors import ConfigError, NetworkError, NotFoundError, RefusedError, UsageError
from coaiapy.langfuse.client import project as current_project
from coaiapy.langfuse.scores import config_cache as score_config_cache
from coaiapy.langfuse.scores import configs as score_configs

WHERE = sorted(KINDS) + ["local"]
GOOD = {
    "name": "Helpfulness",
    "dataType": "CATEGORICAL",
    "categories": [{"label": "Bad", "value": 0}, {"label": "Good", "value": 1}],
}


@pytest.fixture(autouse=True)
def fresh_process(monkeypatch):
    """Each test begins as a process does: nothing is remembered in memory."""
    forget(monkeypatch)


def forget(monkeypatch):
    monkeypatch.setattr(current_project, "_KNOWN", {})
    monkeypatch.setattr(score_config_cache, "_READ", {})
    monkeypatch.setattr(score_configs, "_SILENT_SINCE", {})


def count(server):
    """How many requests have come since the last count."""
    found = len(server.requests)
    server.forget_requests()
    return found


def age(project_id, **how_long):
    """Make everything in a cache older."""
    path = score_config_cache.get_project_cache_path(project_id)
    data = json.loads(path.read_text())
    moment = (datetime.now(timezone.utc) - timedelta(**how_long)).isoformat()
    data["last_sync"] = moment
    for config in data["configs"]:
        config["cached_at"] = moment
    path.write_text(json.dumps(data))


def on_server(server, **fields):
    """Make a config behind the client's back."""
    number = len(server.score_configs)
    config = {"id": "c%d" % number, "name": "Config %d" % number, "isArchived": False}
    config.update(dataType="BOOLEAN", categories=None, minValue=None, maxValue=None)
    config.update(description=None, createdAt="2026-01-01T00:00:00.000Z", **fields)
    server.score_configs[config["id"]] = config
    return config


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_fresh_hit_makes_no_request(use, kind, monkeypatch):
    server = use(kind)
    for _ in range(3):
        on_server(server)
    known = settings.load()
    assert score_configs.find(known, "config 1")["id"] == "c1"
    assert count(server) == 2  # the project, the configs
    for name in ("Config 0", "c1", "CONFIG 2"):
        assert score_configs.find(known, name)
    assert count(server) == 0
    forget(monkeypatch)  # another process
    assert score_configs.find(settings.load(), "Config 0")["name"] == "Config 0"
    assert len(score_configs.available(known)) == 3
    assert count(server) == 0


def test_a_miss_makes_one_request(use):
    server = use("v3")
    known = settings.load()
    assert score_configs.find(known, "Config 0") is None
    count(server)
    on_server(server)
    assert score_configs.find(known, "Config 0")
    assert count(server) == 1
    assert score_configs.find(known, "nobody") is None
    assert count(server) == 1
    with pytest.raises(NotFoundError) as error:
        score_configs.get(known, "Confg 0")
    assert "did you mean 'Config 0'?" in str(error.value)


def test_a_project_with_many_configs_is_read_page_by_page(use):
    server = use("v3")
    for _ in range(205):
        on_server(server)
    assert score_configs.find(settings.load(), "config 0")
    assert count(server) == 4
    assert len(score_config_cache.load_project_cache(server.project_id)["configs"]) == 205


def test_a_stale_entry_is_refreshed(use):
    server = use("v3")
    config = on_server(server)
    known = settings.load()
    score_configs.find(known, "Config 0")
    age(server.project_id, hours=25)
    config["description"] = "new"
    count(server)
    assert score_configs.find(known, "Config 0")["description"] == "new"
    assert count(server) == 1
    assert score_configs.find(known, "Config 0")["description"] == "new"
    assert count(server) == 0


def test_a_stale_entry_is_served_with_a_note_when_the_server_is_down(use, monkeypatch):
    server = use("v3")
    on_server(server)
    known = settings.load()
    score_configs.find(known, "Config 0")
    age(server.project_id, days=3)
    for pause in ("FIRST_PAUSE", "LONGEST_PAUSE"):  # longer than a request may take: one try
        monkeypatch.setattr(patience, pause, 100.0)
    server.fail("refuse")
    notes = []
    for _ in range(3):
        assert score_configs.find(known, "Config 0", notes.append)["id"] == "c0"
    assert len(notes) == 3
    assert "as they were 3 days ago" in notes[0]
    assert len(score_configs.available(known, note=notes.append)) == 1
    with pytest.raises(NetworkError):
        score_configs.find(known, "Config 1", notes.append)
    server.heal()
    score_configs._SILENT_SINCE.clear()
    assert score_configs.find(known, "Config 0", pytest.fail)


def test_a_config_that_has_gone_stale_and_away_is_not_served(use):
    server = use("v3")
    on_server(server)
    known = settings.load()
    score_configs.find(known, "Config 0")
    age(server.project_id, days=3)
    server.score_configs.clear()
    assert score_configs.find(known, "Config 0") is None


def test_a_broken_cache_is_rebuilt_with_one_request(use):
    server = use("v3")
    on_server(server)
    known = settings.load()
    score_configs.find(known, "Config 0")
    score_config_cache.get_project_cache_path(server.project_id).write_text("{broken")
    count(server)
    notes = []
    assert score_configs.find(known, "Config 0", notes.append)
    assert count(server) == 1
    assert len(notes) == 1
    assert score_configs.find(known, "Config 0", pytest.fail)
    assert count(server) == 0


def test_what_is_returned_is_the_callers_own(use):
    server = use("v3")
    on_server(server)
    known = settings.load()
    score_configs.find(known, "Config 0")["name"] = "spoiled"
    assert score_configs.find(known, "Config 0")["name"] == "Config 0"


def test_wrong_keys_are_an_error_and_no_empty_list(use, monkeypatch):
    use("v3")
    monkeypatch.setenv("LANGFUSE_SECRET_KEY", "wrong")
    for ask in (score_configs.list_all, score_configs.available):
        with pytest.raises(Exception) as error:
            ask(settings.load())
        assert "401" in str(error.value)


@pytest.mark.parametrize("kind", WHERE)
def test_made_changed_archived_and_brought_back(use, kind):
    use(kind)
    known = settings.load()
    made = score_configs.create(known, GOOD)
    assert made["name"] == "Helpfulness" and made["isArchived"] is False
    assert score_configs.find(known, "helpfulness")["categories"] == GOOD["categories"]
    assert [one["id"] for one in score_configs.list_all(known)] == [made["id"]]
    if kind == "v2":
        with pytest.raises(Exception) as error:
            score_configs.update(known, "helpfulness", {"description": "d"})
        assert error.value.exit_code == 5
        return
    changed = score_configs.update(known, "helpfulness", {"description": "d", "isArchived": True})
    assert changed["description"] == "d" and changed["isArchived"] is True
    assert score_configs.available(known) == score_configs.list_all(known) == []
    assert len(score_configs.list_all(known, with_archived=True)) == 1
    assert score_configs.find(known, "helpfulness")["isArchived"] is True
    score_configs.update(known, made["id"], {"isArchived": False, "name": "Help"})
    assert score_configs.get_from_server(known, "help")["id"] == made["id"]
    with pytest.raises(NotFoundError):
        score_configs.get_from_server(known, "Helpfulness")


def test_a_config_that_was_just_made_needs_no_request(use):
    server = use("v4-dual")
    known = settings.load()
    score_configs.create(known, GOOD)
    count(server)
    assert score_configs.find(known, "Helpfulness")
    assert count(server) == 0


@pytest.mark.parametrize("kind", ["v3", "local"])
def test_a_name_that_is_taken_is_not_made_twice(use, kind):
    use(kind)
    known = settings.load()
    score_configs.create(known, GOOD)
    with pytest.raises(UsageError) as error:
        score_configs.create(known, dict(GOOD, name="HELPFULNESS"))
    assert "already exists" in str(error.value)
    score_configs.create(known, GOOD, allow_duplicates=True)
    assert len(score_configs.list_all(known)) == 2
    outcomes = [made.outcome for made in score_configs.create_all(known, [GOOD])]
    assert outcomes == ["exists"]


def test_after_a_lost_answer_it_looks_before_it_posts_again(use):
    server = use("v3")
    server.fail("answer lost", path="score-configs", method="POST")
    made = score_configs.create(settings.load(), GOOD)
    assert list(server.score_configs) == [made["id"]]
    assert [one.method for one in server.requests].count("POST") == 1


def test_a_post_that_did_nothing_is_an_error(use):
    server = use("v3")
    server.fail("500", path="score-configs", method="POST")
    with pytest.raises(NetworkError):
        score_configs.create(settings.load(), GOOD)
    assert server.score_configs == {}


def test_a_server_that_stays_away_leaves_the_outcome_open(use, short_waits):
    server = use("v3")
    known = settings.load()
    current_project.current_project(known)
    server.fail("answer lost", path="score-configs", method="POST")
    server.fail("503", path="score-configs", method="GET", after=1, times=None)
    with pytest.raises(
        NetworkError, match="not known whether score config 'Helpfulness' was created"
    ):
        score_configs.create(known, GOOD)
    assert [one.method for one in server.requests].count("POST") == 1


def test_configs_are_made_when_asked_for_and_each_is_told_at_once(use):
    server = use("v3")
    told = []
    wanted = [GOOD, dict(GOOD, name="Other"), dict(GOOD, name="Third")]
    score_configs.create_all(settings.load(), wanted[:1])
    server.fail("401", path="score-configs", method="POST", after=1)
    with pytest.raises(ConfigError):
        score_configs.create_all(settings.load(), wanted, on_made=told.append)
    assert [(one.name, one.outcome) for one in told] == [
        ("Helpfulness", "exists"),
        ("Other", "created"),
    ]
    assert len(server.score_configs) == 2


def test_what_a_server_refuses_does_not_stop_the_others(use):
    use("v2")
    wanted = [{"name": "Free", "dataType": "TEXT"}, GOOD]
    made = score_configs.create_all(settings.load(), wanted)
    assert [one.outcome for one in made] == ["refused", "created"]
    with pytest.raises(RefusedError):
        score_configs.create(settings.load(), wanted[0])


def test_nothing_is_made_if_one_of_them_is_wrong(use):
    server = use("v3")
    with pytest.raises(UsageError):
        score_configs.create_all(settings.load(), [GOOD, {"name": "x", "dataType": "ODD"}])
    assert server.requests == []


@pytest.mark.parametrize(
    "fields, word",
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 36}, "35"),
        ({"name": "a/b"}, "letters"),
        ({"dataType": "ODD"}, "ODD"),
        ({"categories": None}, "categories"),
        ({"categories": []}, "categories"),
        ({"categories": [{"label": "a", "value": 1}, {"label": "a", "value": 2}]}, "'a'"),
        ({"categories": [{"label": "a", "value": 1}, {"label": "b", "value": 1}]}, "1"),
        ({"categories": [{"label": "a"}]}, "number"),
        ({"categories": [{"value": 1}]}, "label"),
        ({"dataType": "BOOLEAN"}, "categories"),
        ({"dataType": "NUMERIC", "categories": None, "minValue": 5, "maxValue": 5}, "below"),
        ({"dataType": "NUMERIC", "categories": None, "minValue": "low"}, "'low'"),
        ({"minValue": 1}, "NUMERIC"),
        ({"description": 5}, "description"),
    ],
)
def test_what_no_server_takes_is_refused_before_it_is_asked(use, fields, word):
    server = use("v4-dual")
    with pytest.raises(UsageError) as error:
        score_configs.create(settings.load(), dict(GOOD, **fields))
    assert word in str(error.value)
    assert server.requests == []


def test_of_an_unknown_project_nothing_is_cached_and_nobody_asked(use):
    server = use("v3")
    assert score_configs.available(settings.load(), cached_only=True) == []
    assert server.requests == []


def test_two_configs_of_one_name_are_told_apart_by_their_ids(use, run):
    use("v3")
    for description in ("old", "new"):
        words = ["create", "Twin", "BOOLEAN", "--description", description, "--allow-duplicates"]
        assert run("fuse", "scc", *words).code == 0
    new, old = score_configs.list_all(settings.load())
    applied = run("fuse", "scc", "apply", "twin", "--trace-id", "t", "-v", "yes")
    assert applied.code == 0
    assert (
        "coaia: 2 score configs are named 'twin': the newest is used ({})".format(new["id"])
        in applied.err
    )
    named = run("fuse", "scc", "apply", old["id"], "--trace-id", "t", "-v", "yes")
    assert "are named" not in named.err
    refused = run("fuse", "scc", "archive", "Twin")
    assert (refused.code, old["id"] in refused.err, new["id"] in refused.err) == (2, True, True)
    assert run("fuse", "scc", "archive", new["id"]).code == 0
    assert "are named" not in run("fuse", "scc", "show", "Twin").err


def test_an_old_answer_tells_its_age(use, run, monkeypatch):
    server = use("v3")
    run("fuse", "scc", "create", "Rating", "BOOLEAN")
    path = score_config_cache.get_project_cache_path(server.project_id)
    data = json.loads(path.read_text())
    data["configs"][0]["cached_at"] = "2026-01-01T00:00:00Z"
    path.write_text(json.dumps(data))
    server.fail("refuse")
    monkeypatch.setattr(patience, "SCORE_CONFIGS", 0.1)
    shown = run("fuse", "scc", "show", "Rating")
    assert shown.code == 0
    assert re.match(r"coaia: score configs are shown as they were \d+ days ago: ", shown.err)


def test_only_the_newest_of_the_broken_cache_files_is_kept(use, run):
    server = use("v3")
    path = score_config_cache.get_project_cache_path(server.project_id)
    for text in ("{", "[", "(("):
        path.write_text(text)
        assert run("fuse", "scc", "show", "x").code == 1
    (aside,) = path.parent.glob("*.corrupt-*")
    assert aside.read_text() == "(("


def test_what_is_archived_names_the_command_that_brings_it_back(use, run):
    use("v3")
    run("fuse", "scc", "create", "My own", "BOOLEAN")
    run("fuse", "scc", "archive", "My own")
    refused = run("fuse", "scc", "apply", "My own", "--trace-id", "t", "-v", "yes")
    assert 'coaia fuse score-configs archive "My own" --undo' in refused.err
