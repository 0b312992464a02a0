"""The lock file in the hands of git and of strangers."""

import json
import subprocess

import pytest
from git_galleries import BASE, OPTIONS, STEPS

SOURCE = "../gallery"


def merged(project, *sides):
    """Let git merge what each of ``sides`` does to the project; return whether there is a conflict."""

    def in_git(*words, **options):
        return subprocess.run(
            ["git"] + OPTIONS + list(words), cwd=str(project), stdout=subprocess.PIPE, **options
        )

    in_git("init", "-q", ".", check=True)
    in_git("add", ".", check=True)
    in_git("commit", "-qm", "start", "--allow-empty", check=True)
    for i, side in enumerate(sides):
        in_git("checkout", "-q", "-b", "side{}".format(i), "main", check=True)
        side()
        in_git("add", ".", check=True)
        in_git("commit", "-qm", "side", check=True)
    return in_git("merge", "side0").returncode != 0


def test_two_branches_that_install_differently_are_put_together(gallery, run, project, locked):
    gallery.publish(a=STEPS, z=STEPS, m=STEPS)
    assert run("pipeline", "install", SOURCE, "m").code == 0
    is_torn = merged(
        project,
        lambda: run("pipeline", "install", SOURCE, "a"),
        lambda: run("pipeline", "install", SOURCE, "z"),
    )
    again = run("pipeline", "install")
    assert again.code == 0, again.err
    assert sorted(locked()) == ["a", "m", "z"]
    assert not is_torn or "<<<" not in (project / ".coaia" / "templates.lock").read_text()


def test_two_branches_that_contradict_each_other_are_told(gallery, run, project):
    gallery.publish("v2", base=BASE.replace("One", "Uno"))
    gallery.publish("v3", base=BASE.replace("One", "Ichi"))
    assert run("pipeline", "install", SOURCE + "@v1", "base").code == 0
    assert merged(
        project,
        lambda: run("pipeline", "install", SOURCE + "@v2", "base"),
        lambda: run("pipeline", "install", SOURCE + "@v3", "base"),
    )
    result = run("pipeline", "list", "--installed")
    assert result.code == 6
    assert "git could not merge what both sides say about base" in result.err


@pytest.mark.parametrize(
    "change",
    [
        {"path": "templates/../../x/base.yaml"},
        {"path": "/etc/base.yaml"},
        {"path": "templates/other.yaml"},
        {"path": "templates/base.sh"},
        {"sha256": "x"},
        {"commit": "--upload-pack=x"},
        {"ref": "-x"},
        {"ref": 7},
        {"more": "x"},
    ],
)
def test_an_entry_that_is_none_is_an_error(gallery, run, project, change):
    assert run("pipeline", "install", SOURCE, "base").code == 0
    path = project / ".coaia" / "templates.lock"
    document = json.loads(path.read_text())
    document["templates"]["base"].update(change)
    path.write_text(json.dumps(document))
    for words in (["install"], ["list", "--installed"], ["update"], ["uninstall", "base"]):
        result = run("pipeline", *words)
        assert result.code == 6 and "templates.lock is broken" in result.err, words
    assert (project / ".coaia" / "templates" / "base.yaml").read_text() == BASE


@pytest.mark.parametrize("source", ["ext::sh -c touch% HIT", "--upload-pack=touch HIT", "fd::17"])
def test_a_source_that_runs_something_is_refused(gallery, run, project, source, home):
    assert run("pipeline", "install", SOURCE, "base").code == 0
    path = project / ".coaia" / "templates.lock"
    path.write_text(path.read_text().replace(SOURCE, source))
    for kept in (home / ".coaia" / "templates-cache").iterdir():
        kept.unlink()
    (project / ".coaia" / "templates" / "base.yaml").unlink()
    for words in (["install"], ["update"], ["outdated"]):
        assert run("pipeline", *words).code == 2
    assert not (project / "HIT").exists()


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"version": 2}', '{"version": 1}', "\0", "[" * 9999]
)
def test_a_lock_file_that_is_none_is_an_error(run, project, text):
    (project / ".coaia").mkdir()
    (project / ".coaia" / "templates.lock").write_text(text)
    result = run("pipeline", "install")
    assert result.code == 6 and "templates.lock is broken" in result.err
    assert "(char" not in result.err


def test_a_password_that_somebody_wrote_there_is_not_shown(gallery, run, project):
    assert run("pipeline", "install", SOURCE, "base").code == 0
    path = project / ".coaia" / "templates.lock"
    path.write_text(path.read_text().replace(SOURCE, "https://user:p4ssw0rd@127.0.0.1:1/x.git"))
    for words in (["list", "--installed"], ["outdated"], ["update"]):
        result = run("pipeline", *words)
        assert "p4ssw0rd" not in result.out + result.err, words
