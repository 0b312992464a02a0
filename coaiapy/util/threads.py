"""Work in daemon threads: on many items at once, or on one with a time limit.

All threads of coaia are started here; what they need is imported before, in the thread that starts
them. An import in a thread can wait for ever for one in another thread: several locks are held
meanwhile, and packages take them in any order.
"""

import queue
import threading
from typing import (
    Any,
    Callable,
    Dict,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
    Type,
    TypeVar,
)

from coaiapy.util import deadlines
from coaiapy.util.packages import require

WORKERS = 8
T = TypeVar("T")


def start(
    work: Callable[[], None], name: str, makes_requests: bool = True
) -> Optional[threading.Thread]:
    """Run ``work`` in a daemon thread, which does not keep the program from ending.

    The limit of the thread that calls this (see ``deadlines``) is that of the new one as well.

    Without ``makes_requests`` it uses other packages, which are imported already. Returns ``None``
    if the system allows no further thread: the caller does the work itself.
    """
    if makes_requests:
        prepare()
    limit = deadlines.current()

    def run() -> None:
        with deadlines.handed_on(limit):
            work()

    thread = threading.Thread(target=run, name=name, daemon=True)
    try:
        thread.start()
    except RuntimeError:
        return None
    return thread


def prepare(url: str = "") -> None:
    """Import what a request to ``url`` uses; a thread for requests to any other does not need that.

    ``requests`` imports the rest of what it needs itself, but not what a host that is not ASCII
    takes: of a URL for the codec and a table, of a proxy for the codec.
    """
    require("requests")
    require("encodings.punycode")
    if any(ord(character) > 127 for character in url):
        require("idna.uts46data", "idna")


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

    started = [start(run, "coaia-parallel") for _ in range(min(workers, len(items)))]
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

        if start(run, "coaia-parallel") is None:
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

    thread = start(run, "coaia-within", makes_requests)
    if thread is None:
        run()
    else:
        thread.join(seconds)
    if "error" in outcome:
        raise outcome["error"]
    if "value" not in outcome:
        raise OvertimeError()
    return outcome["value"]  # type: ignore[no-any-return]
