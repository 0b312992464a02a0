"""Helpers of tests with a server: settings that name it, and short waits when it is down."""

import pytest

from coaiapy import patience
from coaiapy.config.settings import Settings
from coaiapy.langfuse.client import http
from coaiapy.util.http.retry import at_most


def settings_for(server, **changes):
    """Return settings for a test server, with timeouts that suit a busy machine."""
    given = {"public_key": server.public_key, "secret_key": server.secret_key}
    given.update(base_url=server.url, timeout=60.0)
    given.update(changes)
    return Settings(**given)


@pytest.fixture
def short_waits(monkeypatch):
    """Make retries wait only a moment, and give up after a few tries.

    A short deadline would do the same, but could end before a busy machine has answered.
    """
    monkeypatch.setattr(patience, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(http, "until", lambda deadline, sleep: at_most(4, 1.0, sleep))


@pytest.fixture
def unhurried(monkeypatch):
    """Give what waited before not only the moment that a command has for it: a busy machine needs more."""
    monkeypatch.setattr(patience, "BACKLOG", 20.0)


@pytest.fixture
def use(langfuse, monkeypatch, unhurried):
    """Start a server of a kind, name it in the settings and return it; ``"local"``: no server."""

    def point(kind, **options):
        if kind == "local":
            return None
        server = langfuse(kind, **options)
        point_at(monkeypatch, server)
        return server

    return point


def point_at(monkeypatch, server):
    """Name ``server`` in the settings of the test."""
    monkeypatch.setenv("LANGFUSE_BASE_URL", server.url)
    monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", server.public_key)
    monkeypatch.setenv("LANGFUSE_SECRET_KEY", server.secret_key)
