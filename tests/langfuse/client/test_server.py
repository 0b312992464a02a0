"""Which server answers: detected on every kind, kept for a day, forgotten on demand."""

import time

import pytest
from reading import forget_what_was_written

from coaiapy.config.settings import Settings
from coaiapy.errors import ConfigError, NetworkError
from coaiapy.langfuse.client import server as servers
from coaiapy.langfuse.client.http import LangfuseHttp
from coaiapy.langfuse.client.server import Server, detect, server_for
from coaiapy.langfuse.journal.db import Journal
from coaiapy.util import deadlines


def client(server, **options):
    values = dict({"public_key": "pk-test", "secret_key": "sk-test"}, **options)
    return LangfuseHttp(Settings(base_url=server.url, **values))


@pytest.mark.parametrize(
    "kind, version, generation",
    [
        ("v2", "2.95.12", "legacy"),
        ("v3", "3.225.4", "legacy"),
        ("v4-legacy", "4.16.0", "legacy"),
        ("v4-dual", "4.16.0", "v4"),
        ("v4-events_only", "4.16.0", "v4"),
    ],
)
def test_every_kind_of_server_is_recognised(langfuse, kind, version, generation):
    found = detect(client(langfuse(kind)))
    assert (found, found.generation) == (Server(version, kind), generation)


def telling(server, version):
    """Have a server tell another version, or none."""
    server.fail("changed", path="health", change=lambda body: dict(body, version=version))
    return server


@pytest.mark.parametrize("kind", ["v4-legacy", "v4-dual", "v4-events_only", "v2"])
def test_a_server_that_tells_no_version_is_recognised_by_its_answers(langfuse, kind):
    assert detect(client(telling(langfuse(kind), None))) == Server("", kind)


@pytest.mark.parametrize("version", ["4.16.0", None])
def test_a_v4_in_legacy_mode_that_shows_previews_is_not_taken_for_dual(langfuse, version):
    server = telling(langfuse("v4-legacy", previews_rows=True), version)
    assert detect(client(server)) == Server(version or "", "v4-legacy")


def test_what_is_written_in_legacy_mode_with_previews_is_shown(use, run):
    use("v4-legacy", previews_rows=True)
    assert run("fuse", "traces", "create", "t", "-n", "name").code == 0
    forget_what_was_written()
    assert run("fuse", "traces", "list", "--csv", "--columns", "id,name").out == "id,name\nt,name\n"
    assert "legacy" in run("fuse", "doctor").out


def test_a_v3_with_previews_switched_on_still_takes_events(langfuse):
    dual = langfuse("v4-dual")  # answers the probes as such a v3 does
    assert detect(client(telling(dual, "3.225.4"))) == Server("3.225.4", "v3")


def test_wrong_keys_are_found_out_on_every_kind(langfuse):
    for kind in ("v2", "v3", "v4-events_only"):
        with pytest.raises(ConfigError, match="Invalid credentials"):
            detect(client(langfuse(kind), secret_key="sk-wrong"))


def test_what_is_not_langfuse_is_said_to_be_none(langfuse):
    server = langfuse("v3")
    server.fail("404 html", times=None)
    with pytest.raises(ConfigError, match="there is no Langfuse at http://127.0.0.1"):
        detect(client(server))


def test_a_server_that_cannot_be_reached_is_not_guessed_at(langfuse):
    server = langfuse("v3")
    server.fail("refuse")
    with pytest.raises(NetworkError):
        detect(client(server), deadlines.after(0.3))


def test_a_fault_during_a_probe_decides_nothing(langfuse):
    server = langfuse("v4-dual")
    server.fail("500", path="/sessions", times=None)
    with pytest.raises(NetworkError):
        detect(client(server), deadlines.after(0.3))


def test_a_server_is_asked_once_a_day(langfuse, monkeypatch):
    server = langfuse("v4-events_only")
    http = client(server)
    with Journal() as journal:
        first = server_for(http, journal)
        server.forget_requests()
        assert server_for(http, journal) == first == Server("4.16.0", "v4-events_only")
        assert server.requests == []
        day = time.time() + 86401
        monkeypatch.setattr(time, "time", lambda: day)
        assert servers.recall(journal, http.base_url) is None


def test_a_server_that_contradicts_what_is_remembered_is_forgotten(langfuse):
    http = client(langfuse("v4-dual"))
    with Journal() as journal:
        servers.remember(journal, http.base_url, Server("3.225.4", "v3"))
        assert server_for(http, journal).mode == "v3"
        servers.forget(journal, http.base_url)
        assert server_for(http, journal).mode == "v4-dual"
