"""Copies of prompts: kept when read, served when the server is down, never in its place."""

import os
import time

import pytest
from servers import settings_for

from coaiapy.config.settings import Settings
from coaiapy.errors import ConfigError, NetworkError, NotFoundError
from coaiapy.langfuse.prompts import cache as prompt_cache
from coaiapy.langfuse.prompts import prompts

pytestmark = pytest.mark.usefixtures("short_waits")


pytestmark = pytest.mark.usefixtures("short_waits")


@pytest.fixture
def server(langfuse):
    return langfuse("v3")


@pytest.fixture
def known(server):
    found = settings_for(server)
    prompts.create_prompt(found, "team/p", "Hello", labels=["production"])
    return found


def copies(home):
    folder = home / ".coaia" / "prompts"
    return [path for path in folder.rglob("*.json")] if folder.exists() else []


def test_a_copy_serves_with_a_note_when_the_server_is_down(server, known):
    assert prompts.fetch_prompt(known, "team/p").note == ""
    server.fail("refuse")
    fetched = prompts.fetch_prompt(known, "team/p")
    assert fetched.prompt["prompt"] == "Hello"
    assert "this is the copy that was fetched at 20" in fetched.note
    assert "failed: " in fetched.note


@pytest.mark.parametrize("fault", ["503", "502 html", "200 html", "hang", "truncated json"])
def test_every_kind_of_being_down_counts(server, known, fault):
    prompts.fetch_prompt(known, "team/p")
    server.fail(fault, times=None)
    seconds = 0.5 if fault == "hang" else known.timeout
    assert prompts.fetch_prompt(known._replace(timeout=seconds), "team/p").note


def test_wrong_keys_are_not_being_down(server, known):
    prompts.fetch_prompt(known, "team/p")
    with pytest.raises(ConfigError):
        prompts.fetch_prompt(known._replace(secret_key="sk-wrong"), "team/p")


def test_without_a_copy_the_outage_is_told(server, known):
    server.fail("refuse")
    with pytest.raises(NetworkError):
        prompts.fetch_prompt(known, "team/p")


def test_the_server_is_asked_as_long_as_it_answers(server, known):
    prompts.fetch_prompt(known, "team/p")
    prompts.create_prompt(settings_for(server), "team/p", "Hi", labels=["production"])
    assert prompts.fetch_prompt(known, "team/p").prompt["prompt"] == "Hi"


def test_offline_and_a_young_copy_ask_nothing(server, known):
    prompts.fetch_prompt(known, "team/p")
    server.forget_requests()
    assert prompts.fetch_prompt(known, "team/p", offline=True).prompt["version"] == 1
    assert prompts.fetch_prompt(known, "team/p", max_age=60).prompt["version"] == 1
    assert prompts.fetch_prompt(known, "team/p", version=1, offline=True).prompt["version"] == 1
    assert server.requests == []


def test_an_old_copy_is_asked_for_anew(server, known, monkeypatch):
    prompts.fetch_prompt(known, "team/p")
    server.forget_requests()
    later = time.time() + 61
    monkeypatch.setattr(prompt_cache.time, "time", lambda: later)
    prompts.fetch_prompt(known, "team/p", max_age=60)
    assert len(server.requests) == 1
    monkeypatch.setattr(prompt_cache.time, "time", lambda: later + 61)
    with pytest.raises(NotFoundError, match="is older than 60 seconds"):
        prompts.fetch_prompt(known, "team/p", offline=True, max_age=60)


def test_a_clock_that_was_set_back_makes_no_copy_young(server, known, monkeypatch):
    prompts.fetch_prompt(known, "team/p")
    server.forget_requests()
    monkeypatch.setattr(prompt_cache.time, "time", lambda: 1e9)
    prompts.fetch_prompt(known, "team/p", max_age=60)
    assert len(server.requests) == 1


def test_copies_of_another_label_or_project_do_not_count(server, known):
    prompts.fetch_prompt(known, "team/p")
    with pytest.raises(NotFoundError, match="no copy of prompt 'team/p' .label staging"):
        prompts.fetch_prompt(known, "team/p", "staging", offline=True)
    with pytest.raises(NotFoundError):
        prompts.fetch_prompt(known._replace(public_key="pk-2"), "team/p", offline=True)


def test_without_keys_offline_finds_what_was_fetched_with_some(known):
    prompts.fetch_prompt(known, "team/p")
    assert prompts.fetch_prompt(Settings(), "team/p", offline=True).prompt["prompt"] == "Hello"
    with pytest.raises(ConfigError):
        prompts.fetch_prompt(Settings(), "team/p")


def test_what_is_gone_from_the_server_is_gone_from_here(server, known, home):
    prompts.fetch_prompt(known, "team/p")
    assert copies(home)
    server.prompts.clear()
    with pytest.raises(NotFoundError):
        prompts.fetch_prompt(known, "team/p")
    assert not copies(home)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"name": "team/p"}', "\ud800"])
def test_a_broken_copy_is_none_and_is_written_anew(server, known, home, text):
    prompts.fetch_prompt(known, "team/p")
    for path in copies(home):
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(NotFoundError):
        prompts.fetch_prompt(known, "team/p", offline=True)
    prompts.fetch_prompt(known, "team/p")
    assert prompts.fetch_prompt(known, "team/p", offline=True).prompt["version"] == 1


def test_copies_are_private(known, home):
    prompts.fetch_prompt(known, "team/p")
    assert {path.stat().st_mode & 0o777 for path in copies(home)} == {0o600}
    folders = {path.parent.stat().st_mode & 0o777 for path in copies(home)}
    assert folders == {0o700}


def test_a_disk_that_takes_no_copy_does_not_keep_the_prompt_from_its_reader(known, home):
    os.makedirs(str(home / ".coaia"), exist_ok=True)
    (home / ".coaia" / "prompts").write_text("a file where the folder should be")
    fetched = prompts.fetch_prompt(known, "team/p")
    assert fetched.prompt["prompt"] == "Hello"
    assert "could not be stored" in fetched.note
