"""The journal: what is written is there, whole, and what cannot be written is said."""

import json
import os
import shutil
import sqlite3
import stat
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from local_records import write
from record_strategies import OBSERVATIONS, SCORES, TRACES

from coaiapy import patience
from coaiapy.errors import StateError
from coaiapy.langfuse.journal import reads as journal_reads
from coaiapy.langfuse.journal.db import Journal, journal_error, journal_path
from coaiapy.langfuse.journal.schema import LOCAL
from coaiapy.langfuse.records.records import from_body, observation_from, trace_from


@settings(max_examples=20)
@given(st.lists(st.one_of(TRACES, OBSERVATIONS, SCORES), min_size=1, max_size=8))
def test_what_is_written_is_read_back_as_it_was(tmp_path_factory, records):
    with Journal(str(tmp_path_factory.mktemp("journal") / "j.db")) as journal:
        written = journal.append(LOCAL, records)
        rows = [row for row in written.rows if written.rows.count(row) == 1]
        for row, record in zip(written.rows, records):
            if row not in rows:
                continue  # written twice under one id: a merge of both
            (found,) = journal.rows("SELECT kind, body FROM records WHERE seq = ?", row)
            kept = from_body(found["kind"], json.loads(found["body"]))
            given_fields = [name for name in record._fields if getattr(record, name) is not None]
            for name in given_fields:
                assert getattr(kept, name) == getattr(record, name)


def test_the_journal_is_for_one_pair_of_eyes(home, journal):
    write(journal, trace_from({"id": "t"}))
    folder = os.path.dirname(journal_path())
    assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
    for name in os.listdir(folder):
        assert stat.S_IMODE(os.stat(os.path.join(folder, name)).st_mode) == 0o600, name


def test_an_observation_that_says_nothing_is_a_default_event(journal):
    write(journal, observation_from({"id": "o"}, "t"))
    (body,) = journal_reads.observations(journal, LOCAL, "t")
    assert (body["type"], body["level"]) == ("EVENT", "DEFAULT")


def test_a_locked_journal_is_waited_for_and_then_named(monkeypatch):
    monkeypatch.setattr(patience, "JOURNAL_LOCK", 0.2)
    with Journal() as other, Journal() as journal:
        other.db.execute("BEGIN IMMEDIATE")
        with pytest.raises(StateError, match="locked by another process"):
            write(journal, trace_from({"id": "t"}))
        other.db.execute("COMMIT")
        assert write(journal, trace_from({"id": "t"})).changed == 1


def test_a_lock_that_is_let_go_in_time_costs_nothing():
    with Journal() as journal:
        other = sqlite3.connect(journal_path(), isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        timer = threading.Timer(0.3, lambda: other.execute("COMMIT"))
        timer.start()
        assert write(journal, trace_from({"id": "t"})).changed == 1
        timer.join()
        other.close()


def full(journal):
    """Let the journal's file grow no more: SQLite then says what it says on a full disk."""
    pages = next(journal.rows("PRAGMA page_count"))[0]
    list(journal.rows("PRAGMA max_page_count = {}".format(pages + 2)))


def test_a_full_disk_leaves_all_or_nothing(journal):
    write(journal, trace_from({"id": "before"}))
    full(journal)
    with pytest.raises(StateError, match="is full"):
        journal.append(LOCAL, (trace_from({"input": "x" * 1000}) for _ in range(100)))
    assert [trace["id"] for trace in journal_reads.traces(journal, LOCAL)] == ["before"]
    with Journal() as again:
        assert write(again, trace_from({"id": "after"})).changed == 1


@pytest.mark.parametrize("free, said", [(0, "is full"), (10**9, "disk I/O error")])
def test_a_disk_without_any_room_is_called_full(monkeypatch, free, said):
    """SQLite says "disk I/O error" there; only a file system of one's own would show it really."""
    monkeypatch.setattr("shutil.disk_usage", lambda folder: shutil._ntuple_diskusage(1, 1, free))
    assert said in str(journal_error("/somewhere/coaia.db", "disk I/O error"))


def path_with(content):
    path = journal_path()
    os.makedirs(os.path.dirname(path))
    with open(path, "wb") as stream:
        stream.write(content)
    return path


def test_a_journal_that_is_none_is_left_as_it_is(run):
    garbage = b"this is no database at all\n" * 1000
    path = path_with(garbage)
    for words in (["list"], ["create", "t"], ["tv", "t"], ["delete", "t", "--yes"]):
        result = run("fuse", "traces", *words)
        assert (result.code, result.out) == (6, "")
        assert "damaged" in result.err and path in result.err and result.err.count("\n") == 1
    with open(path, "rb") as stream:
        assert stream.read() == garbage


def test_a_damaged_page_is_said_and_left_as_it_is(run):
    with Journal() as journal:
        journal.append(LOCAL, (trace_from({"input": "x" * 500}) for _ in range(200)))
    path = journal_path()
    with open(path, "r+b") as stream:
        stream.seek(3 * 4096)
        stream.write(b"\xff" * 4096 * 20)
    with open(path, "rb") as stream:
        before = stream.read()
    result = run("fuse", "traces")
    assert result.code == 6 and "damaged" in result.err and result.err.count("\n") == 1
    with open(path, "rb") as stream:
        assert stream.read() == before


def test_an_empty_file_is_a_journal_that_was_never_begun(run):
    path_with(b"")
    assert run("fuse", "traces", "create", "t").code == 0


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="lists open files by /proc")
def test_a_journal_that_cannot_be_opened_is_closed_at_once():
    with Journal() as journal:
        journal.db.execute("PRAGMA user_version = 99")
    with pytest.raises(StateError):
        Journal()
    opened = [os.path.join("/proc/self/fd", name) for name in os.listdir("/proc/self/fd")]
    assert journal_path() not in [os.path.realpath(path) for path in opened]


def test_a_newer_journal_is_left_alone(run):
    with Journal() as journal:
        write(journal, trace_from({"id": "t"}))
    path = journal_path()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.close()
    for words in (["list"], ["create", "u"]):
        result = run("fuse", "traces", *words)
        assert result.code == 6 and "newer coaia" in result.err and result.err.count("\n") == 1
    db = sqlite3.connect(path)
    assert db.execute("SELECT id FROM records").fetchall() == [("t",)]
    db.close()


@pytest.mark.parametrize("damage", [b"no database\n", b"\0"])
def test_a_server_is_read_without_a_journal_that_is_damaged(run, use, damage):
    use("v3")
    assert run("fuse", "traces", "create", "t", "-n", "shown").code == 0
    with open(journal_path(), "wb") as stream:
        stream.write(damage * 8192)
    for words in (["list"], ["trace-view", "t"]):
        result = run("fuse", "traces", *words)
        assert result.code == 0 and "shown" in result.out, result.err
        assert "is damaged" in result.err and "has written is not shown" in result.err
    assert run("fuse", "traces", "create", "u").code == 6


@pytest.mark.parametrize("where", ["folder", "journal"])
def test_a_place_that_cannot_be_is_named(run, home, where):
    if where == "folder":
        (home / ".coaia").write_text("a file\n")
    else:
        os.makedirs(journal_path())
    result = run("fuse", "traces", "create", "t")
    assert (result.code, result.out) == (6, "")
    assert str(home / ".coaia") in result.err and result.err.count("\n") == 1


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_named(run, home):
    (home / ".coaia").mkdir()
    (home / ".coaia").chmod(0o500)
    result = run("fuse", "traces", "create", "t")
    assert result.code == 6 and str(home / ".coaia") in result.err


def test_only_what_could_be_found_out_again_does_not_wait_for_the_disk(journal):
    normal, full = 1, 2  # of SQLite's "PRAGMA synchronous"
    for durable, expected in [(True, full), (False, normal), (True, full)]:
        with journal.transaction(durable=durable) as db:
            assert db.execute("PRAGMA synchronous").fetchone()[0] == expected
    asked = []
    journal.db.set_trace_callback(lambda sql: asked.append(sql))
    write(journal, trace_from({"id": "t"}))
    assert "PRAGMA synchronous = FULL" in asked
