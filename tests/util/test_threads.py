"""The same work on many items, in order and ended by what makes it pointless; work with a limit."""

import os
import sys
import threading

import pytest

from coaiapy.util import threads
from coaiapy.util.threads import OvertimeError, as_finished, run_all, values_of, within


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


def test_outcomes_come_in_the_order_of_the_items():
    gate = threading.Event()

    def work(item):
        if item == 0:
            assert gate.wait(200)  # the first is done last
        elif item == 19:
            gate.set()
        return item * 2

    assert values_of(run_all(work, range(20), workers=2)) == [item * 2 for item in range(20)]


def test_an_error_is_that_of_its_item_alone():
    outcomes = run_all(lambda item: 1 // item, [1, 0, 1])
    assert [outcome.value for outcome in outcomes] == [1, None, 1]
    assert isinstance(outcomes[1].error, ZeroDivisionError)
    with pytest.raises(ZeroDivisionError):
        values_of(outcomes)
    with pytest.raises(ZeroDivisionError):
        values_of(outcomes, (KeyError,))
    assert values_of(outcomes, (KeyError, ZeroDivisionError)) == [1, None, 1]


def test_an_error_that_makes_the_rest_pointless_ends_it():
    begun = []

    def work(item):
        begun.append(item)
        raise KeyError(item)

    outcomes = run_all(work, range(100), (KeyError,), workers=3)
    assert 1 <= len(begun) <= 3
    assert [one.item for one in outcomes if one.was_tried] == sorted(begun)
    assert len(outcomes) == 100


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, GeneratorExit])
def test_what_ends_a_program_ends_the_wait(error):
    begun = []

    def work(item):
        begun.append(item)
        raise error("enough")

    with pytest.raises(error, match="enough"):
        run_all(work, range(100), workers=2)
    assert len(begun) <= 2


def test_nothing_to_do_is_done_at_once():
    assert run_all(len, []) == []


def test_outcomes_come_as_they_finish_and_items_are_taken_as_they_are_begun():
    gate, taken = threading.Event(), []

    def items():
        for item in range(6):
            taken.append(item)
            yield item

    def work(item):
        if item == 0:
            assert gate.wait(200)
        return item * 2

    found = as_finished(work, items(), workers=2)
    assert next(found).item == 1 and len(taken) == 2
    assert next(found).item == 2 and len(taken) == 3
    gate.set()
    assert sorted(one.value for one in found) == [0, 6, 8, 10]


def test_an_outcome_that_is_an_error_does_not_end_the_others():
    found = list(as_finished(lambda item: 1 // item, iter([1, 0, 1])))
    assert sorted(type(one.error).__name__ for one in found) == [
        "NoneType",
        "NoneType",
        "ZeroDivisionError",
    ]
    with pytest.raises(SystemExit, match="enough"):
        list(as_finished(lambda item: sys.exit("enough"), iter([1])))


def test_what_is_done_in_time_is_returned():
    assert within(60, lambda: "done") == "done"
    assert within(60, lambda: None) is None


@pytest.mark.parametrize("error", [KeyError, SystemExit, KeyboardInterrupt])
def test_an_error_is_raised_where_the_value_was_awaited(error):
    def fail():
        raise error("reason")

    with pytest.raises(error, match="reason"):
        within(60, fail)


def test_what_takes_too_long_is_not_waited_for():
    gate = threading.Event()
    with pytest.raises(OvertimeError):
        within(0.05, gate.wait)
    gate.set()
