"""Retries of HTTP requests: which responses are worth one, the backoff, and when to give up."""

import random
import time
from typing import Any, Callable, Optional, TypeVar

from coaiapy import patience
from coaiapy.errors import NetworkError
from coaiapy.util.deadlines import NEVER, Deadline

T = TypeVar("T")

# A generator of our own: drawing from the global one would change the numbers of a script that has
# called random.seed().
_random = random.Random()

# Called between two tries with the number of tries so far and the seconds to wait. It sleeps and
# returns true, or returns false to give up.
Wait = Callable[[int, float], bool]


class TemporaryError(NetworkError):
    """There was no response, or a failure that may be gone at the next try.

    ``retry_after`` is how many seconds the server asks to wait, ``None`` if it does not say.
    ``is_cut_short``: our own deadline ended the try, so that it says nothing about the server.
    """

    is_cut_short = False

    def __init__(self, sentence: str, retry_after: Optional[float] = None) -> None:
        NetworkError.__init__(self, sentence)
        self.retry_after = retry_after


def is_temporary(status: int) -> bool:
    """Tell whether a request that got this HTTP status may succeed later."""
    return status in (408, 425, 429) or status >= 500


def backoff(attempt: int) -> float:
    """Return the seconds to wait after a failed try: exponential backoff with jitter.

    ``attempt`` is 0 for the first try.
    """
    longest = min(patience.LONGEST_PAUSE, patience.FIRST_PAUSE * 2.0 ** min(attempt, 10))
    return longest * _random.uniform(0.5, 1.0)


def retrying(
    once: Callable[[], T],
    wait: Wait,
    may_repeat: Callable[[Any], bool] = lambda error: True,
) -> T:
    """Return what ``once()`` returns; call it again after a ``TemporaryError``.

    The error is raised when ``may_repeat(error)`` or ``wait`` returns false. If our own deadline
    ended that try, the error of the try before it is raised, since it says more.
    """
    tries = 0
    reason: Optional[TemporaryError] = None
    try:
        while True:
            try:
                return once()
            except TemporaryError as error:
                if reason is None or not error.is_cut_short:
                    reason = error
                pause = backoff(tries) if error.retry_after is None else error.retry_after
                tries += 1
                if not may_repeat(error) or not wait(tries, pause):
                    raise reason from reason.__cause__
    finally:
        reason = None  # the error refers to this frame: it would be a reference cycle


def at_most(
    tries: int,
    longest_pause: float,
    sleep: Callable[[float], None] = time.sleep,
    deadline: Deadline = NEVER,
) -> Wait:
    """Return a ``Wait`` that gives up after ``tries``, or at a pause of over ``longest_pause``.

    It also gives up if a pause ends after ``deadline``.
    """

    def wait(tried: int, pause: float) -> bool:
        if tried >= tries or pause > longest_pause or pause >= deadline.left:
            return False
        sleep(pause)
        return True

    return wait


def until(deadline: Deadline, sleep: Callable[[float], None] = time.sleep) -> Wait:
    """Return a ``Wait`` that gives up if a pause ends after ``deadline``."""

    def wait(tried: int, pause: float) -> bool:
        if pause >= deadline.left:
            return False
        sleep(pause)
        return True

    return wait
