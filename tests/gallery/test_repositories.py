"""git reads, and runs nothing: hostile repositories, secrets, servers that do not answer."""

import os
import stat
import subprocess

from git_galleries import BASE, GitGallery

SOURCE = "../gallery"


def test_nothing_in_a_repository_runs(gallery, run, project, tmp_path):
    """Hooks, filters, a monitor of files, an ssh command and an upload hook of a local repository."""
    hit = tmp_path / "HIT"
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\ntouch {}\ncat\n".format(hit))
    script.chmod(0o755)
    hooks = gallery.path / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("post-checkout", "post-merge", "pre-auto-gc", "reference-transaction"):
        (hooks / name).write_text("#!/bin/sh\ntouch {}\n".format(hit))
        (hooks / name).chmod(stat.S_IRWXU)
    (gallery.path / ".gitattributes").write_text("*.yaml filter=evil diff=evil merge=evil\n")
    gallery.commit()
    for key in (
        "filter.evil.smudge",
        "core.fsmonitor",
        "core.sshCommand",
        "uploadpack.packObjectsHook",
    ):
        gallery.git("config", key, str(script))
    subprocess.check_call(["git", "init", "-q", str(project)])
    for key in ("core.fsmonitor", "merge.evil.driver", "core.sshCommand", "alias.fetch"):
        subprocess.check_call(["git", "config", key, "!" + str(script)], cwd=str(project))
    hit.unlink() if hit.exists() else None
    assert run("pipeline", "install", SOURCE).code == 0
    gallery.publish(base=BASE.replace("One", "Uno"))
    hit.unlink() if hit.exists() else None
    assert run("pipeline", "update").code == 0 and not hit.exists()


def test_the_repository_around_a_hook_is_another_one(gallery, run, monkeypatch):
    """git tells its hooks by variables which repository they are for."""
    monkeypatch.setenv("GIT_DIR", str(gallery.path / "nowhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", "nowhere")
    monkeypatch.setenv("GIT_WORK_TREE", "nowhere")
    assert run("pipeline", "install", SOURCE).code == 0


def test_a_link_in_the_place_of_a_template_is_left_out(gallery, run, locked):
    (gallery.path / "templates" / "passwd.yaml").symlink_to("/etc/passwd")
    gallery.commit()
    result = run("pipeline", "install", SOURCE, "passwd")
    assert result.code == 5 and "passwd.yaml" in result.err and "link" in result.err
    result = run("pipeline", "install", SOURCE)
    assert result.code == 0 and "left out: passwd.yaml in ../gallery" in result.err
    assert sorted(locked()) == ["base", "child"]


def test_a_link_out_of_a_folder_is_left_out(tmp_path, run, locked):
    (tmp_path / "folder").mkdir()
    (tmp_path / "secret.yaml").write_text(BASE)
    (tmp_path / "folder" / "x.yaml").symlink_to(tmp_path / "secret.yaml")
    (tmp_path / "folder" / "base.yaml").write_text(BASE)
    result = run("pipeline", "install", "../folder")
    assert result.code == 0 and "x.yaml is a link that leads out of ../folder" in result.err
    assert sorted(locked()) == ["base"]
    assert run("pipeline", "index", "../folder").code == 2


def test_a_submodule_and_a_large_file_are_not_read(gallery, run, tmp_path):
    other = GitGallery(tmp_path / "other")
    other.publish(base=BASE)
    gallery.git("submodule", "add", "-q", str(other.path), "templates/sub.d")
    (gallery.path / "templates" / "video.bin").write_bytes(os.urandom(300000))
    gallery.commit()
    assert run("pipeline", "install", SOURCE).code == 0
    (gallery.path / "templates" / "large.yaml").write_text("#" * 100001)
    gallery.commit()
    result = run("pipeline", "install", SOURCE, "large")
    assert result.code == 5 and "large.yaml" in result.err and "100000 bytes" in result.err


def test_names_that_are_no_template_are_no_harm(gallery, run, installed):
    folder = gallery.path / "templates"
    (folder / "-x.yaml").write_text(BASE)
    (folder / "a b.yaml").write_text(BASE)
    gallery.commit()
    result = run("pipeline", "install", SOURCE)
    assert result.code == 2 and "'-x' is not a valid" in result.err and "'a b'" in result.err
