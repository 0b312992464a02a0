"""Installing from real git repositories: what is written, what is refused, what the lock file says."""

import hashlib
import json
import os

import pytest
from git_galleries import BASE, CHILD, STEPS

from coaiapy.gallery import installing, lockfile
from coaiapy.gallery.sources import parse
from coaiapy.templating import changes

SOURCE = "../gallery"


def sha256(text):
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def test_a_template_comes_with_those_that_it_extends(gallery, run, locked, installed):
    commit = gallery.git("rev-parse", "HEAD")
    result = run("pipeline", "install", SOURCE + "@v1", "child")
    assert result.code == 0, result.err
    assert result.out.splitlines() == [
        str(installed("base.yaml")),
        str(installed("child.yaml")),
    ]
    assert installed("base.yaml").read_text() == BASE
    assert locked()["child"] == {
        "version": "0.1.0",
        "source": SOURCE,
        "path": "templates/child.yaml",
        "sha256": sha256(CHILD),
        "ref": "v1",
        "commit": commit,
    }
    assert "Six" in run("pipeline", "create", "child", "--dry-run").out


def test_the_lock_file_is_the_same_for_the_same_templates(gallery, run, project):
    assert run("pipeline", "install", SOURCE, "base").code == 0
    assert run("pipeline", "install", SOURCE, "child").code == 0
    first = (project / ".coaia" / "templates.lock").read_text()
    (project / ".coaia" / "templates.lock").unlink()
    assert run("pipeline", "install", SOURCE).code == 0
    assert (project / ".coaia" / "templates.lock").read_text() == first
    assert list(json.loads(first)["templates"]) == ["base", "child"]


@pytest.mark.parametrize("ref", ["v1", "main", "annotated", "{commit}", "{short}"])
def test_any_name_of_a_commit_is_a_ref(gallery, run, locked, installed, ref):
    old = gallery.git("rev-parse", "HEAD")
    gallery.git("branch", "-M", "main")
    gallery.git("tag", "-a", "-m", "x", "annotated")
    if ref != "main":
        gallery.publish(base=BASE.replace("One", "Uno"))
    result = run("pipeline", "install", SOURCE + "@" + ref.format(commit=old, short=old[:9]))
    assert result.code == 0, result.err
    assert locked()["base"]["commit"] == old and installed("base.yaml").read_text() == BASE


def test_a_range_of_versions_is_the_highest_tag_in_it(gallery, run, locked):
    gallery.git("tag", "v1.9.0")
    new = gallery.publish("v1.10.0", base=BASE.replace("One", "Uno"))
    gallery.publish("v1.11.0-rc.1", "v2.0.0", "1.x", base=BASE.replace("One", "Un"))
    assert run("pipeline", "install", SOURCE + "@^1", "base").code == 0
    assert (locked()["base"]["ref"], locked()["base"]["commit"]) == ("^1", new)
    assert "0 outdated" in run("pipeline", "outdated").err
    newer = gallery.publish("v1.10.1", base=BASE.replace("One", "Eins"))
    assert run("pipeline", "update").code == 0 and locked()["base"]["commit"] == newer
    result = run("pipeline", "install", SOURCE + "@~3.1")
    assert result.code == 1 and "has no tag of a version in ~3.1" in result.err


def test_no_two_names_are_one_file_on_some_machines(gallery, run, project, tmp_path):
    assert run("pipeline", "install", SOURCE, "base").code == 0
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "Base.yaml").write_text(STEPS)
    result = run("pipeline", "install", "../other", "--force")
    assert result.code == 6 and "base is installed, which is the same file as Base" in result.err
    path = project / ".coaia" / "templates.lock"
    document = json.loads(path.read_text())
    entry = document["templates"]["base"]
    document["templates"]["BASE"] = dict(entry, path="templates/BASE.yaml")
    path.write_text(json.dumps(document))
    result = run("pipeline", "install")
    assert result.code == 6 and "BASE and base are one file on some machines" in result.err


def test_nothing_is_asked_when_all_is_there(gallery, run, installed, monkeypatch):
    assert run("pipeline", "install", SOURCE).code == 0
    gallery.path.rename(gallery.path.parent / "away")
    monkeypatch.setenv("PATH", "")
    again = run("pipeline", "install", "--timeout", "0")
    assert again.code == 0 and "0 written" in again.err, again.err
    installed("base.yaml").unlink()
    again = run("pipeline", "install", "--timeout", "0")
    assert again.code == 0 and again.out.splitlines() == [str(installed("base.yaml"))]
    assert installed("base.yaml").read_text() == BASE


def test_another_machine_gets_the_locked_commit(gallery, run, installed, home, project):
    assert run("pipeline", "install", SOURCE).code == 0
    gallery.publish(base=BASE.replace("One", "Uno"))
    for name in os.listdir(str(home / ".coaia" / "templates-cache")):
        (home / ".coaia" / "templates-cache" / name).unlink()
    installed("base.yaml").unlink()
    assert run("pipeline", "install").code == 0
    assert installed("base.yaml").read_text() == BASE


def test_a_file_that_is_not_as_locked_is_an_error(gallery, run, installed):
    assert run("pipeline", "install", SOURCE).code == 0
    installed("base.yaml").write_text(BASE + "# edited\n")
    result = run("pipeline", "install")
    assert result.code == 6 and "base.yaml is not what templates.lock says" in result.err
    assert installed("base.yaml").read_text() == BASE + "# edited\n"
    assert run("pipeline", "install", "--force").code == 0
    assert installed("base.yaml").read_text() == BASE


def test_a_source_with_another_content_is_refused(gallery, run, installed, home, project):
    assert run("pipeline", "install", SOURCE).code == 0
    lock = project / ".coaia" / "templates.lock"
    lock.write_text(lock.read_text().replace(sha256(BASE), "0" * 64))
    installed("base.yaml").unlink()
    result = run("pipeline", "install")
    assert result.code == 5 and "does not have the content of base any more" in result.err
    assert not installed("base.yaml").exists()


def test_line_ends_that_git_has_changed_are_no_difference(gallery, run, installed):
    assert run("pipeline", "install", SOURCE).code == 0
    installed("base.yaml").write_bytes(BASE.replace("\n", "\r\n").encode())
    assert run("pipeline", "install").code == 0
    gallery.publish(base=BASE.replace("\n", "\r\n"))
    assert "0 outdated" in run("pipeline", "outdated").err


def test_what_is_in_the_way_stays(gallery, run, installed, project, tmp_path):
    installed("x").parent.mkdir(parents=True)
    installed("base.json").write_text('{"steps": [{"name": "Mine"}]}')
    result = run("pipeline", "install", SOURCE)
    assert result.code == 6 and "base.json is there and was not installed" in result.err
    assert not (project / ".coaia" / "templates.lock").exists()
    assert run("pipeline", "install", SOURCE, "--force").code == 0
    assert sorted(os.listdir(str(installed("x").parent))) == ["base.yaml", "child.yaml"]
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "base.yaml").write_text(STEPS)
    result = run("pipeline", "install", "../other")
    assert result.code == 6 and "was installed from ../gallery: uninstall it first" in result.err
    installed("base.yaml").write_text(BASE + "# mine\n")
    result = run("pipeline", "install", SOURCE)
    assert result.code == 6 and "was changed here" in result.err


def test_all_that_is_missing_is_one_error(gallery, run, project):
    gallery.publish(
        child=CHILD.replace("^1", "^9"),
        orphan="extends: nothing@^1\nrequires: {coaiapy: '>=99'}\n",
        ring="extends: round\n",
        round="extends: ring\n",
    )
    result = run("pipeline", "install", SOURCE)
    assert result.code == 2 and result.err.count("\n") == 1
    for part in (
        "child: extends: base@^9 is needed, but its version is 1.2.0",
        "orphan: requires.coaiapy: >=99 is needed",
        "orphan: it extends nothing@^1, which is neither in its source nor installed",
        "these extend each other: ring -> round -> ring",
    ):
        assert result.err.count(part) == 1, part
    assert not (project / ".coaia" / "templates.lock").exists()


def test_a_base_may_not_break_what_extends_it(gallery, run):
    assert run("pipeline", "install", SOURCE).code == 0
    gallery.publish(base=BASE.replace("1.2.0", "2.0.0"), child=None)
    result = run("pipeline", "install", SOURCE, "base")
    assert result.code == 2 and "child: extends: base@^1 is needed" in result.err


def test_a_base_comes_from_the_source_that_its_template_names(gallery, run, tmp_path, locked):
    (tmp_path / "team").mkdir()
    text = CHILD + "source: {}\n".format(gallery.path)
    (tmp_path / "team" / "child.yaml").write_text(text)
    result = run("pipeline", "install", "../team/child.yaml")
    assert result.code == 0, result.err
    assert locked()["base"]["source"] == str(gallery.path)
    assert locked()["child"]["archive_sha256"] == sha256(text)


def test_broken_templates_are_told_all_and_none_is_installed(gallery, run, project):
    gallery.publish(bad="steps: [{nme: x}]\n", worse="steps: [\n")
    result = run("pipeline", "install", SOURCE)
    assert result.code == 2 and "bad.yaml" in result.err and "worse.yaml" in result.err
    assert not (project / ".coaia" / "templates").exists()
    assert run("pipeline", "install", SOURCE, "child").code == 0  # they are no harm to others
    assert run("pipeline", "update").code == 0
    result = run("pipeline", "install", SOURCE, "bad")
    assert result.code == 2 and "bad.yaml" in result.err and "worse.yaml" not in result.err


def test_a_name_that_is_not_there_is_told_with_those_that_are(gallery, run):
    result = run("pipeline", "install", SOURCE, "bas")
    assert result.code == 1
    assert "no template 'bas' (did you mean 'base'?): it has base, child" in result.err


def test_what_is_no_template_is_left_out(gallery, run, locked):
    (gallery.path / "templates" / "package.json").write_text('{"name": "x", "version": "1"}')
    (gallery.path / "templates" / "base.test.yaml").write_text("cases: []\n")
    gallery.commit()
    assert run("pipeline", "install", SOURCE).code == 0
    assert sorted(locked()) == ["base", "child"]


def test_commands_of_a_template_stay_untrusted(gallery, run, installed, project):
    gallery.publish(runs="steps: [{name: One, run: [touch, HIT]}]\n")
    result = run("pipeline", "install", SOURCE, "runs")
    assert "runs runs commands: read it, then coaia pipeline trust runs" in result.err
    assert run("pipeline", "run", "runs").code == 3 and not (project / "HIT").exists()
    assert run("pipeline", "trust", "runs", "--yes").code == 0
    gallery.publish(runs="steps: [{name: One, run: [touch, OTHER]}]\n")
    assert run("pipeline", "update").code == 0
    assert run("pipeline", "run", "runs").code == 3 and not (project / "OTHER").exists()


def test_templates_for_all_projects(gallery, run, home, project):
    assert run("pipeline", "install", SOURCE, "--global").code == 0
    assert (home / ".coaia" / "templates" / "base.yaml").read_text() == BASE
    assert not (project / ".coaia").exists()
    lock = json.loads((home / ".coaia" / "templates.lock").read_text())
    assert lock["templates"]["base"]["source"] == str(gallery.path)
    rows = json.loads(run("pipeline", "list", "--installed", "--json").out)
    assert [(row["name"], row["place"], row["state"]) for row in rows] == [
        ("base", "user", "installed"),
        ("child", "user", "installed"),
    ]


def test_removal_keeps_what_is_needed_or_edited(gallery, run, installed, locked):
    assert run("pipeline", "install", SOURCE).code == 0
    result = run("pipeline", "uninstall", "base")
    assert result.code == 6 and "child extends base@^1" in result.err
    installed("child.yaml").write_text(CHILD + "# mine\n")
    result = run("pipeline", "uninstall", "child", "base")
    assert result.code == 6 and "was changed here" in result.err
    assert run("pipeline", "uninstall", "child", "base", "--force").code == 0
    assert locked() == {} and not installed("base.yaml").exists()


def test_the_next_install_completes_one_that_was_killed(gallery, run, monkeypatch, locked):
    class Killed(BaseException):
        pass

    def kill(folder):
        raise Killed()

    with monkeypatch.context() as patch:
        patch.setattr(changes, "_complete", kill)
        with pytest.raises(Killed):
            installing.install(
                lockfile.home(False), parse(SOURCE), ["base"], installing.InstallOptions()
            )
    gallery.publish(other=STEPS)
    result = run("pipeline", "install", SOURCE, "other")
    assert result.code == 0, result.err
    assert sorted(locked()) == ["base", "other"]


def test_at_home_the_project_is_the_user(gallery, run, home, monkeypatch):
    monkeypatch.chdir(str(home))
    assert run("pipeline", "install", str(gallery.path), "base").code == 0
    assert len(json.loads(run("pipeline", "list", "--installed", "--json").out)) == 1
