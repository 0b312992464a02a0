"""Real processes: killed at any moment, and several at once."""

import json
import os
import signal
import time

import pytest
from git_galleries import STEPS
from processes import environment, finish, start

NAMES = ["t{}".format(i) for i in range(8)]
OLD = {name: STEPS + "version: '1.0.0'\n" for name in NAMES}
NEW = {name: STEPS + "version: '2.0.0'\n" for name in NAMES}


def state(run, project):
    """The versions in the files and in the lock file, as the next command finds them."""
    listed = run("pipeline", "list", "--installed", "--json")
    assert listed.code == 0, listed.err
    rows = json.loads(listed.out)
    assert {row["state"] for row in rows} <= {"installed"}, rows
    kept = sorted(os.listdir(str(project / ".coaia" / "templates"))) if rows else []
    assert kept == [name + ".yaml" for name in sorted(row["name"] for row in rows)]
    return sorted({row["version"] for row in rows})


@pytest.mark.timeout(180)
def test_a_command_that_is_killed_leaves_the_old_or_the_new(gallery, run, project):
    gallery.publish("old", base=None, child=None, **OLD)
    gallery.publish("new", **NEW)
    begin = time.monotonic()
    assert finish("pipeline", "install", "../gallery@old")[0] == 0
    whole = time.monotonic() - begin
    seen = []
    for i in range(4):
        ref, versions = ("new", "2.0.0") if i % 2 else ("old", "1.0.0")
        process = start("pipeline", "install", "../gallery@" + ref, env=environment())
        time.sleep(whole * (0.55 + 0.1 * i))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        seen.append(state(run, project))
        assert seen[-1] in (["1.0.0"], ["2.0.0"]), versions
        left = [name for name in os.listdir(str(project / ".coaia")) if name.startswith(".t")]
        assert all(name != ".templates-change" for name in left), left
    assert run("pipeline", "install", "../gallery@new").code == 0
    assert state(run, project) == ["2.0.0"]
    assert sorted(os.listdir(str(project / ".coaia"))) == ["templates", "templates.lock"]


def test_installs_at_once_are_all_in_the_lock_file(gallery, run, project):
    gallery.publish(base=None, child=None, **NEW)
    running = [start("pipeline", "install", "../gallery", name) for name in NAMES[:3]]
    for process in running:
        _, err = process.communicate(timeout=200)
        assert process.returncode == 0, err
    assert state(run, project) == ["2.0.0"]
    lock = json.loads((project / ".coaia" / "templates.lock").read_text())
    assert sorted(lock["templates"]) == NAMES[:3]
