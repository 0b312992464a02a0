"""Machines that lack what others have: a home that can be written, rights, a folder, room."""

import os
import sqlite3
import stat

import pytest

from coaiapy.langfuse.journal.db import journal_path

LISTS = [
    ("fuse", "traces"),
    ("fuse", "traces", "trace-view", "t"),
    ("fuse", "traces", "list-observations"),
    ("fuse", "traces", "stats"),
    ("fuse", "traces", "search", "text"),
    ("fuse", "sessions"),
    ("fuse", "scores", "list"),
    ("fuse", "score-configs", "available"),
    ("fuse", "score-configs", "list"),
    ("fuse", "prompts", "list"),
    ("fuse", "datasets", "list"),
    ("fuse", "comments", "list"),
    ("fuse", "projects"),
]


def modes(folder):
    for base, folders, files in os.walk(str(folder)):
        for name in folders + files:
            yield name, stat.S_IMODE(os.stat(os.path.join(base, name)).st_mode)


@pytest.mark.parametrize("mask", [0o177, 0o277, 0o377, 0o777])
def test_a_umask_takes_no_right_that_coaia_needs(run, home, mask):
    old = os.umask(mask)
    try:
        results = [
            run("fuse", "traces", "create", "t"),
            run("env", "set", "--global", "A", "b"),
            run("pipeline", "init", "mine"),
            run("fuse", "score-configs", "create", "c", "BOOLEAN"),
        ]
    finally:
        os.umask(old)
    assert [result.code for result in results] == [0] * len(results), results
    found = dict(
        modes(home / ".coaia"), **{".coaia": stat.S_IMODE((home / ".coaia").stat().st_mode)}
    )
    assert set(found) >= {"coaia.db", "global.env", "templates", "mine.json"}
    assert {mode for name, mode in found.items()} == {0o600, 0o700}
    assert found[".coaia"] == found["templates"] == 0o700


@pytest.mark.skipif(
    not os.path.isdir("/proc/self"), reason="needs a folder that nobody can write to"
)
@pytest.mark.parametrize("words", LISTS)
def test_what_a_server_has_is_read_without_a_folder(run, use, monkeypatch, words):
    use("v3")
    run("fuse", "traces", "create", "t", "-n", "shown")
    expected = run(*words)
    monkeypatch.setenv("COAIA_HOME", "/proc/coaia")
    found = run(*words)
    assert (found.code, found.out) == (expected.code, expected.out), found.err
    assert expected.code == 0


@pytest.mark.skipif(
    not os.path.isdir("/proc/self"), reason="needs a folder that nobody can write to"
)
@pytest.mark.parametrize(
    "words",
    [
        ("fuse", "traces", "create", "t"),
        ("fuse", "traces"),
        ("env", "set", "--global", "A", "b"),
        ("tash", "k", "v"),
        ("pipeline", "init", "mine"),
        ("fuse", "score-configs", "create", "c", "BOOLEAN"),
    ],
)
def test_what_must_be_kept_and_cannot_be_names_the_setting(run, monkeypatch, words):
    monkeypatch.setenv("COAIA_HOME", "/proc/coaia")
    result = run(*words)
    assert (result.code, result.out) == (6, "")
    assert "set COAIA_HOME to a folder that you can write to" in result.err
    assert result.err.count("\n") == 1


def test_without_a_home_nothing_is_kept_and_nothing_written_elsewhere(run, project, monkeypatch):
    pwd = pytest.importorskip("pwd")

    def unknown(number):
        raise KeyError(number)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    for name in ("HOME", "COAIA_HOME"):
        monkeypatch.delenv(name)
    for words in (
        ("fuse", "traces", "create", "t"),
        ("env", "set", "--global", "A", "b"),
        ("tash", "k", "v"),
        ("pipeline", "list"),
    ):
        result = run(*words)
        assert result.code == 6 and "set COAIA_HOME to a folder" in result.err, words
    assert run("env", "set", "A", "b").code == 0
    assert run("config", "show").code == 0
    assert os.listdir(str(project)) == [".coaia-env"]


@pytest.mark.parametrize(
    "words",
    [
        ("pipeline", "list"),
        ("pipeline", "init", "mine", "--location", "project"),
        ("env", "set", "A", "b"),
        ("env", "list"),
        ("fuse", "traces", "create", "t", "--export-env"),
        ("fuse", "sessions", "create", "s", "u"),
        ("config", "show"),
        ("init", "--project"),
        ("fetch", "k", "-o", "x"),
    ],
)
def test_a_folder_that_was_removed_is_named_or_not_needed(run, project, monkeypatch, words):
    (project / "gone").mkdir()
    monkeypatch.chdir(str(project / "gone"))
    (project / "gone").rmdir()
    result = run(*words)
    assert "unexpected" not in result.err
    assert result.code in (0, 1, 2, 6)
    if result.code == 6:
        assert "current folder" in result.err or "No such file" in result.err


def test_a_full_folder_for_temporary_files_is_named(run, monkeypatch, project):
    """SQLite moves what it stages to a file; the limit on the size of files stands for a full disk."""
    resource = pytest.importorskip("resource")
    signal = pytest.importorskip("signal")
    run("fuse", "traces", "create", "t")
    batch = project / "batch.jsonl"
    with open(str(batch), "w") as stream:
        for number in range(60000):
            stream.write('{{"name": "n{}", "input": "{}"}}\n'.format(number, "x" * 300))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    monkeypatch.setenv("SQLITE_TMPDIR", str(project))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, before[1]))
    try:
        result = run("fuse", "traces", "add-observations", "t", "-f", batch)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert result.code == 6 and "rollback" not in result.err
    assert "temporary files in {}".format(project) in result.err


def test_a_journal_of_another_layout_is_named_and_left_alone(run, home):
    (home / ".coaia").mkdir()
    db = sqlite3.connect(journal_path())
    db.execute("CREATE TABLE events (id TEXT)")
    db.execute("INSERT INTO events VALUES ('kept')")
    db.commit()
    db.close()
    for words in (("fuse", "traces"), ("fuse", "traces", "create", "t"), ("tash", "k", "v")):
        result = run(*words)
        assert result.code == 6 and "move it away" in result.err and journal_path() in result.err
        assert result.err.count("\n") == 1
    db = sqlite3.connect(journal_path())
    assert db.execute("SELECT id FROM events").fetchall() == [("kept",)]
    db.close()
