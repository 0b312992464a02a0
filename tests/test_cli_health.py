"""The command ``coaia fuse health``."""

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
