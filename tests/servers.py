"""What tests of commands against a server need: settings that point at it."""

import pytest
from langfuse_server.fixtures import langfuse  # noqa: F401


@pytest.fixture
def use(langfuse, monkeypatch):  # noqa: F811
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
