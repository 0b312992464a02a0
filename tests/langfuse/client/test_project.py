"""The project of the keys: asked of the server once, and of the journal from then on."""

import pytest
from web_server import serving

from coaiapy.config import settings
from coaiapy.config.settings import Settings
from coaiapy.errors import ConfigError, NetworkError
from coaiapy.langfuse.client import project as current_project
from coaiapy.langfuse.client.http import LangfuseHttp
from coaiapy.langfuse.client.project import Project
from coaiapy.langfuse.journal.db import Journal

OURS = Project("test-project", "Test Project")


@pytest.fixture(autouse=True)
def a_new_process(monkeypatch):
    monkeypatch.setattr(current_project, "_KNOWN", {})


@pytest.mark.parametrize("kind", ["v2", "v4-dual"])
def test_the_server_is_asked_once(use, monkeypatch, kind):
    server = use(kind)
    known = settings.load()
    assert current_project.remembered(known) is None
    assert current_project.current_project(known) == OURS
    asked = len(server.requests)
    for _ in range(2):
        assert current_project.current_project(known) == OURS
        assert current_project.remembered(known) == OURS
        monkeypatch.setattr(current_project, "_KNOWN", {})
    assert len(server.requests) == asked == 1


def test_the_journal_is_read_where_it_lies(use, home):
    use("v3")
    known = settings.load()
    assert current_project.recorded(known) is None
    assert not (home / ".coaia" / "coaia.db").exists()
    current_project.current_project(known)
    current_project._KNOWN.clear()
    assert current_project.recorded(known) == OURS


def test_other_keys_are_of_another_project(use):
    server = use("v3")
    current_project.current_project(settings.load())
    other = Settings("pk-other", "sk-other", server.url)
    assert current_project.remembered(other) is None
    assert current_project.recorded(other) is None


def test_local_mode_has_one_of_its_own():
    known = settings.load()
    here = Project("local", "local")
    assert current_project.current_project(known) == here
    assert current_project.remembered(known) == current_project.recorded(known) == here


@pytest.mark.parametrize(
    "data, kind",
    [
        ([], ConfigError),
        (None, NetworkError),
        ([{"name": "no id"}], NetworkError),
        ([{"id": 5}], NetworkError),
        ({"id": "p"}, NetworkError),
        ("p", NetworkError),
    ],
)
def test_what_is_no_project_is_one_sentence(data, kind):
    with serving(lambda asked, url: (200, {"data": data}, {})) as server:
        known = Settings("pk", "sk", server.url)
        with LangfuseHttp(known) as http, Journal() as journal, pytest.raises(kind) as caught:
            current_project.learn(http, journal)
    assert "\n" not in str(caught.value)
    assert current_project.remembered(known) is None
