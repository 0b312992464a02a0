"""A limit on the time of a stream, whose items come one by one."""

import functools
import queue
import threading
from typing import Any, Iterable, Iterator, TypeVar

from coaiapy import patience
from coaiapy.util import threads
from coaiapy.util.deadlines import Deadline
from coaiapy.util.threads import OvertimeError

T = TypeVar("T")

# Items that are read ahead of the reader.
_AHEAD = 64
_END = object()


def each_by(deadline: Deadline, items: Iterable[T]) -> Iterator[T]:
    """Yield what ``items`` yields and raise what it raises; ``OvertimeError`` after ``deadline``.

    The items are read in a thread, since nothing else limits a read that never returns. It is a
    daemon, as in ``threads``, and where the system allows none, only the items' own timeouts count.
    """
    ready: "queue.Queue[Any]" = queue.Queue(_AHEAD)
    left = threading.Event()
    reader = functools.partial(_fill, ready, items, left)
    if threads.start(reader, "coaia-stream") is None:
        yield from items
        return
    try:
        while True:
            item, error = _next(ready, deadline)
            if error is not None:
                raise error
            if item is _END:
                return
            yield item
    finally:
        left.set()


def _fill(ready: "queue.Queue[Any]", items: Iterable[Any], left: threading.Event) -> None:
    """Put the items and how they end into ``ready``, until the reader has ``left``."""
    try:
        for item in items:
            if not _put(ready, (item, None), left):
                return
        _put(ready, (_END, None), left)
    except BaseException as error:
        _put(ready, (_END, error), left)


def _put(ready: "queue.Queue[Any]", item: Any, left: threading.Event) -> bool:
    while not left.is_set():
        try:
            ready.put(item, timeout=patience.STREAM_POLL)
            return True
        except queue.Full:
            pass
    return False


def _next(ready: "queue.Queue[Any]", deadline: Deadline) -> Any:
    try:
        if deadline.left:
            return ready.get(timeout=deadline.left if deadline.is_set else None)
    except queue.Empty:
        pass
    raise OvertimeError()
