"""Whatever a server answers: each command ends with a stated error, and harms no later command."""

import functools
import itertools
import os
import shlex
import shutil

import canaries
import pytest
from fuzzed_answers import Langfuse, problem_of, rounds
from mutations import generator

from coaiapy import coaiacli, patience
from coaiapy.langfuse.client import project as current_project
from coaiapy.langfuse.journal.db import Journal
from coaiapy.util.formats import json_values

KINDS = ("v4-events_only",) + tuple(
    pytest.param(kind, marks=pytest.mark.once) for kind in ("v2", "v3", "v4-dual")
)
WRONG_ANSWERS = 3
FEW = 5
BUILD = coaiacli.build_parser

PREPARED = """
traces create run -s ses -n run
traces add-observation ob run -n step
scores create sc --trace-id run -n q -v 0.5
score-configs create Rating NUMERIC --min-value 0 --max-value 10
score-configs create Mood CATEGORICAL --categories Good:1,Bad:0
prompts create a/p Hello --labels production
datasets create ds
dataset-items create ds -i x -e y --id item
comments post --trace run hello
"""
READS = """
projects
health
doctor
traces list
traces list --json
traces trace-view run
traces trace-view run --json
traces session-view ses
traces get-observation ob
traces list-observations
traces stats --by model
traces diff run run
traces search run
traces export
sessions list
sessions get ses
scores list
scores get sc
score-configs list
score-configs get Rating
score-configs available
score-configs show Mood
prompts list
prompts get a/p
prompts get a/p --prod
prompts labels a/p
prompts promote a/p --version 1 --to review --dry-run
prompts rollback a/p --version 1 --dry-run
prompts render a/p
prompts diff a/p 1 1
prompts pull folder-{u}
prompts check folder-1
datasets list
datasets get ds
datasets export ds
dataset-items list ds
dataset-items get item
comments list
comments list --trace run
"""
WRITES = """
traces create run-{n} -s ses
traces add-observation ob-{n} run --cost '{{"input": 1}}'
traces delete run-{n} --yes
sessions addnode ses run-{n} node-{n}
scores create sc-{n} --trace-id run -n q -v 0.5
scores apply --trace-id run --config Rating -v 3
scores delete sc-{n}
score-configs create Config{u} NUMERIC
score-configs update Rating --description {n}
prompts create p-{n} Hello
prompts create a/p Hello{n}
prompts delete p-{n}
datasets create ds-{n}
dataset-items create ds -i x --id item-{n}
dataset-items delete item-{n}
comments post --trace run hello
media upload picture.png run
outbox flush
"""

# What ends in one of several ways even if nothing is wrong: as there is such a trace or none, and
# as the server can delete it.
ENDS = {"traces delete run-{n} --yes": (0, 1, 5)}


class Commands:
    """Runs the commands on one server: with names that were used before (n) or not (u)."""

    def __init__(self, run):
        self._run = run
        self._numbers = itertools.count()

    def __call__(self, line):
        number = next(self._numbers)
        return self._run("fuse", *shlex.split(line.format(n=number % FEW, u=number)))


@functools.lru_cache(None)
def _parser_of(words):
    return BUILD(list(words))


def parser_of(words):
    """Return the parser for a command, which takes a third of the time of most of them."""
    return _parser_of(tuple(words[:4]))


def lines(text):
    return [line for line in text.splitlines() if line]


def forget_the_server():
    """Forget what earlier commands have found out about the server and its project."""
    current_project._KNOWN.clear()
    with Journal() as journal, journal.transaction() as db:
        db.execute("DELETE FROM servers")
        db.execute("UPDATE destinations SET project_id = NULL")
    shutil.rmtree(os.path.join(os.environ["COAIA_HOME"], "score-configs"), ignore_errors=True)


def others():
    """Return a line for each command that asks Langfuse and has none above, whatever its end."""
    own = [line.split()[:2] for line in lines(READS) + lines(WRITES)]
    asking = canaries.lines(canaries.LANGFUSE + canaries.WRITING)
    found = [line[len("fuse ") :] for line in asking if line.startswith("fuse ")]
    return [line for line in found if line.split()[:2] not in own]


@pytest.mark.parametrize("kind", KINDS)
def test_wrong_answers_end_in_a_stated_error_and_harm_no_later_command(
    run, use, kind, monkeypatch, project
):
    monkeypatch.setattr(patience, "FIRST_PAUSE", 0.001)
    monkeypatch.setenv("COAIA_DELIVERY", "wait")  # no sender that would ask without the changes
    monkeypatch.setattr(patience, "STORAGE", patience.STORAGE._replace(tries=1))
    monkeypatch.setattr(coaiacli, "build_parser", parser_of)
    played = Langfuse(use(kind), monkeypatch)
    canaries.make_files(project)
    (project / "picture.png").write_bytes(b"\x89PNG")
    command = Commands(run)
    for line in lines(PREPARED):
        command(line)
    every = lines(READS) + lines(WRITES)
    usual = {line: command(line).code for line in every}
    wrong = []
    for number in range(rounds()):
        for line in every + others():
            rng = generator(kind, number, line)
            for _ in range(WRONG_ANSWERS):
                if rng.random() < 0.3:
                    forget_the_server()
                played.change(rng, rng.choice((0, 0, 1, 2, 3)))
                result = command(line)
                played.change_nothing()
                wrong.append((problem_of(line, result), number, line, result))
        command("outbox drop --state rejected --yes")  # doctor tells of them
        for line in every:
            after = command(line)
            same = after.code in ENDS.get(line, (0, usual[line])) and not problem_of(line, after)
            wrong.append(("" if same else "broken for later commands", number, line, after))
    found = [one for one in wrong if one[0]]
    assert not found, "\n".join(map(repr, found[:20]))


def test_a_refusal_with_half_a_character_harms_no_later_command(run, use):
    server = use("v3")

    def refuse(body):
        (event,) = body["successes"]
        return {"successes": [], "errors": [dict(event, status=400, message="too long: \ud83d")]}

    server.fail("changed", path="ingestion", change=refuse)
    assert run("fuse", "traces", "create", "bad").code == 5
    result = run("fuse", "traces", "create", "good")
    assert (result.code, result.out) == (0, "good\n")
    assert "too long: \ufffd" in run("fuse", "outbox", "list").out


@pytest.mark.parametrize("name", [["x"], 5, {"a": 1}, "\ud83d", None])
def test_a_delivered_trace_is_a_success_whatever_the_project_is_named(run, use, name):
    server = use("v3")

    def rename(body):
        return {"data": [dict(one, name=name) for one in body["data"]]}

    server.fail("changed", times=None, path="projects", change=rename)
    assert run("fuse", "traces", "create", "t") == (0, "t\n", "")
    assert "t" in server.traces()


def test_a_wrong_score_config_is_not_kept(run, use):
    server = use("v3")
    assert run("fuse", "score-configs", "create", "Rating", "NUMERIC").code == 0
    forget_the_server()

    def change(body):
        return dict(body, data=[dict(one, categories=1.5) for one in body["data"]])

    server.fail("changed", path="score-configs", change=change)
    assert run("fuse", "score-configs", "available").code == 4
    assert run("fuse", "score-configs", "show", "Rating").code == 0
    result = run("fuse", "scores", "apply", "--session-id", "s", "--config", "Rating", "-v", "3")
    assert result.code == 0


@pytest.mark.parametrize("kind", ["local", "v3", "v4-events_only"])
def test_costs_that_add_up_to_infinity(run, use, kind):
    use(kind)
    costs = '{"input": 1e308, "output": 1e308}'
    run("fuse", "traces", "create", "t")
    assert run("fuse", "traces", "add-observation", "o", "t", "--cost", costs).code == 0
    result = run("fuse", "traces", "trace-view", "t", "--json")
    assert json_values.parse(result.out)["observations"][0]["costDetails"]["input"] == 1e308
