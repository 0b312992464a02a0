"""--json over all commands: it is there, it is JSON, a listing is a list, a time has one form."""

import json
import re

import pytest
from all_commands import REAL_COMMANDS, named
from langfuse_server import LangfuseServer
from servers import point_at

# Commands that print nothing on stdout, or what is JSON, JSON Lines, shell lines or a file anyway.
WITHOUT = """
    completion help init untrust run
    env clear, env init, env run, env docs, env copy, env edit, env save, env set, env unset
    env encrypt, env decrypt, env rotate
    tash, stash delete
    pipeline schema, pipeline docs, pipeline schedule, pipeline untrust, pipeline uninstall, pipeline index
    synthesize, worker
    fuse traces delete, fuse traces add-observations
    fuse traces export, fuse traces import
    fuse prompts delete, fuse datasets export, fuse dataset-items delete, fuse experiments delete
    fuse scores delete, fuse score-configs archive, fuse score-configs export
    fuse media download, fuse outbox drop, fuse outbox retry, fuse outbox export
"""
STORED = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z\Z"
LOOKS_LIKE_TIME = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d"
LISTINGS = """
    config show, env list --jsonl, stash list, stash ttl k, pipeline list, pipeline list --installed, pipeline outdated, p --list
    fuse traces, fuse traces list, fuse traces list-observations, fuse traces stats, fuse traces search x, fuse sessions list
    fuse prompts list, fuse datasets list, fuse dataset-items list d, fuse comments list
    fuse projects, fuse scores list, fuse score-configs list, fuse score-configs available
    fuse score-configs presets list, fuse outbox status, fuse outbox list, fuse experiments list
"""


def lines_of(text):
    return [" ".join(one.split()) for one in re.split(r"[,\n]", text) if one.strip()]


@pytest.mark.parametrize("words, parser", REAL_COMMANDS, ids=[named(w) for w, _ in REAL_COMMANDS])
def test_every_command_that_prints_a_result_prints_json(words, parser):
    handlers = {
        other.get_default("handler")
        for names, other in REAL_COMMANDS
        if named(names) in lines_of(WITHOUT) + lines_of(WITHOUT)[0].split()
    }
    if parser.get_default("handler") not in handlers:
        assert "--json" in parser._option_string_actions


def times_in(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from times_in(one)
    elif isinstance(value, str) and re.match(LOOKS_LIKE_TIME, value):
        yield value


@pytest.mark.parametrize(
    "line", [one for one in lines_of(LISTINGS) if "fuse" not in one or "outbox" in one]
)
def test_a_listing_of_this_machine_is_a_list_with_one_form_of_times(run, line):
    run("fuse", "traces", "create", "t", "-s", "s")
    run("tash", "k", "v")
    check(run, line)


@pytest.mark.parametrize("line", [one for one in lines_of(LISTINGS) if "fuse" in one])
def test_a_listing_of_a_server_is_a_list_with_one_form_of_times(run, monkeypatch, line):
    with LangfuseServer("v3") as server:
        point_at(monkeypatch, server)
        for words in (
            "traces create t -s s -u ann",
            "traces add-observation o t",
            "prompts create p text",
            "datasets create d",
            "dataset-items create d -i 1",
            "comments post hello --trace-id t",
            "score-configs create Q NUMERIC",
        ):
            assert run("fuse", *words.split()).code == 0, words
        check(run, line)


def check(run, line):
    result = run(*(line.split() + ([] if "--jsonl" in line else ["--json"])))
    assert result.code == 0, result.err
    found = [json.loads(row) for row in result.out.splitlines()] if "--jsonl" in line else None
    found = json.loads(result.out) if found is None else found
    assert isinstance(found, list)
    for time in times_in(found):
        assert re.match(STORED, time), time


@pytest.mark.parametrize(
    "words, expected",
    [
        (("env", "get", "CITY"), {"variable": "CITY", "value": "a b"}),
        (("env", "source"), {"CITY": "a b"}),
        (("fetch", "k"), {"key": "k", "value": "v"}),
    ],
)
def test_what_was_text_alone_is_json_too(run, words, expected):
    run("env", "set", "CITY", "a b")
    run("tash", "k", "v")
    found = json.loads(run(*words + ("--json",)).out)
    assert {name: found[name] for name in expected} == expected


def test_an_answer_of_a_model_is_json_too(run, openai):
    found = json.loads(run("summarize", "a long text", "--json").out)
    assert found["text"] and set(found) == {"text", "model", "usage", "finish_reason"}


def test_a_value_that_is_no_text_is_refused_as_json(run, project):
    (project / "picture").write_bytes(b"\xff\x00")
    run("tash", "k", "-F", "picture")
    result = run("fetch", "k", "--json")
    assert (result.code, result.out) == (2, "") and "-O FILE" in json.loads(
        result.err.splitlines()[-1]
    )["error"]
