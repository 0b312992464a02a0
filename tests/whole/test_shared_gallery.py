"""A gallery in a git repository that two projects share, as their people use it."""

import re
import shlex
import subprocess
import sys

import pytest
import yaml
from git_galleries import CHILD, OPTIONS, STEPS, GitGallery
from places import ROOT
from processes import environment, finish

pytestmark = pytest.mark.once

COAIA = "PYTHONPATH={} {} -m coaiapy".format(shlex.quote(str(ROOT)), shlex.quote(sys.executable))
BASE = 'version: "1.2.0"\n' + STEPS
EDIT = ("name: One", "name: Uno")


def git(folder, *words):
    done = subprocess.run(
        ["git"] + OPTIONS + list(words),
        cwd=str(folder),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
        timeout=200,
    )
    return done.returncode, done.stdout


@pytest.fixture
def commit_hook():
    """The hook of git that runs what our hook for pre-commit says, for the files that it says."""
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    (hook,) = [one for one in hooks if one["id"] == "coaia-pipeline-validate"]
    assert re.search(hook["files"], ".coaia/templates/base.yaml")
    entry = hook["entry"].replace("coaia", COAIA, 1)
    staged = "git diff --cached --name-only --diff-filter=ACM | grep -E {}".format(
        shlex.quote(hook["files"])
    )
    return "#!/bin/sh\n{} | tr '\\n' '\\0' | xargs -0 -r env {}\n".format(staged, entry)


def test_two_projects_share_a_gallery(tmp_path, home, monkeypatch, commit_hook):
    gallery = GitGallery(tmp_path / "gallery")
    gallery.publish("v1.2.0", base=BASE, child=CHILD)
    projects = [tmp_path / "north", tmp_path / "south"]
    for project in projects:
        project.mkdir()
        git(project, "init", "-q", ".")
        hook = project / ".git" / "hooks" / "pre-commit"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(commit_hook)
        hook.chmod(0o755)
        monkeypatch.chdir(str(project))
        assert finish("pipeline", "install", "../gallery@^1", "child")[0] == 0
        git(project, "add", "-A")
        assert git(project, "commit", "-q", "-m", "install")[0] == 0
    north, south = [project / ".coaia" / "templates" / "base.yaml" for project in projects]
    locks = [(project / ".coaia" / "templates.lock").read_text() for project in projects]
    assert locks[0] == locks[1] and north.read_text() == south.read_text() == BASE

    south.write_text(BASE.replace(*EDIT))
    newer = BASE.replace("1.2.0", "1.3.0").replace("name: Five", "name: Cinq")
    gallery.publish("v1.3.0", "v2.0.0-rc.1", base=newer)
    for project in projects:
        monkeypatch.chdir(str(project))
        assert finish("pipeline", "update")[0] == 0
    assert north.read_text() == newer and south.read_text() == newer.replace(*EDIT)

    south.write_text(south.read_text().replace("name: Two", "parent: Nobody"))
    git(projects[1], "add", "-A")
    code, said = git(projects[1], "commit", "-q", "-m", "break it")
    assert code and re.search(r"^\.coaia/templates/base\.yaml:\d+:\d+: steps\[1\]", said, re.M)
    south.write_text(newer.replace(*EDIT))
    git(projects[1], "add", "-A")
    assert git(projects[1], "commit", "-q", "-m", "update")[0] == 0
