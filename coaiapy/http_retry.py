"""Trying a request again: after which answers, how long to wait before, and when to give up."""

import random
import time
from typing import Any, Callable, Optional, TypeVar

from coaiapy.errors import NetworkError

T = TypeVar("T")

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 8.0
# Those of the module belong to the program, which may have seeded them.
_DICE = random.Random()

# Waits before the next try and returns true, or returns false when it is time to give up. It is
# told how many tries there were, and the seconds to wait.
Wait = Callable[[int, float], bool]


class TemporaryError(NetworkError):
    """No answer, or one that may be different next time.

    ``retry_after`` is how many seconds the server asks to wait, ``None`` if it does not say.
    ``is_cut_short``: only our own deadline ended the try, so it tells nothing about the server.
    """

    is_cut_short = False

    def __init__(self, sentence: str, retry_after: Optional[float] = None) -> None:
        NetworkError.__init__(self, sentence)
        self.retry_after = retry_after


def is_temporary(status: int) -> bool:
    """Whether the same request may get another answer than this HTTP status later."""
    return status in (408, 425, 429) or status >= 500


def backoff(attempt: int) -> float:
    """Return the seconds to wait after a try, the first being 0: longer each time, never alike."""
    longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(attempt, 10))
    return longest * _DICE.uniform(0.5, 1.0)


def retrying(
    once: Callable[[], T],
    wait: Wait,
    may_repeat: Callable[[Any], bool] = lambda error: True,
) -> T:
    """Return what ``once()`` returns; call it again after a ``TemporaryError``.

    The error is raised if it is one that ``may_repeat`` says no to, or if ``wait`` gives up. If
    that try was cut short by our deadline, the error of the try before it is raised.
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
        reason = None  # it holds this frame, and the frame would hold it


def at_most(tries: int, longest_pause: float, sleep: Callable[[float], None] = time.sleep) -> Wait:
    """Give up after so many tries, or when a server asks for more than ``longest_pause`` seconds."""

    def wait(tried: int, pause: float) -> bool:
        if tried >= tries or pause > longest_pause:
            return False
        sleep(pause)
        return True

    return wait


def until(deadline: float, sleep: Callable[[float], None] = time.sleep) -> Wait:
    """Give up when the pause would not be over before ``deadline`` (of ``time.monotonic()``)."""

    def wait(tried: int, pause: float) -> bool:
        if time.monotonic() + pause >= deadline:
            return False
        sleep(pause)
        return True

    return wait
