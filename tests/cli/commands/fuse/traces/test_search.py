"""``coaia fuse traces search`` and ``traces --query``."""

import json

import pytest


@pytest.fixture
def traces(run):
    run("fuse", "traces", "create", "t", "-n", "Nightly", "-i", "the brown \x1b[2J fox", "-u", "u")
    run("fuse", "traces", "create", "other")
    run("fuse", "traces", "add-observation", "o", "t", "-n", "ask", "-o", "no brown bear")
    return lambda *words: run("fuse", "traces", *words)


def test_the_place_is_shown_in_brackets(traces):
    shown = traces("search", "brown")
    assert shown.code == 0 and "\x1b" not in shown.out
    assert "input: the [brown]" in shown.out and "Nightly" in shown.out
    assert shown.err == "1 trace\nread from the local journal\n"
    assert "input: the [brown " in traces("search", "BROWN \x1b").out


def test_programs_get_every_place(traces):
    (found,) = json.loads(traces("search", "Brown", "--json").out)
    assert [match["field"] for match in found["matches"]] == ["input", "output"]


def test_a_query_is_a_condition_of_the_list(traces):
    assert json.loads(traces("--query", "bear", "--json", "--user", "u").out)[0]["id"] == "t"
    assert json.loads(traces("list", "--query", "bear", "--json", "--user", "v").out) == []
    assert traces("--query", " ").code == 2
