"""What tests against a server need: settings that point at it, and less patience where it is down."""

import pytest

from coaiapy import http_retry, langfuse_http
from coaiapy.settings import Settings


def settings_for(server, **changes):
    """Return settings with the keys of a stand-in, and the patience that a busy machine takes."""
    given = {"public_key": server.public_key, "secret_key": server.secret_key}
    given.update(base_url=server.url, timeout=20.0)
    given.update(changes)
    return Settings(**given)


@pytest.fixture
def short_waits(monkeypatch):
    """Have a request that failed tried again at once, and not for long."""
    monkeypatch.setattr(http_retry, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(langfuse_http, "DEFAULT_SECONDS", 1.0)


@pytest.fixture
def use(langfuse, monkeypatch):
    """Point the settings at a new server of a kind, or (``"local"``) at none; return the server."""

    def point(kind, **options):
        if kind == "local":
            return None
        server = langfuse(kind, **options)
        point_at(monkeypatch, server)
        return server

    return point


def point_at(monkeypatch, server):
    """Make ``server`` the one that the settings name."""
    monkeypatch.setenv("LANGFUSE_BASE_URL", server.url)
    monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", server.public_key)
    monkeypatch.setenv("LANGFUSE_SECRET_KEY", server.secret_key)
