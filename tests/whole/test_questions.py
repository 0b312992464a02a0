"""One rule over all commands that ask: 3 where nobody can answer, 1 after a no, and nothing is changed."""

import io
import json
import re

import pytest
from all_commands import REAL_COMMANDS, named
from terminal import Terminal

from coaiapy.cli.parser import Context
from coaiapy.coaiacli import main

ANSWERS = {"--yes", "--interactive"}
ALIASES = {"environment clear": "env clear", "fuse scc presets install": ""}
STEP = {"name": "S", "run": "touch ran"}


def template(run, project):
    folder = project / ".coaia" / "templates"
    folder.mkdir(parents=True)
    (folder / "t.json").write_text(json.dumps({"trace": {"name": "T"}, "steps": [STEP]}))
    (project / "items.jsonl").write_text('{"id": "1", "input": "x"}\n')


def untrusted(run, project):
    (project / ".env").write_text("LANGFUSE_BASE_URL=http://elsewhere.example\n")


def two_versions(run, project):
    run("fuse", "prompts", "create", "p", "Hello", "--labels", "production")
    run("fuse", "prompts", "create", "p", "Hi", "--labels", "staging")
    (project / "prompts").mkdir()
    (project / "prompts" / "p.md").write_text("---\nname: p\nlabels: [production]\n---\nHey\n")


def records(run, project):
    run("fuse", "traces", "create", "t1")
    run("fuse", "traces", "create", "t2")


def experiment(run, project):
    (project / "items.jsonl").write_text('{"id": "1", "input": "x"}\n')
    run("fuse", "experiments", "run", "items.jsonl", "--name", "e", "--", "cat")


def stashed(run, project):
    run("tash", "a1", "x")
    run("tash", "a2", "x")


def environment(run, project):
    run("env", "set", "KEY", "value")


def typo(run, project, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setenv("LANGFUSE_PUBLIC_KEY", "pk-typo")
        run("fuse", "traces", "create", "t1")


# What has to be there, the kind of server, and a command that asks about it.
ASKING = [
    (environment, "local", "env clear"),
    (experiment, "local", "fuse experiments delete e"),
    (template, "local", "fuse experiments run items.jsonl --name e --pipeline t"),
    (typo, "v3", "fuse outbox drop --all"),
    (typo, "v3", "fuse outbox flush --adopt-from 1"),
    (two_versions, "v3", "fuse prompts delete p"),
    (two_versions, "v3", "fuse prompts promote p --from staging --to production"),
    (two_versions, "v3", "fuse prompts push prompts"),
    (two_versions, "v3", "fuse prompts rollback p --label production --version 2"),
    (records, "v3", "fuse score-configs presets install accuracy safety --interactive"),
    (records, "local", "fuse traces delete t1"),
    (records, "v3", "fuse traces delete-batch t1 t2"),
    (template, "local", "pipeline run t"),
    (template, "local", "pipeline trust t"),
    (stashed, "local", "stash delete a*"),
    (untrusted, "local", "trust"),
]
NOT_A_QUESTION = {"init"}  # its --interactive reads answers from a pipe as well


def test_every_command_that_can_ask_is_here():
    asks = {
        named(words)
        for words, parser in REAL_COMMANDS
        if ANSWERS & {one for action in parser._actions for one in action.option_strings}
    }
    asks = {ALIASES.get(one, one) for one in asks} - {""} - NOT_A_QUESTION
    tried = {one for one in asks for _, _, line in ASKING if (line + " ").startswith(one + " ")}
    assert tried == asks


@pytest.fixture
def ready(use, run, project, monkeypatch):
    """Make what ``prepare`` makes, and return a function that tells what a command changed."""

    def make(prepare, kind):
        server = use(kind)
        given = (run, project) + ((monkeypatch,) if prepare is typo else ())
        prepare(*given)
        if server:
            server.forget_requests()

        def changed():
            shown = [run(*line.split()).out for line in SHOWN]
            writes = [one.method for one in server.requests] if server else []
            return shown, sorted(path.name for path in project.iterdir()), set(writes) - {"GET"}

        return changed

    return make


SHOWN = """
    env list --json
    fuse experiments list --json
    fuse outbox list --json
    stash list --json
    trust --list --json
    pipeline trust --list --json
""".strip().splitlines()


@pytest.mark.parametrize("prepare, kind, line", ASKING, ids=[line for _, _, line in ASKING])
def test_nobody_can_answer_and_a_no(ready, run, prepare, kind, line):
    changed = ready(prepare, kind)
    before = changed()
    unasked = run(*line.split(), stdin="y\n")
    assert unasked.code == 3, unasked.err
    said = unasked.err.splitlines()[-1]
    assert re.search(r"^coaia: (nobody can be asked to .*\(.*\)|.* is not trusted: read it)", said)
    assert "--yes" in said or "--interactive" in said
    assert "?" not in said
    for typed in ("n\n", "", "yesterday\n"):
        out, err = io.StringIO(), io.StringIO()
        code = main(line.split(), Context(Terminal(typed * 3), out, err))
        assert code == 1, err.getvalue()
        assert re.search(r"\? \[y/N\] (nothing was \w+|kept .*)\n", err.getvalue())
    assert changed() == before
