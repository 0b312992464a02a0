"""``coaia pipeline trust`` and ``untrust``, and what is shown before."""

import json

import pytest

from coaiapy.templating import trusted

TEMPLATE = {"steps": [{"name": "Load", "run": "echo loaded > mark"}, {"name": "Wait"}]}


@pytest.fixture
def save(project):
    def _save(name="nightly", document=TEMPLATE, folder=project / ".coaia" / "templates"):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / (name + ".json")).write_text(json.dumps(document), "utf-8")
        return str(folder / (name + ".json"))

    return _save


def test_commands_and_hash_are_shown_before_anybody_is_asked(run, save):
    path = save()
    result = run("pipeline", "trust", "nightly")
    assert result.code == 3
    assert "{}  sha256 ".format(path) in result.err
    assert "runs Load: echo loaded > mark" in result.err
    schedule = ["pipeline", "schedule", "nightly", "--cron", "@daily", "--format", "crontab"]
    for refused in (result, run(*schedule)):  # one advice for all, although not all have --yes
        assert "run coaia pipeline trust nightly, with --yes where nobody can" in refused.err
    assert [one.path for one in trusted.load("nightly").untrusted] == [path]


def test_a_changed_file_is_not_trusted_any_more(run, save):
    save()
    assert run("pipeline", "trust", "nightly", "--yes").code == 0
    assert not trusted.load("nightly").untrusted
    assert "needs no more trust" in run("pipeline", "trust", "nightly").err
    save(document=dict(TEMPLATE, description="changed"))
    assert trusted.load("nightly").untrusted
    rows = json.loads(run("pipeline", "trust", "--list", "--json").out)
    assert [(row["name"], row["state"]) for row in rows] == [("nightly", "changed")]


def test_what_it_extends_counts_too(run, save):
    base = save("base")
    child = save("child", {"extends": "base", "steps": [{"name": "More"}]})
    assert [one.path for one in trusted.load("child").untrusted] == [base, child]
    run("pipeline", "trust", "child", "--yes")
    assert not trusted.load("base").untrusted
    save("base", {"steps": [{"name": "Load", "run": "rm -rf ~"}]})
    assert [one.path for one in trusted.load("child").untrusted] == [base]


def test_untrust_ends_it(run, save):
    save()
    run("pipeline", "trust", "nightly", "--yes")
    assert run("pipeline", "untrust", "nightly").code == 0
    assert trusted.load("nightly").untrusted
    again = run("pipeline", "untrust", "nightly")
    assert again.code == 1 and "no file of the template 'nightly' is trusted" in again.err


def test_without_commands_and_in_the_own_folder_no_trust_is_needed(run, save, home):
    save("marks", {"steps": [{"name": "Wait"}]})
    save("mine", folder=home / ".coaia" / "templates")
    for name in ("marks", "mine", "data-pipeline"):
        assert not trusted.load(name).untrusted
        assert run("pipeline", "trust", name).code == 0


def test_the_trust_of_a_folder_shows_what_its_templates_run(run, save):
    save()
    result = run("trust", "--yes")
    assert "runs Load: echo loaded > mark" in result.err
    assert not trusted.load("nightly").untrusted


@pytest.mark.parametrize("words", [[], ["nightly", "--list"], ["nightly", "--json"]])
def test_what_makes_no_sense_is_a_usage_error(run, save, words):
    save()
    assert run("pipeline", "trust", *words).code == 2
