"""The command ``coaia fuse projects``."""

import json

import pytest
from langfuse_server import KINDS

from coaiapy.errors import ExitCode


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
