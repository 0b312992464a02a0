"""What ``coaiapy.observe`` returns: a step for a ``with`` block, or a decorator for functions.

Functions may be plain, async, generators or async generators. In a generator a step lasts from its
first item to its end, and is the active one only while the generator itself works.
"""

import functools
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, TypeVar, cast

from coaiapy.langfuse.traces import current
from coaiapy.langfuse.traces.observing.steps import Plan, Run, Step, storable
from coaiapy.util.masking import MASK, looks_secret

F = TypeVar("F", bound=Callable[..., Any])
# What of the items of a generator is kept as its output: characters of texts, else items.
MOST_CHARACTERS = 1 << 20
MOST_ITEMS = 100


class Observed:
    """A step that is about to begin: with ``with``, or with each call of a decorated function."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._entered: List[Any] = []

    def __enter__(self) -> Step:
        run = Run(self._plan)
        inside = current.Inside(run.position)
        inside.__enter__()
        self._entered.append((run, inside))
        return run.step

    def __exit__(self, kind: Any, error: Optional[BaseException], place: Any) -> None:
        run, inside = self._entered.pop()
        inside.__exit__(None, None, None)
        run.close(error)

    def __call__(self, func: F) -> F:
        """Return ``func`` as a function that is recorded with each call."""
        import inspect

        if isinstance(func, (staticmethod, classmethod)):
            return cast(F, type(func)(self(func.__func__)))
        calls = _Calls(self._plan, func)
        if inspect.isasyncgenfunction(func):
            return cast(F, _async_generator(calls))
        if inspect.iscoroutinefunction(func):
            return cast(F, _async_function(calls))
        if inspect.isgeneratorfunction(func):
            return cast(F, _generator(calls))
        return cast(F, _function(calls))


class _Calls:
    """The calls of a decorated function."""

    def __init__(self, plan: Plan, func: Callable[..., Any]) -> None:
        name = plan.name or getattr(func, "__name__", type(func).__name__)
        self.func = func
        self._plan = plan._replace(name=name)

    def begin(self, args: Any, kwargs: Mapping[str, Any]) -> Run:
        """Begin a step for a call with these arguments."""
        if self._plan.input is not None or not self._plan.capture:
            return Run(self._plan)
        return Run(self._plan._replace(input=self._arguments(args, kwargs)))

    @contextmanager
    def running(self, args: Any, kwargs: Mapping[str, Any]) -> Iterator[Run]:
        """Observe one call: the block is what it does, and its end or error is recorded."""
        run = self.begin(args, kwargs)
        try:
            with current.Inside(run.position):
                yield run
        except BaseException as error:
            run.close(error)
            raise
        run.close()

    def returned(self, run: Run, value: Any) -> Any:
        """Note what a call has returned, unless the function has set an output; return it."""
        if self._plan.capture and run.step.output is None:
            run.step.output = storable(value)
        return value

    def _arguments(self, args: Any, kwargs: Mapping[str, Any]) -> Optional[Dict[str, Any]]:
        """Return the arguments by name, secrets masked, without the object of a method."""
        import inspect

        try:
            bound = dict(inspect.signature(self.func).bind(*args, **kwargs).arguments)
        except (TypeError, ValueError):
            bound = dict(kwargs, args=list(args)) if args else dict(kwargs)
        if bound and next(iter(bound)) in ("self", "cls"):
            del bound[next(iter(bound))]
        return {
            name: MASK if looks_secret(name) else storable(value) for name, value in bound.items()
        }


def _function(calls: _Calls) -> Callable[..., Any]:
    @functools.wraps(calls.func)
    def observed(*args: Any, **kwargs: Any) -> Any:
        with calls.running(args, kwargs) as run:
            return calls.returned(run, calls.func(*args, **kwargs))

    return observed


def _async_function(calls: _Calls) -> Callable[..., Any]:
    @functools.wraps(calls.func)
    async def observed(*args: Any, **kwargs: Any) -> Any:
        with calls.running(args, kwargs) as run:
            return calls.returned(run, await calls.func(*args, **kwargs))

    return observed


def _generator(calls: _Calls) -> Callable[..., Any]:
    @functools.wraps(calls.func)
    def observed(*args: Any, **kwargs: Any) -> Any:
        run, items = calls.begin(args, kwargs), _Items()
        source = calls.func(*args, **kwargs)
        step, given = source.send, None
        try:
            while True:
                try:
                    with current.Inside(run.position):
                        item = step(given)
                except StopIteration as end:
                    calls.returned(run, items.or_value(end.value))
                    run.close()
                    return end.value
                items.add(item)
                try:
                    given = yield item
                    step = source.send
                except GeneratorExit:
                    with current.Inside(run.position):
                        source.close()
                    raise
                except BaseException as error:
                    step, given = source.throw, error
        except BaseException as error:
            calls.returned(run, items.or_value(None))
            run.close(error)
            raise

    return observed


def _async_generator(calls: _Calls) -> Callable[..., Any]:
    @functools.wraps(calls.func)
    async def observed(*args: Any, **kwargs: Any) -> Any:
        run, items = calls.begin(args, kwargs), _Items()
        source = calls.func(*args, **kwargs)
        step, given = source.asend, None
        try:
            while True:
                try:
                    with current.Inside(run.position):
                        item = await step(given)
                except StopAsyncIteration:
                    calls.returned(run, items.or_value(None))
                    run.close()
                    return
                items.add(item)
                try:
                    given = yield item
                    step = source.asend
                except GeneratorExit:
                    with current.Inside(run.position):
                        await source.aclose()
                    raise
                except BaseException as error:
                    step, given = source.athrow, error
        except BaseException as error:
            calls.returned(run, items.or_value(None))
            run.close(error)
            raise

    return observed


class _Items:
    """What of the items of a generator becomes its output: one text of texts, else a list."""

    def __init__(self) -> None:
        self._kept: List[Any] = []
        self._are_texts = True
        self._size = 0

    def add(self, item: Any) -> None:
        """Keep an item, as long as there is room."""
        self._are_texts = self._are_texts and isinstance(item, str)
        self._size += len(item) if isinstance(item, str) else 1
        if self._size <= (MOST_CHARACTERS if self._are_texts else MOST_ITEMS):
            self._kept.append(storable(item))

    def or_value(self, value: Any) -> Any:
        """Return ``value`` if there is one, else the items."""
        if value is not None or not self._kept:
            return value
        return "".join(self._kept) if self._are_texts else self._kept
