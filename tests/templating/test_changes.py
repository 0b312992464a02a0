"""A change of several files happens wholly or not at all, whenever it is killed."""

import json
import os

import pytest

from coaiapy.config.trust import digest
from coaiapy.errors import StateError
from coaiapy.templating import changes
from coaiapy.templating.changes import Change

PENDING = ".templates-change"


@pytest.fixture
def folder(project):
    (project / ".coaia" / "templates").mkdir(parents=True)
    return project / ".coaia"


def contents(folder):
    return {
        str(path.relative_to(str(folder))): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


OLD = {"templates/a.json": b"1", "templates/b.json": b"2", "templates.lock": b"old"}
NEW = {"templates/a.json": b"3", "templates/c.json": b"4", "templates.lock": b"new"}
CHANGES = [
    Change(path, digest(OLD[path]) if path in OLD else None, NEW.get(path))
    for path in sorted(set(OLD) | set(NEW))
]


def test_more_than_the_next_one_would_complete_is_not_begun(folder, monkeypatch):
    monkeypatch.setattr(changes, "_MOST", len(CHANGES) - 1)
    with pytest.raises(StateError, match="would change at once"):
        changes.apply(str(folder), CHANGES)
    assert contents(folder) == {} and not (folder / PENDING).exists()


class Killed(BaseException):
    """Stands for SIGKILL: nothing of ours runs after it."""


@pytest.mark.parametrize("step", range(1, 30))
def test_a_change_that_stops_anywhere_is_done_or_not(folder, monkeypatch, step):
    for path, content in OLD.items():
        (folder / path).write_bytes(content)
    left = [step]

    def stopping(name):
        call = getattr(os, name)

        def made(*args, **options):
            left[0] -= 1
            if left[0] <= 0:
                raise Killed()
            return call(*args, **options)

        return made

    with monkeypatch.context() as patch:
        for name in ("rename", "replace", "mkdir", "unlink", "rmdir", "fsync"):
            patch.setattr(os, name, stopping(name))
        try:
            changes.apply(str(folder), CHANGES)
        except Killed:
            pass
    changes.settle(str(folder))
    found = {path: text for path, text in contents(folder).items() if PENDING not in path}
    assert found in (OLD, NEW), (step, found)
    changes.apply(str(folder), [])
    assert set(contents(folder)) == set(found)


def test_what_was_edited_since_is_left_alone(folder):
    stage = folder / PENDING
    stage.mkdir()
    (stage / "0").write_bytes(b"theirs")
    steps = [["templates/a.json", digest(b"before"), digest(b"theirs")]]
    (stage / "plan.json").write_text(json.dumps(steps))
    (folder / "templates" / "a.json").write_bytes(b"mine")
    changes.settle(str(folder))
    assert (folder / "templates" / "a.json").read_bytes() == b"mine"
    assert not stage.exists()


@pytest.mark.parametrize(
    "path", ["../x", "templates/../../x", "/etc/x", "templates/.x", "x", 7, "templates/a/b"]
)
def test_a_change_that_came_with_a_project_writes_nothing_else(folder, path):
    stage = folder / PENDING
    stage.mkdir()
    (stage / "0").write_bytes(b"x")
    (stage / "plan.json").write_text(json.dumps([[path, None, digest(b"x")]]))
    with pytest.raises(StateError):
        changes.settle(str(folder))
    assert [name for name in contents(folder.parent.parent) if name.endswith("/x")] == []


@pytest.mark.parametrize("plan", ["", "[", "{}", "[1]", '[["templates.lock"]]', "[" * 5000])
def test_a_damaged_change_is_an_error(folder, plan, run):
    stage = folder / PENDING
    stage.mkdir()
    (stage / "plan.json").write_text(plan)
    with pytest.raises(StateError, match="is damaged"):
        changes.settle(str(folder))
    assert run("pipeline", "list").code == 6


def test_a_link_out_of_the_project_is_not_written_through(folder, tmp_path):
    (tmp_path / "elsewhere").write_text("theirs")
    (folder / "templates" / "a.json").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StateError, match="leads out of"):
        changes.apply(str(folder), [Change("templates/a.json", digest(b"theirs"), b"mine")])
    assert (tmp_path / "elsewhere").read_text() == "theirs"
    assert os.listdir(str(folder)) == ["templates"]
