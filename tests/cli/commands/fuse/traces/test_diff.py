"""``coaia fuse traces diff``: for people, for programs, and as a check in CI."""

import json

import pytest


@pytest.fixture
def diff(run):
    for trace, level in (("one", "DEFAULT"), ("two", "ERROR")):
        run("fuse", "traces", "create", trace)
        words = ["-n", "ask", "-i", "what is\x1b[2J " + trace, "--level", level, "-ts"]
        run("fuse", "traces", "add-observation", "o" + trace, trace, *words)
    return lambda *words: run("fuse", "traces", "diff", *words)


def test_people_see_signs_and_words(diff):
    shown = diff("one", "two")
    assert shown.code == 0
    assert "~ ask" in shown.out and "[-one-]{+two+}" in shown.out and "\x1b" not in shown.out
    assert "level: [-DEFAULT-]{+ERROR+}" in shown.out
    assert diff("one", "one", "--changed").out.count("\n") == 1


def test_programs_see_every_value(diff):
    found = json.loads(diff("one", "two", "--json").out)
    assert found["steps"][0]["changes"]["level"]["b"] == "ERROR"
    assert (found["a"], found["b"]) == ("one", "two")


def test_a_limit_that_is_exceeded_ends_with_1(diff):
    failed = diff("one", "two", "--fail-on", "errors", "--fail-on", "slower=2")
    assert failed.code == 1 and "errors: 1 instead of 0" in failed.err
    assert diff("two", "one", "--fail-on", "errors").code == 0
    wrong = diff("one", "two", "--fail-on", "slow")
    assert wrong.code == 2 and wrong.err.count("\n") == 1


def test_a_trace_that_is_not_there_is_named(diff):
    missing = diff("one", "three")
    assert missing.code == 1 and "three" in missing.err and missing.out == ""
