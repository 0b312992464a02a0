"""What runs within a command that is recorded belongs below it, whatever writes it."""

import json
import sys

import pytest
from hearing import tone, write_wav
from processes import finish

import coaiapy

# Runs command lines one after the other, as a script under ``coaia run`` would.
ALL = """
import json, sys
from coaiapy.coaiacli import main
for words in json.loads(sys.argv[1]):
    assert main(words) == 0, words
"""
WRITERS = {
    "leaf": ["fuse", "traces", "add-observation", "-n", "leaf"],
    "summarizer": ["p", "summarizer", "a text"],
    "summarize": ["summarize", "another text"],
    "transcribe": ["transcribe", "memo.wav"],
    "synthesize": ["synthesize", "Hello", "-O", "a.mp3"],
    "tash": ["tash", "key", "value"],
}


def tree(run, trace_id):
    found = json.loads(run("fuse", "traces", "tv", trace_id, "--json").out)
    return found["observations"]


def test_every_command_that_writes_hangs_itself_below_the_running_one(run, openai, polly, project):
    write_wav(project / "memo.wav", tone(3, 2))
    lines = json.dumps(list(WRITERS.values()))
    code, _, err = finish(
        "run", "--trace-id", "t", "--name", "outer", "--", sys.executable, "-c", ALL, lines
    )
    assert code == 0, err
    outer, *inner = sorted(tree(run, "t"), key=lambda one: one["name"] != "outer")
    assert len(inner) >= len(WRITERS)
    assert {one["name"] for one in inner} >= {"leaf", "summarizer", "transcribe", "synthesize"}
    assert {one["parentObservationId"] for one in inner} == {outer["id"]}


@pytest.mark.parametrize("kind", ["v3", "v4-events_only"])
def test_a_server_may_get_what_is_below_first(run, use, monkeypatch, kind):
    monkeypatch.setenv("COAIA_DELIVERY", "wait")
    server = use(kind)
    with coaiapy.trace("T") as trace, coaiapy.observe("Outer") as outer:
        with coaiapy.observe("Inner") as inner:
            pass
        arrived = [one["name"] for one in server.observations().values()]
        assert "Inner" in arrived and "Outer" not in arrived
    found = {one["name"]: one for one in tree(run, trace.id)}
    assert found["Inner"]["parentObservationId"] == found["Outer"]["id"]
    assert (found["Outer"]["id"], found["Inner"]["id"]) == (outer.id, inner.id)
    assert "unconfirmed" not in json.dumps(found)
