"""Which trace is saved and exported where a shell and ``.coaia-env`` have different ones."""

import io
import json

import pytest
from processes import bash
from terminal import Terminal

from coaiapy.cli.parser import Context
from coaiapy.coaiacli import main
from coaiapy.env import context as env_context

TWO_PIPELINES = """
eval $(coaia pipeline create llm-chain --var chain_name=one --session-id S1 --export-env)
coaia pipeline create data-pipeline --var pipeline_name=two --session-id S2 --export-env > /dev/null
"""


@pytest.fixture
def saved(project):
    """Return what ``env save`` kept under a name."""

    def read(name):
        found = json.loads((project / (".coaia-env." + name)).read_text())
        return {key: value for key, value in found.items() if not key.startswith("_")}

    return read


def name_of(run, trace_id):
    return json.loads(run("fuse", "traces", "tv", trace_id, "--json").out)["name"]


def test_the_pipeline_that_was_just_made_is_saved_though_the_shell_has_an_older_one(
    run, project, saved
):
    bash(TWO_PIPELINES + "coaia env save --name two 2> notes")
    two = saved("two")
    assert name_of(run, two["COAIA_TRACE_ID"]) == "two" and two["COAIA_SESSION_ID"] == "S2"
    (trace,) = json.loads(run("fuse", "traces", "--name", "one", "--json").out)
    notes = (project / "notes").read_text()
    assert "this shell still uses {!r}".format(trace["id"]) in notes and "--from shell" in notes
    bash(TWO_PIPELINES + "coaia env save --from shell --name one")
    assert name_of(run, saved("one")["COAIA_TRACE_ID"]) == "one"


def test_the_lines_of_save_bring_the_saved_trace_into_the_shell(run, saved):
    out = bash(TWO_PIPELINES + "eval $(coaia env save --name two)\nenv | grep ^COAIA_ | sort")
    found = dict(line.split("=", 1) for line in out.splitlines())
    assert {key: found[key] for key in saved("two")} == saved("two")


@pytest.mark.parametrize("mark", ["one", "none"])
def test_a_trace_that_was_sourced_is_newer_than_the_one_in_the_file(run, saved, mark):
    """Also one that the shell had before, and that ``--export-env`` noted as replaced."""
    bash(
        "eval $(coaia pipeline create llm-chain --var chain_name=one --export-env)\n"
        "coaia env save --name one\n"
        + ("" if mark == "one" else "eval $(coaia env unset COAIA_TRACE_ID --temp)\n")
        + "coaia pipeline create llm-chain --var chain_name=two --export-env\n"
        "eval $(coaia env source --name one --export)\n"
        'coaia fuse traces add-observation "$COAIA_TRACE_ID"\n'
        "coaia env save --name again 2> notes"
    )
    assert saved("again") == saved("one")
    assert name_of(run, saved("again")["COAIA_TRACE_ID"]) == "one"
    with open("notes") as notes:
        assert "to save that one, use --from project" in notes.read()


def test_a_name_moves_on_from_the_trace_of_the_shell_to_the_newer_one(run, saved):
    bash(
        "eval $(coaia pipeline create llm-chain --var chain_name=one --export-env)\n"
        "coaia env save --name flow\n"
        "coaia pipeline create llm-chain --var chain_name=two --export-env\n"
        "coaia env save --name flow\n"
        "! coaia env save --name flow --from shell"
    )
    assert name_of(run, saved("flow")["COAIA_TRACE_ID"]) == "two"


def test_a_broken_project_file_keeps_nobody_from_sourcing_another(run, project):
    run("env", "set", "COAIA_TRACE_ID", "t1", "--name", "one")
    (project / ".coaia-env").write_text("{ broken")
    result = run("env", "source", "--name", "one", "--export")
    assert (result.code, result.out) == (0, "export COAIA_TRACE_ID='t1';\n")


def test_another_shells_pipeline_does_not_replace_this_shells(run, saved):
    bash(
        "eval $(coaia pipeline create llm-chain --var chain_name=one --export-env)\n"
        "env -u COAIA_TRACE_ID coaia pipeline create llm-chain --var chain_name=two --export-env\n"
        "coaia env save --name mine"
    )
    assert name_of(run, saved("mine")["COAIA_TRACE_ID"]) == "one"


def test_from_a_place_without_a_trace_is_an_error(run, monkeypatch):
    result = run("env", "save", "--name", "s", "--from", "project")
    assert result.code == 1 and "COAIA_TRACE_ID is not set in .coaia-env" in result.err
    run("env", "set", "COAIA_TRACE_ID", "t1")
    result = run("env", "save", "--name", "s", "--from", "shell")
    assert result.code == 1 and "COAIA_TRACE_ID is not set in this shell" in result.err
    assert run("env", "save", "--name", "s", "--from", "project").code == 0


def test_a_new_trace_leaves_no_id_of_the_former_one_in_shell_and_file(run, saved):
    out = bash(
        'eval "$(coaia pipeline create data-pipeline --session-id S1 --user-id u --export-env)"\n'
        'eval "$(coaia fuse traces create TT --export-env)"\n'
        "coaia env save --name mix\n"
        "env | grep ^COAIA_ | grep -v ^COAIA_HOME | sort"
    )
    assert saved("mix") == {"COAIA_TRACE_ID": "TT", "COAIA_USER_ID": "u"}
    assert out.splitlines()[-2:] == ["COAIA_TRACE_ID=TT", "COAIA_USER_ID=u"]
    found = json.loads(run("env", "list", "--location", "project", "--json").out)
    assert found == saved("mix")


@pytest.mark.parametrize("form", ["eval $({})", 'eval "$({})"'])
def test_what_is_sourced_leaves_no_id_of_the_former_trace(run, form):
    run("env", "set", "COAIA_TRACE_ID", "t1", "--name", "one")
    out = bash(
        "export COAIA_TRACE_ID=t0 COAIA_SESSION_ID=s0 COAIA_PARENT_OBSERVATION_ID=o0\n"
        + form.format("coaia env source --name one --export")
        + "\necho $COAIA_TRACE_ID ${COAIA_SESSION_ID-gone} ${COAIA_PARENT_OBSERVATION_ID-gone}"
    )
    assert out == "t1 gone gone\n"


def test_the_lines_for_other_shells_remove_the_former_ids_too(run, monkeypatch):
    run("env", "set", "COAIA_TRACE_ID", "t1")
    monkeypatch.setenv("COAIA_TRACE_ID", "t0")
    monkeypatch.setenv("COAIA_SESSION_ID", "s0")
    for shell, line in (
        ("fish", "set -e COAIA_SESSION_ID;"),
        ("powershell", "Remove-Item Env:COAIA_SESSION_ID -ErrorAction SilentlyContinue;"),
    ):
        out = run("env", "source", "--export", "--shell", shell).out
        assert out.splitlines()[1:] == [line]


def test_the_same_trace_keeps_its_ids(run, monkeypatch):
    monkeypatch.setenv("COAIA_TRACE_ID", "t1")
    monkeypatch.setenv("COAIA_SESSION_ID", "s1")
    out = run("fuse", "traces", "add-observation", "o", "t1", "--export-env").out
    assert "unset" not in out


def test_the_session_of_another_trace_is_not_part_of_the_context(project, monkeypatch):
    env_context.remember({"COAIA_TRACE_ID": "t2", "COAIA_SESSION_ID": "s2", "COAIA_USER_ID": "u"})
    monkeypatch.setenv("COAIA_TRACE_ID", "t1")
    assert env_context.current_context() == {"COAIA_TRACE_ID": "t1", "COAIA_USER_ID": "u"}
    of_the_file = env_context.current_context("project")
    assert (of_the_file["COAIA_TRACE_ID"], of_the_file["COAIA_SESSION_ID"]) == ("t2", "s2")


@pytest.mark.parametrize(
    "words",
    [
        "fuse traces create QQ",
        "fuse traces add-observation o QQ",
        "pipeline create simple-trace --var trace_name=x --user-id u --session-id s "
        "--var observation_name=o",
    ],
)
def test_nothing_is_written_where_the_ids_could_not_be_kept(run, project, words):
    (project / ".coaia-env").write_text("{ broken")
    result = run(*(words.split() + ["--export-env"]))
    assert (result.code, result.out) == (6, "(exit 6);\n") and ".coaia-env" in result.err
    assert run("fuse", "traces", "--json").out == "[]\n"


def test_a_person_is_told_that_the_shell_still_has_another_trace(run, monkeypatch):
    def create(stdout):
        err = io.StringIO()
        words = ["fuse", "traces", "create", "t2", "--export-env"]
        assert main(words, Context(io.StringIO(), stdout, err)) == 0
        return err.getvalue()

    assert "this shell" not in create(Terminal())
    monkeypatch.setenv("COAIA_TRACE_ID", "t1")
    assert "this shell still uses the trace 't1'" in create(Terminal())
    assert "this shell" not in create(io.StringIO())
