"""A limit on the time of any piece of work.

The timeout of a socket is not enough: it does not limit a slow name server, nor a response that
comes byte by byte.
"""

import threading
from typing import Any, Callable, Dict, TypeVar

T = TypeVar("T")


class OvertimeError(Exception):
    """The work is not done in time."""


def within(seconds: float, work: Callable[[], T]) -> T:
    """Return what ``work()`` returns, or raise what it raises; ``OvertimeError`` after ``seconds``.

    The work runs in a thread. If it takes too long, it continues there and its result is ignored;
    the thread is a daemon, so that it does not keep the program from ending.
    """
    outcome: Dict[str, Any] = {}

    def run() -> None:
        try:
            outcome["value"] = work()
        except BaseException as error:
            outcome["error"] = error

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if "error" in outcome:
        raise outcome["error"]
    if "value" not in outcome:
        raise OvertimeError()
    return outcome["value"]  # type: ignore[no-any-return]
