"""A machine that allows no further thread: everything is done all the same."""

import os
import threading

import pytest

from coaiapy.util import threads
from coaiapy.util.threads import run_all, values_of, within


@pytest.fixture
def no_threads(monkeypatch):
    start_one = threading.Thread.start

    def start(thread):
        if thread.name.startswith("coaia"):
            raise RuntimeError("can't start new thread")
        start_one(thread)

    monkeypatch.setattr(threading.Thread, "start", start)


def test_a_thread_runs_beside_the_one_that_starts_it():
    seen = []
    thread = threads.start(lambda: seen.append(threading.current_thread()), "a-name")
    thread.join()
    assert seen == [thread] and thread.name == "a-name" and thread.daemon


def test_without_threads_work_is_done_where_it_is_asked_for(no_threads):
    assert threads.start(os.getpid, "coaia-test") is None
    assert within(60, threading.current_thread) is threading.current_thread()
    with pytest.raises(KeyError):
        within(60, lambda: {}["key"])
    outcomes = run_all(lambda item: (item, threading.current_thread()), range(20))
    assert values_of(outcomes) == [(item, threading.current_thread()) for item in range(20)]


def test_without_threads_records_are_sent_and_read(no_threads, use, run):
    use("v4-events_only")
    assert run("fuse", "traces", "create", "one").code == 0
    assert run("fuse", "outbox", "list", "--jsonl").out == ""
    assert "one" in run("fuse", "traces", "list").out
