"""Trying again: what for, how often, and how long to wait in between."""

import pytest

from coaiapy import patience
from coaiapy.util import deadlines
from coaiapy.util.http.retry import TemporaryError, at_most, backoff, is_temporary, retrying, until


class Server:
    """Fails as often as it is told, and says how long to wait."""

    def __init__(self, failures, retry_after=None):
        self.failures = failures
        self.retry_after = retry_after
        self.tries = 0

    def __call__(self):
        self.tries += 1
        if self.tries > self.failures:
            return "the answer"
        error = TemporaryError("failure {}".format(self.tries))
        error.retry_after = self.retry_after
        raise error


def test_pauses_grow_up_to_a_limit_and_are_never_alike():
    assert all(0.25 <= backoff(0) <= 0.5 for _ in range(20))
    assert all(4 <= backoff(attempt) <= patience.LONGEST_PAUSE for attempt in (4, 9, 5000))
    assert len({backoff(3) for _ in range(5)}) > 1


def test_it_goes_on_until_there_is_an_answer_or_no_try_is_left():
    pauses = []
    assert retrying(Server(2), at_most(3, 60, pauses.append)) == "the answer"
    assert len(pauses) == 2 and 0 < pauses[0] <= 0.5 <= pauses[1] * 2 <= 2
    with pytest.raises(TemporaryError, match="failure 3"):
        retrying(Server(3), at_most(3, 60, pauses.append))
    assert len(pauses) == 4


def test_a_server_says_how_long_to_wait():
    pauses = []
    assert retrying(Server(2, 7.0), at_most(3, 7, pauses.append)) == "the answer"
    assert pauses == [7.0, 7.0]
    with pytest.raises(TemporaryError):
        retrying(Server(1, 7.1), at_most(3, 7, pauses.append))
    assert pauses == [7.0, 7.0]


def test_no_pause_ends_after_the_deadline():
    pauses = []
    deadline = deadlines.after(60)
    assert retrying(Server(2, 50.0), until(deadline, pauses.append)) == "the answer"
    assert pauses == [50.0, 50.0]
    with pytest.raises(TemporaryError):
        retrying(Server(1, 60.0), until(deadline, pauses.append))
    assert pauses == [50.0, 50.0]


def test_what_may_not_be_repeated_is_done_once():
    server = Server(1)
    with pytest.raises(TemporaryError):
        retrying(server, at_most(3, 60), lambda error: False)
    assert server.tries == 1


def test_another_error_is_final():
    def fail():
        raise KeyError("final")

    with pytest.raises(KeyError):
        retrying(fail, at_most(3, 60))


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 524])
def test_these_may_be_different_next_time(status):
    assert is_temporary(status)


@pytest.mark.parametrize("status", [200, 207, 302, 400, 401, 403, 404, 405, 409, 413, 422])
def test_these_are_final(status):
    assert not is_temporary(status)


def test_a_try_that_our_deadline_ended_hides_no_better_reason():
    def once():
        error = TemporaryError("cut short" if tries else "a real answer")
        error.is_cut_short = bool(tries)
        tries.append(1)
        raise error

    tries = []
    with pytest.raises(TemporaryError, match="a real answer"):
        retrying(once, at_most(3, 60, lambda seconds: None))
    assert len(tries) == 3
    with pytest.raises(TemporaryError, match="cut short"):
        retrying(once, at_most(1, 60, lambda seconds: None))
