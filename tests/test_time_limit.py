"""Work with a limit on its time: its value, its error, or word that it takes too long."""

import threading

import pytest

from coaiapy.util.threads import OvertimeError, within


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
