"""coaia fuse prompts push: nothing reaches production by the way, and what was deleted stays so."""

import json

import pytest

FILE = "---\nname: team/p\nlabels: [production]\n---\n{}\n"


@pytest.fixture
def server(use):
    return use("v3")


@pytest.fixture
def prompts(run):
    """Run ``coaia fuse prompts WORD...``."""
    return lambda *words: run("fuse", "prompts", *words)


@pytest.fixture
def path(server, prompts, project):
    """A changed file that says ``production``, which version 1 on the server is."""
    prompts("create", "team/p", "Hello", "--labels", "production", "--tags", "t")
    prompts("pull", "prompts")
    path = project / "prompts" / "team" / "p.md"
    path.write_text(path.read_text().replace("Hello", "Hi"))
    return path


def labels(server):
    return {one["version"]: sorted(one["labels"]) for one in server.prompts["team/p"]}


BEFORE = {1: ["latest", "production"]}
AFTER = {1: [], 2: ["latest", "production"]}


def test_a_file_for_production_is_shown_and_asked_about(server, path, answer):
    code, out, err = answer("n", "push", "prompts")
    assert (code, labels(server)) == (1, BEFORE)
    assert "team/p" in out
    assert "--- team/p version 1\n+++ team/p in the folder\n" in err
    assert "-Hello\n+Hi\nproduction of team/p moves here from version 1\n" in err
    assert "-  - t" not in err
    assert "put production on 1 prompt? [y/N] " in err
    assert err.endswith("nothing was pushed\n")
    code, out, err = answer("y", "push", "prompts")
    assert (code, labels(server)) == (0, AFTER)


def test_who_is_asked_sees_the_difference_with_quiet_too(server, path, answer, run):
    code, _, err = answer("n", "push", "prompts", "--quiet")
    assert (code, labels(server)) == (1, BEFORE)
    assert "-Hello\n+Hi\nproduction of team/p moves here from version 1\n" in err
    assert run("--quiet", "fuse", "prompts", "push", "prompts", "--yes").err == ""
    assert labels(server) == AFTER


def test_where_nobody_can_answer_it_is_refused_until_it_is_allowed(server, path, prompts):
    for more in ((), ("--allow-label", "staging")):
        refused = prompts("push", "prompts", *more)
        assert (refused.code, labels(server)) == (3, BEFORE)
        assert refused.err.splitlines()[-1] == (
            "coaia: nobody can be asked to put production on 1 prompt "
            "(add --yes, or --allow-label production)"
        )
    planned = prompts("push", "prompts", "--dry-run")
    assert (planned.code, labels(server)) == (0, BEFORE)
    assert "production of team/p moves here from version 1" in planned.err
    assert prompts("push", "prompts", "--allow-label", "production").code == 0
    assert labels(server) == AFTER


@pytest.mark.parametrize("kind", ["v2", "v4-events_only"])
def test_the_label_of_the_command_line_is_asked_about_too(use, prompts, answer, project, kind):
    server = use(kind)
    (project / "prompts").mkdir()
    (project / "prompts" / "new.md").write_text("---\nname: team/p\n---\nHello\n")
    code, out, err = answer("n", "push", "prompts", "--label", "production")
    assert (code, server.prompts) == (1, {})
    assert "--- /dev/null\n+++ team/p in the folder\n" in err
    assert "production of team/p moves here from no version" in err
    assert prompts("push", "prompts", "--label", "production", "--yes").code == 0
    assert labels(server) == BEFORE
    assert prompts("push", "prompts", "--label", "production").code == 0  # nothing to do


def test_a_push_without_production_asks_nothing(server, path, prompts):
    path.write_text(path.read_text().replace("- production", "- staging"))
    assert prompts("push", "prompts").code == 0
    assert labels(server) == {1: ["production"], 2: ["latest", "staging"]}


@pytest.mark.parametrize(
    "words",
    [
        ("create", "team/p", "Hey", "--labels", "production"),
        ("create", "team/p", "Hey"),
        ("delete", "team/p", "--yes"),
    ],
)
def test_what_changes_on_the_server_while_somebody_reads_is_not_pushed_over(
    server, path, prompts, answer, words
):
    after = []

    def meanwhile():
        prompts(*words)
        after.append(json.dumps(server.prompts))

    code, out, err = answer("y", "push", "prompts", meanwhile=meanwhile)
    assert (code, json.dumps(server.prompts)) == (1, after[0])
    assert "team/p was not written: the label" in err and "meanwhile: nothing was changed" in err


# What was deleted on purpose


def test_a_prompt_that_was_deleted_comes_back_only_if_that_is_said(server, path, prompts):
    (path.parent / "other.md").write_text("---\nname: other\n---\nx\n")
    del server.prompts["team/p"]  # in the web interface
    refused = prompts("push", "prompts", "--yes", "--force")
    assert (refused.code, sorted(server.prompts)) == (1, ["other"])
    assert "the prompt of {} was deleted on the server".format("team/p.md") in refused.err
    check = prompts("check", "prompts")
    assert (check.code, "deleted on the server" in check.out) == (1, True)
    assert prompts("pull", "prompts").code == 0
    assert prompts("push", "prompts", "--yes", "--recreate").code == 0
    assert labels(server) == BEFORE
    assert "version: 1\n" in path.read_text()


def test_a_file_without_a_version_is_known_to_be_deleted_where_that_was_done(server, path, prompts):
    path.write_text(FILE.format("Hello"))
    prompts("delete", "team/p", "--yes")
    assert prompts("push", "prompts", "--yes").code == 1
    assert server.prompts == {}
