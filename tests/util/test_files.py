"""Files written whole or not at all, by one process at a time, for one pair of eyes."""

import os
import stat
import sys
import threading

import pytest
from forked import all_at_once

from coaiapy.errors import StateError
from coaiapy.util import files


def count(path):
    """Add ten to a counter in steps that another process could spoil without the lock."""
    for _ in range(10):
        with files.locked(path):
            number = int(files.read_text(path))
            files.write_atomic(path, str(number + 1))


def mode(path):
    return stat.S_IMODE(os.stat(str(path)).st_mode)


@pytest.mark.parametrize("data", ["text: é\r\nline", b"\x00\xff", ""])
def test_what_is_written_is_what_is_there(tmp_path, data):
    path = tmp_path / "file"
    files.write_atomic(str(path), data)
    assert path.read_bytes() == (data.encode("utf-8") if isinstance(data, str) else data)
    assert mode(path) == 0o600
    assert os.listdir(str(tmp_path)).count("file") == 1


def test_a_mode_can_be_asked_for(tmp_path):
    files.write_atomic(str(tmp_path / "file"), "x", mode=0o644)
    assert mode(tmp_path / "file") == 0o644


def test_replacing_closes_a_file_that_others_could_read(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    path.chmod(0o666)
    files.write_atomic(str(path), "new")
    assert (path.read_text(), mode(path)) == ("new", 0o600)


def test_a_link_stays_and_its_target_is_replaced(tmp_path):
    target = tmp_path / "real" / "file"
    target.parent.mkdir()
    target.write_text("old")
    link = tmp_path / "link"
    link.symlink_to(target)
    files.write_atomic(str(link), "new")
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_text("old")
    before = sorted(os.listdir(str(tmp_path)))

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StateError) as caught:
        files.write_atomic(str(path), "new")
    assert str(path) in str(caught.value)
    assert "No space left on device" in str(caught.value)
    assert path.read_text() == "old"
    assert sorted(os.listdir(str(tmp_path))) == before


def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_text("old")
    before = sorted(os.listdir(str(tmp_path)))

    def interrupted(source, target):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        files.write_atomic(str(path), "new")
    assert path.read_text() == "old"
    assert sorted(os.listdir(str(tmp_path))) == before


def test_a_write_that_is_interrupted_as_its_file_begins_leaves_nothing(tmp_path, monkeypatch):
    known = os.open
    folder = tmp_path / "folder"
    folder.mkdir()

    def interrupted(path, *args):
        os.close(known(path, *args))
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "open", interrupted)
    with pytest.raises(KeyboardInterrupt):
        files.write_atomic(str(folder / "file"), "new")
    assert os.listdir(str(folder)) == []


def test_the_longest_name_of_a_file_can_be_written(tmp_path):
    path = str(tmp_path / ("\u00e9" * 127))
    files.write_atomic(path, "new")
    assert files.read_text(path) == "new"


def test_writing_into_a_missing_folder_is_an_error_that_names_the_file(tmp_path):
    path = str(tmp_path / "missing" / "file")
    with pytest.raises(StateError) as caught:
        files.write_atomic(path, "x")
    assert path in str(caught.value)


def test_reading_drops_a_byte_order_mark(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"\xef\xbb\xbfvalue \xc3\xa9")
    assert files.read_text(str(path)) == "value é"


def test_reading_what_is_not_text_names_file_and_byte(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"abc\xff")
    with pytest.raises(StateError) as caught:
        files.read_text(str(path))
    assert str(path) in str(caught.value)
    assert "byte 3" in str(caught.value)


@pytest.mark.parametrize(
    "words",
    [
        ("fuse", "score-configs", "import", "input"),
        ("fuse", "prompts", "create", "p", "-f", "input"),
        ("fuse", "traces", "add-observations", "t", "-f", "input"),
        ("fuse", "scores", "import", "input"),
        ("p", "summarizer", "-F", "input"),
    ],
)
def test_an_input_that_is_not_text_is_a_mistake_of_the_user(run, project, words):
    (project / "input").write_bytes(b"abc\xff")
    result = run(*words)
    assert result.code == 2 and "not UTF-8 text" in result.err


def test_a_file_of_coaia_that_is_not_text_is_broken(run, project):
    (project / ".coaia-env").write_bytes(b"abc\xff")
    result = run("env", "list")
    assert result.code == 6 and "not UTF-8 text" in result.err


def test_reading_a_missing_file_names_it(tmp_path):
    with pytest.raises(StateError) as caught:
        files.read_text(str(tmp_path / "missing"))
    assert "missing: No such file" in str(caught.value)


def test_many_processes_under_the_lock_lose_no_change(tmp_path):
    path = tmp_path / "counter"
    path.write_text("0")
    all_at_once(count, [[str(path)]] * 8)
    assert path.read_text() == "80"
    assert os.listdir(str(tmp_path)).count("counter") == 1
    assert not [name for name in os.listdir(str(tmp_path)) if "lock" in name]


@pytest.fixture(params=["fcntl", "no fcntl"])
def system(request, monkeypatch):
    """A system with file locks, and one without."""
    if request.param == "no fcntl":
        monkeypatch.setitem(sys.modules, "fcntl", None)


def test_a_lock_that_is_held_is_not_given_twice(system, tmp_path):
    path = str(tmp_path / "file")
    with files.locked(path):
        with pytest.raises(StateError) as caught:
            with files.locked(path, timeout=0.05):
                pass
    assert path in str(caught.value)
    with files.locked(path, timeout=0.05):
        pass


def test_a_lock_is_waited_for_and_given_back_after_an_error(system, tmp_path):
    path = str(tmp_path / "file")
    entered, leave, order = threading.Event(), threading.Event(), []

    def first():
        with pytest.raises(ValueError):
            with files.locked(path):
                entered.set()
                leave.wait(200)
                order.append("first")
                raise ValueError

    thread = threading.Thread(target=first)
    thread.start()
    assert entered.wait(200)
    threading.Timer(0.05, leave.set).start()
    with files.locked(path):
        order.append("second")
    thread.join(200)
    assert order == ["first", "second"]
    assert os.listdir(str(tmp_path)).count("file.lock") == 0


def test_a_lock_that_a_killed_process_has_left_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "fcntl", None)
    path = str(tmp_path / "file")
    left = tmp_path / "file.lock"
    left.write_text("")
    with pytest.raises(StateError, match="if no such process exists, remove {}$".format(left)):
        with files.locked(path, timeout=0.05):
            pass
    assert left.exists()
    left.unlink()
    with files.locked(path, timeout=0.05):
        assert left.exists()
    assert not left.exists()


def test_a_lock_in_a_missing_folder_is_an_error(system, tmp_path):
    with pytest.raises(StateError) as caught:
        with files.locked(str(tmp_path / "missing" / "file")):
            pass
    assert "missing" in str(caught.value)


def test_an_output_is_a_file_like_any_other_the_user_makes(tmp_path):
    old = os.umask(0o027)
    try:
        files.write_output(str(tmp_path / "new"), b"\x00\xff")
    finally:
        os.umask(old)
    assert (tmp_path / "new").read_bytes() == b"\x00\xff"
    assert mode(tmp_path / "new") == 0o640
    (tmp_path / "new").chmod(0o604)
    files.write_output(str(tmp_path / "new"), "text")
    assert (mode(tmp_path / "new"), (tmp_path / "new").read_text()) == (0o604, "text")


def test_an_output_may_be_a_pipe_and_stays_one(tmp_path):
    path = str(tmp_path / "pipe")
    os.mkfifo(path)
    got = []
    reader = threading.Thread(target=lambda: got.append(files.read_bytes(path)))
    reader.start()
    files.write_output(path, b"through")
    reader.join(200)
    assert got == [b"through"]
    assert stat.S_ISFIFO(os.stat(path).st_mode)


def test_an_output_that_cannot_be_is_an_error_that_names_it(tmp_path):
    for path in (str(tmp_path), str(tmp_path / "missing" / "file")):
        with pytest.raises(StateError) as caught:
            files.write_output(path, b"x")
        assert path in str(caught.value)
    with pytest.raises(StateError, match="missing"):
        files.read_bytes(str(tmp_path / "missing"))
