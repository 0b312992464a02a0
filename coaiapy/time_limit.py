"""A limit on the time that any work takes, whatever it waits for.

A timeout of a socket does not limit a slow name server, nor an answer that comes byte by byte.
"""

import threading
from typing import Any, Callable, Dict, TypeVar

T = TypeVar("T")


class OvertimeError(Exception):
    """The work is not done in time."""


def within(seconds: float, work: Callable[[], T]) -> T:
    """Return what ``work()`` returns, or raise what it raises; ``OvertimeError`` after ``seconds``.

    The work is done by a thread. Work that takes too long goes on there, and nobody hears of it;
    the thread is a daemon, so that the program can end without it.
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
