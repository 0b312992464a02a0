"""Streams with a limit on their time: their items, their error, or word that they take too long."""

import itertools
import threading
import time

import pytest

from coaiapy.util import threads
from coaiapy.util.deadlines import NEVER
from coaiapy.util.http.timed_stream import each_by
from coaiapy.util.threads import OvertimeError


def test_items_come_in_order_and_end():
    assert list(each_by(NEVER.within(60), range(1000))) == list(range(1000))
    assert list(each_by(NEVER, ())) == []


@pytest.mark.parametrize("error", [KeyError, EOFError, SystemExit])
def test_an_error_comes_after_the_items_before_it(error):
    def items():
        yield 1
        raise error("reason")

    found = []
    with pytest.raises(error, match="reason"):
        found.extend(each_by(NEVER.within(60), items()))
    assert found == [1]


def test_an_item_that_does_not_come_is_not_waited_for():
    gate = threading.Event()

    def items():
        yield 1
        gate.wait(200)

    deadline = NEVER.within(60)
    stream = each_by(deadline, items())
    assert next(stream) == 1
    deadline.moment = time.monotonic() + 0.2
    with pytest.raises(OvertimeError):
        next(stream)
    gate.set()


def test_a_stream_without_an_end_ends_in_time():
    with pytest.raises(OvertimeError):
        for _ in each_by(NEVER.within(0.2), itertools.count()):
            pass


def test_the_reading_ends_when_the_reader_leaves():
    over = threading.Event()

    def items():
        try:
            for number in itertools.count():
                yield number
        finally:
            over.set()

    stream = each_by(NEVER.within(60), items())
    assert next(stream) == 0
    stream.close()
    assert over.wait(200)


def test_without_threads_the_items_come_all_the_same(monkeypatch):
    monkeypatch.setattr(threads, "start", lambda *words: None)
    assert list(each_by(NEVER, range(3))) == [0, 1, 2]
