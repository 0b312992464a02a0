"""The journal among real processes: killed, in a crowd, and on a disk that is full."""

import json
import os
import shutil
import signal
import subprocess
import time

import pytest
from forked import all_at_once, commands_at_once
from processes import environment, finish, start

from coaiapy.langfuse.journal import db
from coaiapy.langfuse.journal import reads as journal_reads
from coaiapy.langfuse.journal.db import CACHE_KIB, Journal, journal_path
from coaiapy.langfuse.journal.schema import LOCAL
from coaiapy.langfuse.records.records import trace_from

resource = pytest.importorskip("resource")


# More than SQLite's cache holds: the journal's log begins to grow long before the commit.
COUNT = 5000
TEXT = "x" * (2 * 1024 * CACHE_KIB // COUNT)


def write_lines(path):
    with open(str(path), "w") as stream:
        for number in range(COUNT):
            observation = {"id": "o{}".format(number), "type": "SPAN", "input": TEXT}
            stream.write(json.dumps(observation) + "\n")


def count_observations(trace_id):
    with Journal() as journal:
        return len(journal_reads.observations(journal, LOCAL, trace_id))


def wait_until(condition, process):
    deadline = time.monotonic() + 200
    while not condition():
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_what_is_written_is_seen_by_others_though_a_second_journal_was_open_beside(project):
    """A process that closes the file by itself loses its locks, and others remove the log."""
    with Journal() as journal:
        with Journal():
            pass
        assert finish("fuse", "outbox", "status")[0] == 0
        assert os.path.exists(journal_path() + "-wal")
        journal.append(LOCAL, [trace_from({"id": "t"})])
        assert json.loads(finish("fuse", "traces", "--json")[1])[0]["id"] == "t"


@pytest.mark.parametrize("size_at_death", [100000, 4000000])
def test_a_writer_that_is_killed_leaves_all_or_nothing(project, size_at_death):
    write_lines(project / "many.jsonl")
    assert finish("fuse", "traces", "create", "t")[0] == 0
    log = journal_path() + "-wal"
    writer = start("fuse", "traces", "add-observations", "t", "-f", "many.jsonl")
    wait_until(lambda: os.path.exists(log) and os.path.getsize(log) > size_at_death, writer)
    writer.send_signal(signal.SIGKILL)
    writer.communicate()
    assert writer.returncode == -signal.SIGKILL
    assert count_observations("t") == 0
    assert finish("fuse", "traces", "add-observations", "t", "-f", "many.jsonl")[0] == 0
    assert count_observations("t") == COUNT


def test_an_interrupted_writer_says_so_and_leaves_nothing(project):
    write_lines(project / "many.jsonl")
    assert finish("fuse", "traces", "create", "t")[0] == 0
    log = journal_path() + "-wal"
    writer = start("fuse", "traces", "add-observations", "t", "-f", "many.jsonl")
    wait_until(lambda: os.path.exists(log) and os.path.getsize(log) > 100000, writer)
    writer.send_signal(signal.SIGINT)
    _, err = writer.communicate()
    assert (writer.returncode, err) == (130, b"coaia: interrupted\n")
    assert count_observations("t") == 0


def test_twenty_writers_at_once_lose_nothing():
    words = ["fuse", "traces", "add-observation", "t", "--observation-id"]
    results = commands_at_once([words + ["o%d" % n, "-m", '{"n": 1}'] for n in range(20)])
    assert [code for code, _, _ in results] == [0] * 20, results
    assert count_observations("t") == 20


def test_twenty_writers_of_one_trace_merge_what_each_knows():
    words = ["fuse", "traces", "create", "t", "-m"]
    results = commands_at_once([words + [json.dumps({"k%d" % n: n})] for n in range(20)])
    assert [code for code, _, _ in results] == [0] * 20, results
    with Journal() as journal:
        metadata = journal_reads.trace(journal, LOCAL, "t")["metadata"]
    assert metadata == {"k{}".format(n): n for n in range(20)}


@pytest.mark.parametrize("bytes_left", [0, 20000, 50000])
def test_a_file_that_may_not_grow_is_an_error_and_changes_nothing(bytes_left):
    assert finish("fuse", "traces", "create", "before")[0] == 0
    limit = os.path.getsize(journal_path()) + bytes_left

    def refuse_growth():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    words = ("fuse", "traces", "create", "after", "-i", "x" * 120000, "-o", "x" * 120000)
    code, out, err = finish(*words, preexec_fn=refuse_growth)
    assert (code, out) == (6, "")
    assert journal_path() in err and err.count("\n") == 1
    code, out, err = finish("fuse", "traces", "list", "--json")
    assert [trace["id"] for trace in json.loads(out)] == ["before"]


def test_a_journal_that_could_not_be_begun_can_be_begun_later():
    def refuse_growth():
        resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))

    assert finish("fuse", "traces", "create", "t", preexec_fn=refuse_growth)[0] == 6
    assert finish("fuse", "traces", "create", "t")[0] == 0


def test_there_is_no_room_on_a_full_device(home):
    small = home / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "none", str(small)]
    if os.geteuid() != 0 or subprocess.call(mount, stderr=subprocess.DEVNULL) != 0:
        pytest.skip("only root can make a small disk")
    try:
        given = environment(COAIA_HOME=str(small / "state"))
        assert finish("fuse", "traces", "create", "t", env=given)[0] == 0
        lines = "\n".join(json.dumps({"input": "x" * 1000}) for _ in range(500))
        words = ("fuse", "traces", "add-observations", "t")
        code, out, err = finish(*words, input=lines.encode(), env=given)
        assert code == 6 and "is full" in err and err.count("\n") == 1
        code, out, err = finish("fuse", "traces", "tv", "t", "--json", env=given)
        assert code == 0 and json.loads(out)["observations"] == []
    finally:
        subprocess.check_call(["umount", str(small)])


def number_of_a_destination():
    with Journal() as journal:
        return journal.destination("http://x", "k")


def test_eight_processes_that_begin_a_journal_at_once_all_get_it(home):
    for _ in range(5):
        for name in os.listdir(str(home)):
            shutil.rmtree(str(home / name))
        assert all_at_once(number_of_a_destination, [[]] * 8) == [1] * 8


def test_a_journal_that_another_process_begins_just_now_is_taken(monkeypatch):
    """It has no version when this process looks, and all tables when it looks closer."""
    with Journal() as first:
        number = first.destination("http://x", "k")
    looks = [0]
    version = db._version
    monkeypatch.setattr(db, "_version", lambda *of: looks.pop() if looks else version(*of))
    assert number_of_a_destination() == number
    assert looks == []
