"""coaia fuse prompts promote and rollback: nothing moves before somebody has seen the difference."""

import json
import pathlib

import pytest
from langfuse_server import KINDS

from coaiapy.langfuse.prompts.labels import log, moves
from coaiapy.util.paths import state_folder

NAME = "team/greeting é"


@pytest.fixture
def prompts(run):
    """Run ``coaia fuse prompts WORD...``."""
    return lambda *words: run("fuse", "prompts", *words)


@pytest.fixture
def server(use):
    return use("v3")


@pytest.fixture
def two(server, prompts):
    """A server with version 1 in production, and version 2 in staging."""
    prompts("create", NAME, "Hello", "--labels", "production")
    prompts("create", NAME, "Hi", "--labels", "staging", "--config", '{"model": "m"}')
    return server


def production(server):
    """Return the number of the version in production."""
    return [one["version"] for one in server.prompts[NAME] if "production" in one["labels"]]


def promote(prompts, *more):
    return prompts("promote", NAME, "--from", "staging", "--to", "production", *more)


def test_the_difference_is_shown_and_only_a_yes_moves_the_label(two, answer):
    words = ("promote", NAME, "--from", "staging", "--to", "production")
    two.forget_requests()
    code, out, err = answer("n", *words)
    assert (code, production(two)) == (1, [1])
    assert "-Hello\n+Hi\n" in out and "+  model: m" in out
    assert "move production of {} from version 1 to 2? [y/N] ".format(NAME) in err
    assert err.endswith("nothing was changed\n")
    assert {one.method for one in two.requests} == {"GET"}
    code, out, err = answer("y", *words)
    assert (code, production(two)) == (0, [2])
    assert err.endswith("production of {} is on version 2 now\n".format(NAME))


def test_where_nobody_can_answer_it_is_refused_without_yes(two, prompts):
    refused = promote(prompts)
    assert (refused.code, production(two)) == (3, [1])
    assert refused.err.splitlines()[-1].endswith("(add --yes)")
    assert promote(prompts, "--dry-run").code == 0
    assert production(two) == [1]
    assert promote(prompts, "--yes").code == 0
    assert production(two) == [2]
    again = promote(prompts)
    assert (again.code, again.out) == (0, "")
    assert "is on version 2 already" in again.err


def test_json_has_the_plan_and_what_became_of_it(two, prompts):
    planned = json.loads(promote(prompts, "--json", "--dry-run").out)
    assert (planned["from"], planned["to"], "version" in planned) == (1, 2, False)
    assert "+Hi" in planned["diff"]
    assert json.loads(promote(prompts, "--json", "--yes").out)["version"] == 2


def test_who_is_asked_sees_the_difference_with_json_too(two, answer):
    words = ("promote", NAME, "--from", "staging", "--json", "--quiet")
    code, out, err = answer("n", *words)
    assert (code, out, production(two)) == (1, "", [1])
    assert "-Hello\n+Hi\n" in err
    code, out, err = answer("y", *words)
    assert (code, json.loads(out)["version"], production(two)) == (0, 2, [2])


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_there_and_back_on_every_server(use, prompts, kind):
    server = use(kind)
    for content in ("One", "Two", "Three"):
        prompts("create", NAME, content, "--labels", "staging")
        assert promote(prompts, "--yes").code == 0

    def content():
        return prompts("get", NAME, "--prod", "-c").out

    assert content() == "Three\n"
    for expected in ("Two\n", "One\n"):
        back = prompts("rollback", NAME, "--yes")
        assert (back.code, content()) == (0, expected), back.err
    last = prompts("rollback", NAME, "--yes")
    assert (last.code, content()) == (1, "One\n")
    assert "has no version of {} that had the label production before".format(NAME) in last.err
    assert len(server.prompts[NAME]) == (8 if kind == "v2" else 3)


@pytest.mark.parametrize("label", ["production", "staging"])
def test_a_label_that_is_moved_while_somebody_reads_the_difference_stays_there(
    two, prompts, answer, label
):
    prompts("create", NAME, "Hey")
    code, out, err = answer(
        "y",
        *("promote", NAME, "--from", "staging"),
        meanwhile=lambda: prompts("labels", NAME, 3, label),
    )
    assert code == 1
    assert "the label {} of {} was moved to version 3 meanwhile".format(label, NAME) in err
    assert production(two) == [3 if label == "production" else 1]


def test_two_who_promote_at_once_are_told(two, prompts, monkeypatch):
    label_version = moves.label_version

    def both(settings, prompt, labels, intent):
        moved = label_version(settings, prompt, labels, intent)
        prompts("labels", NAME, 1, "production")  # the other one, right after
        return moved

    monkeypatch.setattr(moves, "label_version", both)
    result = promote(prompts, "--yes")
    assert (result.code, "somebody else has moved it to version 1" in result.err) == (1, True)


def test_a_rollback_goes_back_over_moves_by_any_command(two, prompts, tmp_path):
    prompts("pull", tmp_path)
    prompts("push", tmp_path, "--label", "production", "--yes")
    assert production(two) == [2]
    prompts("create", NAME, "Hey", "--labels", "production")
    prompts("labels", NAME, 1, "production")
    seen = []
    for _ in range(3):
        assert prompts("rollback", NAME, "--yes").code == 0
        seen += production(two)
    assert seen == [3, 2, 1]


def test_a_label_that_was_moved_elsewhere_needs_a_version(two, prompts):
    promote(prompts, "--yes")
    two.prompts[NAME][0]["labels"].append("production")
    two.prompts[NAME][1]["labels"].remove("production")
    result = prompts("rollback", NAME, "--yes")
    assert (result.code, production(two)) == (1, [1])
    assert "was moved to version 1 from elsewhere" in result.err
    assert "coaia fuse prompts labels {} with --version".format(NAME) in result.err
    assert prompts("rollback", NAME, "--version", 2, "--yes").code == 0
    assert production(two) == [2]


def test_a_version_that_is_gone_is_not_gone_back_to(two, prompts):
    promote(prompts, "--yes")
    prompts("delete", NAME, "--version", 1, "--yes")
    result = prompts("rollback", NAME, "--yes")
    assert (result.code, production(two)) == (1, [2])
    assert "version 1 of {} is gone".format(NAME) in result.err


def test_a_prompt_made_anew_has_no_versions_of_the_one_before(two, prompts):
    promote(prompts, "--yes")
    prompts("delete", NAME, "--yes")
    prompts("create", NAME, "New", "--labels", "production")
    assert prompts("rollback", NAME, "--yes").code == 1
    # Deleted and made anew by another machine: the versions have the same numbers, but other ids.
    prompts("create", NAME, "Newer", "--labels", "production")
    for one in two.prompts[NAME]:
        one["id"] = "of-another-" + one["id"]
    result = prompts("rollback", NAME, "--yes")
    assert (result.code, "from elsewhere" in result.err) == (1, True)
    assert production(two) == [2]


@pytest.mark.parametrize(
    "words, said, code",
    [
        (["promote", NAME], "say what to promote: --from LABEL or --version N", 2),
        (["promote", NAME, "--from", "nosuch"], "nosuch", 1),
        (["promote", "nosuch", "--from", "staging"], "nosuch", 1),
        (["promote", NAME, "--from", "staging", "--to", "latest"], "sets the label latest", 2),
        (["promote", NAME, "--from", "production"], "is the label that is to be moved", 2),
        (["promote", NAME, "--version", "9"], "9", 1),
        (["promote", NAME, "--from", "staging", "--to", "No Good"], "the label 'No Good'", 2),
        (["rollback", NAME, "--label", "nosuch"], "has the label nosuch", 1),
        (["rollback", "nosuch"], "nosuch", 1),
        (["rollback", NAME, "--version", "9"], "version 9 of", 1),
    ],
)
def test_what_cannot_be_moved_is_one_sentence(two, prompts, words, said, code):
    result = prompts(*(words + ["--yes"]))
    assert (result.code, result.out) == (code, ""), result.err
    assert said in result.err and result.err.count("\n") == 1
    assert production(two) == [1]


def test_a_damaged_log_stops_no_promotion(two, prompts):
    (path,) = pathlib.Path(state_folder(), log.FOLDER).iterdir()
    path.write_text('{"name": \n[]\n{"name": "x", "label": "production", "before": 3}\n', "utf-8")
    assert promote(prompts, "--yes").code == 0
    assert prompts("rollback", NAME, "--yes").code == 0
    assert production(two) == [1]
