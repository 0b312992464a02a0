"""``coaia pipeline init --from-trace``."""

import json
import re

import pytest


def tree(run, trace_id):
    body = json.loads(run("fuse", "traces", "trace-view", trace_id, "--json").out)
    names = {one["id"]: one["name"] for one in body["observations"]}
    return [
        (one["name"], one["type"], names.get(one.get("parentObservationId")))
        for one in body["observations"]
    ]


@pytest.mark.parametrize("words", [[], ["--format", "yaml"]])
def test_a_trace_becomes_a_template_that_validates_and_makes_the_same_tree(run, project, words):
    made = run("pipeline", "create", "error-handling", "--var", "operation_name=Upload", "--json")
    trace_id = json.loads(made.out)["id"]
    done = run(
        "pipeline", "init", "again", "--location", "project", "--from-trace", trace_id, *words
    )
    assert done.code == 0, done.err
    assert run("pipeline", "validate").code == 0
    again = json.loads(run("pipeline", "create", "again", "--json").out)
    assert tree(run, again["id"]) == tree(run, trace_id)
    assert again["input"] == json.loads(made.out)["input"]
    one = run("pipeline", "create", "again", "--var", "attempt_count=1", "--json")
    assert len(json.loads(one.out)["observations"]) == len(again["observations"]) - 2
    assert not re.search("not run yet", one.out)


def test_a_trace_of_a_server_becomes_one(run, use):
    server = use("v3")
    trace_id = run("fuse", "traces", "create", "t1", "-n", "Of a server").out.strip() or "t1"
    run("fuse", "traces", "add-observation", "o1", "t1", "-n", "One")
    done = run("pipeline", "init", "mine", "--from-trace", "t1")
    assert done.code == 0 and server and trace_id
    assert [
        step["name"] for step in json.loads(run("pipeline", "show", "mine", "--json").out)["steps"]
    ] == ["One"]


@pytest.mark.parametrize(
    "words, code",
    [
        (["t", "--from-trace", "nosuch"], 1),
        (["bad name", "--from-trace", "nosuch"], 2),
        (["t", "--from-trace", "x", "--from", "simple-trace"], 2),
    ],
)
def test_what_cannot_be_is_told(run, words, code):
    assert run("pipeline", "init", *words).code == code
