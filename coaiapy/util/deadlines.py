"""How long the work in progress may take: everything that waits takes its time from here.

A command, or a script that calls a function with a timeout, sets a limit. Each request, page,
retry and stream below it has a shorter limit of its own, and the earlier moment counts. A limit
belongs to the thread that has set it, and ``threads.start`` hands it on to the threads it starts.
"""

import threading
import time
from contextlib import contextmanager
from typing import Iterator, Optional, Tuple

from coaiapy import patience

_FOREVER = float("inf")
# The shortest timeout that requests are given: they take no 0.
_LEAST_SECONDS = 0.001


class Deadline:
    """A ``moment`` of ``time.monotonic()``, ``seconds`` after it was set.

    ``origin`` names the option or setting to change in order to have more time; it may be empty.
    """

    def __init__(
        self, moment: float = _FOREVER, seconds: float = _FOREVER, origin: str = ""
    ) -> None:
        self.moment = moment
        self.seconds = seconds
        self.origin = origin

    @property
    def left(self) -> float:
        """The seconds that are left, 0 after the moment."""
        return max(0.0, self.moment - time.monotonic())

    def timeouts(self, connect: float) -> Tuple[float, float]:
        """Return the seconds for connecting, at most ``connect``, and for each part of a response."""
        left = max(self.left, _LEAST_SECONDS)
        return (min(connect, left), left)

    @property
    def is_set(self) -> bool:
        """Whether there is a limit at all."""
        return self.moment != _FOREVER

    @property
    def hint(self) -> str:
        """What to do in order to have more time, as the end of a sentence."""
        if not self.origin:
            return "try again later"
        return "raise {} ({:g} s) if it needs longer".format(self.origin, self.seconds)

    @property
    def why_over(self) -> str:
        """Why something is not begun any more, as the end of a sentence."""
        if not self.seconds:
            return "{} 0 says not to wait for it".format(self.origin)
        return "there was no time left for it; " + self.hint

    def within(self, seconds: float, origin: str = "") -> "Deadline":
        """Return the earlier of this deadline and one that is ``seconds`` from now."""
        return self.earlier(Deadline(time.monotonic() + seconds, seconds, origin))

    def earlier(self, other: "Deadline") -> "Deadline":
        """Return the earlier of two deadlines, this one if they are the same moment."""
        return other if other.moment < self.moment else self


NEVER = Deadline()


class Renewing:
    """The time for sending: ``seconds``, with ``renewing`` from the last progress on.

    It never ends after ``whole``.
    """

    def __init__(self, seconds: float, renewing: bool = False, whole: Deadline = NEVER) -> None:
        self.seconds = seconds
        self.renewing = renewing
        self.whole = whole
        self.reserve = min(patience.ANSWER, seconds / 4)
        self.until = whole.within(seconds)

    @property
    def left_to_start(self) -> float:
        """The seconds in which a request may still be started, 0 or less when it is too late."""
        return self.until.left - self.reserve

    def progress(self) -> None:
        """Start the time again, if it renews: the server has just accepted something."""
        if self.renewing:
            self.until = self.whole.within(self.seconds)


class _Limits(threading.local):
    current = NEVER


_limits = _Limits()


def current() -> Deadline:
    """Return the limit of the work that this thread is doing, ``NEVER`` without one."""
    return _limits.current


def after(seconds: float, origin: str = "") -> Deadline:
    """Return the deadline in ``seconds`` from now, or the current limit if that is earlier."""
    return current().within(seconds, origin)


def whole(seconds: float) -> Deadline:
    """Return the current limit; without one, the deadline in ``seconds`` from now."""
    return current() if current().is_set else after(seconds)


def for_lock(seconds: float) -> float:
    """Return for how long to wait for a file that another process writes: ``seconds`` at most.

    That ends with the current limit, but is never less than the moment that a write takes.
    """
    return min(seconds, max(patience.LEAST_LOCK, current().left))


@contextmanager
def limit(seconds: Optional[float], origin: str = "--timeout") -> Iterator[None]:
    """Limit all work in the block to ``seconds``; ``None`` adds no limit."""
    with handed_on(current() if seconds is None else after(seconds, origin)):
        yield


@contextmanager
def handed_on(deadline: Deadline) -> Iterator[None]:
    """Let ``deadline``, the limit of another thread, be the one of this thread in the block."""
    before = current()
    _limits.current = deadline
    try:
        yield
    finally:
        _limits.current = before
