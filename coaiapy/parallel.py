"""Runs the same work on many items, several at a time.

An interrupted command ends without waiting for the worker threads. Where the system allows none, the
work is done one by one in the calling thread.
"""

import queue
import threading
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple, Type

from coaiapy import threads

WORKERS = 8


class Outcome(NamedTuple):
    """The result for one item: a value, or the error that was raised.

    ``was_tried`` is false if the work had been stopped before.
    """

    item: Any
    value: Any = None
    error: Optional[Exception] = None
    was_tried: bool = True


def run_all(
    work: Callable[[Any], Any],
    items: Sequence[Any],
    stop_at: Tuple[Type[Exception], ...] = (),
    workers: int = WORKERS,
) -> List[Outcome]:
    """Return the outcome of ``work(item)`` for every item, in the order of ``items``.

    After an error of the types ``stop_at`` no further item is started. An exception that is not an
    ``Exception``, such as ``SystemExit``, is raised here.
    """
    waiting: "queue.Queue[int]" = queue.Queue()
    done: "queue.Queue[Tuple[int, Any]]" = queue.Queue()
    stopped = threading.Event()
    for index in range(len(items)):
        waiting.put(index)

    def run() -> None:
        while True:
            try:
                index = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                done.put((index, _outcome(work, items[index], stop_at, stopped)))
            except BaseException as error:  # the thread that called run_all raises it
                stopped.set()
                done.put((index, error))

    started = [threads.start(run, "coaia-parallel") for _ in range(min(workers, len(items)))]
    if not any(started):
        run()
    found: Dict[int, Outcome] = {}
    try:
        while len(found) < len(items):
            index, outcome = done.get()
            if isinstance(outcome, BaseException):
                raise outcome
            found[index] = outcome
    finally:
        stopped.set()
    return [found[index] for index in range(len(items))]


def as_finished(
    work: Callable[[Any], Any], items: Iterator[Any], workers: int = WORKERS
) -> Iterator[Outcome]:
    """Yield the outcome of ``work(item)`` for every item, in the order in which they finish.

    An item is taken when its work begins, so that only ``workers`` of them are in memory. An
    exception that is not an ``Exception`` is raised here.
    """
    done: "queue.Queue[Any]" = queue.Queue()
    never = threading.Event()
    running = 0

    def begin(item: Any) -> None:
        def run() -> None:
            try:
                done.put(_outcome(work, item, (), never))
            except BaseException as error:  # the thread that called as_finished raises it
                done.put(error)

        if threads.start(run, "coaia-parallel") is None:
            run()

    def finished() -> Outcome:
        outcome = done.get()
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome  # type: ignore[no-any-return]

    for item in items:
        begin(item)
        running += 1
        if running == workers:
            yield finished()
            running -= 1
    for _ in range(running):
        yield finished()


def _outcome(
    work: Callable[[Any], Any],
    item: Any,
    stop_at: Tuple[Type[Exception], ...],
    stopped: threading.Event,
) -> Outcome:
    if stopped.is_set():
        return Outcome(item, was_tried=False)
    try:
        return Outcome(item, work(item))
    except Exception as error:
        if isinstance(error, stop_at):
            stopped.set()
        return Outcome(item, error=error)


def values_of(outcomes: Sequence[Outcome], expected: Tuple[Type[Exception], ...] = ()) -> List[Any]:
    """Return the values of outcomes; raise the first error among them.

    For an error of the types ``expected`` the value is ``None``.
    """
    for outcome in outcomes:
        if outcome.error is not None and not isinstance(outcome.error, expected):
            raise outcome.error
    return [outcome.value for outcome in outcomes]
