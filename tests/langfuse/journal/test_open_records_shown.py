"""What is going on is shown as running, with a server and without, until it has ended."""

import json

import pytest

import coaiapy


@pytest.fixture(params=["local", "v3", "v4-events_only", "away"])
def mode(request, use, monkeypatch):
    monkeypatch.setenv("COAIA_DELIVERY", "manual")
    if request.param != "local":
        server = use("v3" if request.param == "away" else request.param)
        if request.param == "away":
            server.fail("500", times=None)
            monkeypatch.setenv("LANGFUSE_TIMEOUT", "1")
    return request.param


def notes(found):
    return {one["name"]: one.get("unconfirmed") for one in found}


def test_an_open_step_and_its_trace_are_running(mode, run):
    with coaiapy.observe("Outer") as outer:
        with coaiapy.observe("Inner"):
            pass
        tree = run("fuse", "traces", "tv", outer.trace_id).out.splitlines()
        assert [line.endswith("(running)") for line in tree] == [True, True, False]
        (trace,) = json.loads(run("fuse", "traces", "list", "--json").out)
        assert notes([trace]) == {"Outer": "running"}
        listed = json.loads(run("fuse", "traces", "list-observations", "--json").out)
        for found in (listed, coaiapy.get_trace(outer.trace_id)["observations"]):
            assert notes(found)["Outer"] == "running"
            assert notes(found)["Inner"] in (None, "waiting")
    assert "(running)" not in run("fuse", "traces", "tv", outer.trace_id).out
