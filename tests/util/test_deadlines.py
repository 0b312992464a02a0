"""Limits on the time of work: the earlier one counts, in every thread that works for it."""

import threading

import pytest

from coaiapy.util import deadlines, threads
from coaiapy.util.threads import as_finished, run_all


def test_without_a_limit_there_is_none():
    assert not deadlines.current().is_set
    assert deadlines.current().left == float("inf")
    with deadlines.limit(None):
        assert not deadlines.current().is_set


def test_the_earlier_limit_counts():
    with deadlines.limit(60, "outer"):
        outer = deadlines.current()
        assert 59 < outer.left <= 60
        with deadlines.limit(3600, "inner"):
            assert deadlines.current() is outer
        with deadlines.limit(30, "inner"):
            assert deadlines.current().hint == "raise inner (30 s) if it needs longer"
        assert deadlines.current() is outer
        assert deadlines.after(3600) is outer
        assert deadlines.whole(1) is outer
    assert deadlines.whole(1).seconds == 1


def test_a_limit_ends_with_its_block_also_after_an_error():
    with pytest.raises(KeyError):
        with deadlines.limit(1):
            raise KeyError("reason")
    assert not deadlines.current().is_set


def test_nothing_is_left_of_zero_seconds():
    with deadlines.limit(0):
        assert deadlines.current().left == 0
        assert min(deadlines.current().timeouts(10)) > 0  # requests take no 0
        assert deadlines.current().why_over == "--timeout 0 says not to wait for it"


def test_sending_has_more_time_after_progress_but_never_more_than_the_whole():
    whole = deadlines.NEVER.within(60)
    renewing = deadlines.Renewing(40, renewing=True, whole=whole)
    first = renewing.until.moment
    renewing.progress()
    assert first < renewing.until.moment <= whole.moment
    assert deadlines.Renewing(3600, renewing=True, whole=whole).until is whole
    once = deadlines.Renewing(40, whole=whole)
    until = once.until
    once.progress()
    assert once.until is until


def test_every_thread_has_the_limit_of_the_one_that_started_it():
    found = []
    over = threading.Event()

    def look():
        found.append(deadlines.current())
        over.set()

    with deadlines.limit(60):
        mine = deadlines.current()
        threads.start(look, "test")
        assert over.wait(200)
        everywhere = run_all(lambda item: deadlines.current(), range(20))
        everywhere += as_finished(lambda item: deadlines.current(), iter(range(20)))
    assert found == [mine]
    assert {one.value for one in everywhere} == {mine}


def test_threads_that_start_after_the_limit_have_none():
    assert not run_all(lambda item: deadlines.current().is_set, [1])[0].value
