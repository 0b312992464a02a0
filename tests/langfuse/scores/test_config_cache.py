"""The score-config cache file: its layout, its age, its repair, and many writers at once."""

import json
import stat
import threading
from datetime import datetime, timedelta, timezone

import pytest
from forked import all_at_once
from hypothesis import given
from hypothesis import strategies as st

from coaiapy.langfuse.scores import config_cache as score_config_cache
from coaiapy.util import times


def write_ten(writer):
    path = score_config_cache.get_project_cache_path("p1")
    one = {"name": "Config", "dataType": "BOOLEAN"}
    return [
        score_config_cache.cache_score_config(path, dict(one, id="%d-%d" % (writer, number)))
        for number in range(10)
    ]


def config(number, **fields):
    whole = {"id": "c%d" % number, "name": "Config %d" % number, "dataType": "BOOLEAN"}
    return dict(whole, isArchived=False, **fields)


def ago(**how_long):
    return (datetime.now(timezone.utc) - timedelta(**how_long)).isoformat()


def no_notes(sentence):
    pytest.fail("unexpected note: " + sentence)


def test_the_file_has_the_documented_layout(home):
    score_config_cache.fill("p1", "Project One", [config(1)], times.now())
    path = home / ".coaia" / "score-configs" / "p1.json"
    data = json.loads(path.read_text())
    assert sorted(data) == ["configs", "last_sync", "project_id", "project_name"]
    assert (data["project_id"], data["project_name"]) == ("p1", "Project One")
    assert times.from_text(data["last_sync"])
    assert data["configs"][0].pop("cached_at") == data["last_sync"]
    assert data["configs"] == [config(1)]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_eight_processes_on_one_file_lose_nothing():
    assert all_at_once(write_ten, [[number] for number in range(8)]) == [[True] * 10] * 8
    found = {one["id"] for one in score_config_cache.load_project_cache("p1")["configs"]}
    assert found == {"%d-%d" % (writer, number) for writer in range(8) for number in range(10)}


def test_threads_of_one_process_lose_nothing():
    path = score_config_cache.get_project_cache_path("p1")
    writers = [
        threading.Thread(target=score_config_cache.cache_score_config, args=(path, config(number)))
        for number in range(20)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(score_config_cache.load_project_cache("p1")["configs"]) == 20


def test_a_listing_keeps_what_another_process_cached_meanwhile():
    asked_at = times.now()
    score_config_cache.cache_score_config(
        score_config_cache.get_project_cache_path("p1"), config(9)
    )
    score_config_cache.fill("p1", "One", [config(1)], asked_at)
    assert {one["id"] for one in score_config_cache.load_project_cache("p1")["configs"]} == {
        "c1",
        "c9",
    }


def test_a_listing_forgets_what_the_server_has_no_more():
    score_config_cache.fill("p1", "One", [config(1), config(2)], times.now())
    later = (datetime.now(timezone.utc) + timedelta(seconds=1)).isoformat()
    score_config_cache.fill("p1", "One", [config(2)], later)
    assert [one["id"] for one in score_config_cache.load_project_cache("p1")["configs"]] == ["c2"]


def test_one_config_is_replaced_by_its_id():
    path = score_config_cache.get_project_cache_path("p1")
    score_config_cache.cache_score_config(path, config(1))
    score_config_cache.cache_score_config(str(path), config(1, description="new"))
    (found,) = score_config_cache.load_project_cache("p1")["configs"]
    assert found["description"] == "new"


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "nonsense", '{"configs": {}}', '{"configs": [1]}', '{"configs": [{"id": 1}]}'],
)
@pytest.mark.parametrize("use", ["load", "read", "write"])
def test_a_broken_file_is_set_aside_and_rebuilt(text, use):
    path = score_config_cache.get_project_cache_path("p1")
    path.write_text(text)
    notes = []
    if use == "load":
        assert score_config_cache.load_project_cache("p1") is None
    elif use == "read":
        assert score_config_cache.read("p1", notes.append).configs == []
        assert len(notes) == 1 and "corrupt" in notes[0]
    assert score_config_cache.cache_score_config(path, config(1))
    assert score_config_cache.read("p1", no_notes).find("c1")["name"] == "Config 1"
    (aside,) = [one for one in path.parent.iterdir() if "corrupt" in one.name]
    assert aside.read_text() == text


def test_a_file_that_is_not_utf8_is_set_aside():
    path = score_config_cache.get_project_cache_path("p1")
    path.write_bytes(b"\xff\xfe{}")
    assert score_config_cache.load_project_cache("p1") is None
    assert not path.exists()


def test_a_file_of_earlier_releases_is_read():
    old = {"configs": [dict(config(1), cached_at=ago(hours=1))], "last_sync": ago(hours=1)}
    score_config_cache.get_project_cache_path("p1").write_text(json.dumps(old))
    assert score_config_cache.load_project_cache("p1")["configs"][0]["id"] == "c1"
    assert score_config_cache.read("p1", no_notes).find("config 1")


def test_a_change_by_another_process_is_seen():
    score_config_cache.fill("p1", "One", [config(1)], times.now())
    assert score_config_cache.read("p1", no_notes).find("c2") is None
    all_at_once(write_ten, [[7]])
    assert score_config_cache.read("p1", no_notes).find("7-0")


def test_what_cannot_be_written_is_told():
    path = score_config_cache.get_project_cache_path("p1")
    path.mkdir()
    assert not score_config_cache.cache_score_config(path, config(1))
    assert not score_config_cache.save_project_cache("p1", {"configs": []})
    notes = []
    assert score_config_cache.read("p1", notes.append).configs == []
    assert len(notes) == 1 and str(path) in notes[0]


def test_saved_is_what_is_loaded():
    assert score_config_cache.save_project_cache("p1", {"configs": [config(1)], "last_sync": None})
    found = score_config_cache.load_project_cache("p1")
    assert found["configs"] == [config(1)] and found["project_id"] == "p1"


def test_names_match_regardless_of_case_and_archived_ones_come_last():
    usable = dict(config(1), name="Tone & Style")
    archived = dict(config(2), name="Tone & Style", isArchived=True)
    gone = dict(config(3), name="Gone", isArchived=True)
    found = score_config_cache.snapshot_of([archived, gone, usable])
    for name in ("Tone & Style", "tone  & STYLE", "Tone and Style", "c1"):
        assert found.find(name) == usable
    assert found.find("c2") == archived
    assert found.find("gone") == gone
    assert found.find("Tone") is None


def test_of_two_with_one_name_the_newer_is_meant():
    newer, older = dict(config(2), name="Twice"), dict(config(1), name="Twice")
    assert score_config_cache.snapshot_of([newer, older]).find("twice") == newer


@pytest.mark.parametrize(
    "cached_at, stale",
    [
        (dict(hours=23, minutes=50), False),
        (dict(hours=24, seconds=1), True),
        (dict(days=400), True),
        (dict(seconds=-60), False),
        (dict(days=-1), True),
        ("2025-08-24T10:30:00", True),
        ("yesterday", True),
        ("", True),
        (None, True),
        (12345, True),
    ],
    ids=[
        "almost a day",
        "more than a day",
        "more than a year",
        "a minute ahead",
        "a day ahead",
        "no zone",
        "a word",
        "nothing",
        "null",
        "a number",
    ],
)
def test_age(cached_at, stale):
    if isinstance(cached_at, dict):
        cached_at = ago(**cached_at)
    assert score_config_cache.is_cache_stale({"cached_at": cached_at}) is stale


def test_age_has_a_limit_of_ones_own():
    assert not score_config_cache.is_cache_stale({"cached_at": ago(hours=47)}, max_age_hours=48)
    assert score_config_cache.is_cache_stale({"cached_at": ago(hours=2)}, 1)
    assert score_config_cache.is_cache_stale({})


@pytest.mark.parametrize("project_id", ["", " ", None, 7, "..", "a/../b", "a/b", "a\\b", "_", "__"])
def test_what_is_no_project_id_is_no_file(project_id):
    with pytest.raises(ValueError) as error:
        score_config_cache.get_project_cache_path(project_id)
    assert error.value.exit_code == 3


@given(st.text(min_size=1, max_size=300))
def test_a_project_id_stays_in_its_folder(project_id):
    try:
        path = score_config_cache.get_project_cache_path(project_id)
    except ValueError:
        return
    assert path.parent.name == "score-configs" and path.suffix == ".json"
    assert len(path.name) <= 105
