"""A limit on the time of any piece of work.

The timeout of a socket is not enough: it does not limit a slow name server, nor a response that
comes byte by byte.
"""

from typing import Any, Callable, Dict, TypeVar

from coaiapy import threads

T = TypeVar("T")


class OvertimeError(Exception):
    """The work is not done in time."""


def within(seconds: float, work: Callable[[], T], makes_requests: bool = True) -> T:
    """Return what ``work()`` returns, or raise what it raises; ``OvertimeError`` after ``seconds``.

    The work runs in a thread. If it takes too long, it continues there and its result is ignored.
    Where the system allows no thread, it runs here, and takes as long as its own timeouts allow.
    ``makes_requests`` as in ``threads.start``.
    """
    outcome: Dict[str, Any] = {}

    def run() -> None:
        try:
            outcome["value"] = work()
        except BaseException as error:
            outcome["error"] = error

    thread = threads.start(run, "coaia-within", makes_requests)
    if thread is None:
        run()
    else:
        thread.join(seconds)
    if "error" in outcome:
        raise outcome["error"]
    if "value" not in outcome:
        raise OvertimeError()
    return outcome["value"]  # type: ignore[no-any-return]
