"""The commands ``coaia fuse health`` and ``coaia fuse projects``."""

import json

import pytest
from langfuse_server import KINDS

from coaiapy.errors import ExitCode


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_version_and_status_are_shown(run, use, kind):
    server = use(kind)
    result = run("fuse", "health")
    assert result.code == 0 and KINDS[kind].version in result.out and "OK" in result.out
    found = json.loads(run("fuse", "health", "--json").out)
    assert (found["status"], found["version"]) == ("OK", KINDS[kind].version)
    assert found["url"] == server.url and found["milliseconds"] >= 0


@pytest.mark.parametrize(
    "fault, code",
    [("503", ExitCode.NETWORK), ("404 html", ExitCode.CONFIG), ("200 html", ExitCode.NETWORK)],
)
def test_what_is_wrong_is_said_at_once(run, use, fault, code):
    server = use("v3")
    server.fail(fault, times=None)
    result = run("fuse", "health")
    assert (result.code, result.out) == (code, "")
    assert result.err.count("\n") == 1 and len(server.requests) == 1


def test_no_server_is_no_health(run, use):
    use("v3").stop_listening()
    result = run("fuse", "health")
    assert (result.code, result.out) == (ExitCode.NETWORK, "")


def test_local_mode_has_no_server(run):
    result = run("fuse", "health")
    assert (result.code, result.out) == (ExitCode.CONFIG, "")
    assert "local mode" in result.err


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_project_of_the_keys_is_shown(run, use, kind):
    use(kind)
    result = run("fuse", "projects")
    assert result.code == 0
    assert "test-project" in result.out and "Test Project" in result.out
    found = json.loads(run("fuse", "projects", "--json").out)
    assert (found[0]["id"], found[0]["name"]) == ("test-project", "Test Project")


def test_the_organization_is_shown_by_name(run, use):
    use("v3")
    assert "Test Org" in run("fuse", "projects").out
    assert "{" not in run("fuse", "projects", "--csv").out


def test_local_mode_has_none(run):
    result = run("fuse", "projects")
    assert (result.code, result.out) == (ExitCode.CONFIG, "")
    assert "LANGFUSE_PUBLIC_KEY" in result.err


def test_a_wrong_key_is_said(run, use, monkeypatch):
    use("v3")
    monkeypatch.setenv("LANGFUSE_SECRET_KEY", "wrong")
    result = run("fuse", "projects")
    assert (result.code, result.out) == (ExitCode.CONFIG, "")
