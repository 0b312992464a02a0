"""Updates keep what was edited here, and lose nothing."""

import json

import pytest
from git_galleries import BASE, CHILD

SOURCE = "../gallery"


@pytest.fixture
def edited(gallery, run, installed):
    """Install, edit the first step here, and publish a change of the last one."""
    assert run("pipeline", "install", SOURCE).code == 0
    installed("base.yaml").write_text(BASE.replace("One", "Uno"))
    gallery.publish("v2", base=BASE.replace("Five", "Fuenf").replace("1.2.0", "1.3.0"))


def test_an_edit_and_a_change_are_merged(edited, run, installed, locked):
    shown = run("pipeline", "update", "--dry-run")
    assert shown.code == 0 and "-  - name: Five\n+  - name: Fuenf\n" in shown.out
    assert "Five" in installed("base.yaml").read_text() and locked()["base"]["version"] == "1.2.0"
    done = run("pipeline", "update")
    assert (done.code, done.out) == (0, shown.out) and "base: merged" in done.err
    text = installed("base.yaml").read_text()
    assert "Uno" in text and "Fuenf" in text and locked()["base"]["version"] == "1.3.0"
    assert "up to date" in run("pipeline", "update").err
    assert installed("base.yaml").read_text() == text


def test_a_conflict_is_marked_and_nothing_is_lost(edited, gallery, run, installed):
    gallery.publish(base=BASE.replace("One", "Ichi"))
    result = run("pipeline", "update", "base", "--dry-run")
    assert result.code == 1 and "base: 1 conflict would be marked in" in result.err
    result = run("pipeline", "update", "base")
    assert result.code == 1 and "base: 1 conflict to solve in" in result.err
    assert "conflict" in run("pipeline", "list", "--installed").out
    text = installed("base.yaml").read_text()
    assert "<<<<<<< base.yaml (here)\n  - name: Uno\n=======\n  - name: Ichi\n>>>>>>>" in text
    result = run("pipeline", "show", "base")
    assert result.code == 2 and "base.yaml, line" in result.err
    again = run("pipeline", "update")
    assert again.code == 1 and "base: 1 conflict to solve in" in again.err
    assert installed("base.yaml").read_text() == text
    installed("base.yaml").write_text(BASE.replace("One", "Uno"))
    assert "up to date" in run("pipeline", "update").err


def test_what_was_installed_is_asked_again_on_another_machine(edited, run, installed, home):
    for path in (home / ".coaia" / "templates-cache").iterdir():
        path.unlink()
    assert run("pipeline", "update").code == 0
    text = installed("base.yaml").read_text()
    assert "Uno" in text and "Fuenf" in text


def test_without_the_history_every_difference_is_a_conflict(edited, gallery, run, installed, home):
    for path in (home / ".coaia" / "templates-cache").iterdir():
        path.unlink()
    gallery.git("tag", "-d", "v1")
    gallery.git("checkout", "-q", "--orphan", "new")
    gallery.commit("v3")
    for branch in gallery.git("branch", "--format=%(refname:short)").split():
        if branch != "new":
            gallery.git("branch", "-D", branch)
    gallery.git("tag", "-d", "v2")
    gallery.git("reflog", "expire", "--expire=now", "--all")
    gallery.git("gc", "-q", "--prune=now")
    assert run("pipeline", "update").code == 1
    text = installed("base.yaml").read_text()
    assert "Uno" in text and "Fuenf" in text and "<<<<<<<" in text


def test_an_edit_that_the_source_has_taken_over_is_no_edit_any_more(
    edited, gallery, run, installed
):
    gallery.publish(base=BASE.replace("One", "Uno"))
    assert run("pipeline", "update").code == 0
    rows = json.loads(run("pipeline", "list", "--installed", "--json").out)
    assert [row["state"] for row in rows] == ["installed", "installed"]


def test_outdated_names_both_versions(edited, gallery, run):
    rows = json.loads(run("pipeline", "outdated", "--json").out)
    assert [(row["name"], row["version"], row["newest"]) for row in rows] == [
        ("base", "1.2.0", "1.3.0")
    ]
    gallery.publish(child=None)
    rows = json.loads(run("pipeline", "outdated", "--json").out)
    assert rows[1]["state"] == "gone from its source"


def test_what_is_gone_from_its_source_stays(edited, gallery, run, installed, locked):
    gallery.publish(child=None)
    result = run("pipeline", "update", "child")
    assert result.code == 0 and "child: gone from its source" in result.err
    assert installed("child.yaml").read_text() == CHILD and "child" in locked()


def test_another_commit_with_the_same_file_is_no_news(gallery, run, locked):
    assert run("pipeline", "install", SOURCE).code == 0
    before = locked()
    gallery.publish(other=BASE)
    result = run("pipeline", "update")
    assert (result.out, locked()) == ("", before) and "up to date" in result.err


def test_a_tag_does_not_move(gallery, run, installed):
    assert run("pipeline", "install", SOURCE + "@v1").code == 0
    gallery.publish(base=BASE.replace("One", "Ichi"))
    assert "up to date" in run("pipeline", "update").err
    assert installed("base.yaml").read_text() == BASE


def test_a_base_that_is_new_comes_with_the_update(gallery, run, locked, installed):
    assert run("pipeline", "install", SOURCE).code == 0
    gallery.publish(base=BASE + "extends: ground\n", ground="steps: [{name: Zero}]\n")
    result = run("pipeline", "update", "base", "--json")
    assert result.code == 0, result.err
    told = {one["name"]: one for one in json.loads(result.out)}
    assert told["ground"]["state"] == "new" and "+extends: ground" in told["base"]["diff"]
    assert sorted(locked()) == ["base", "child", "ground"] and installed("ground.yaml").exists()


def test_an_update_that_breaks_a_requirement_changes_nothing(gallery, run, locked, installed):
    assert run("pipeline", "install", SOURCE).code == 0
    before = locked()
    gallery.publish(base=BASE.replace("1.2.0", "2.0.0").replace("One", "Ichi"))
    result = run("pipeline", "update")
    assert result.code == 2 and "child: extends: base@^1 is needed" in result.err
    assert locked() == before and installed("base.yaml").read_text() == BASE
