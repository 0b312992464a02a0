"""Progress bars on stderr, where a person watches."""

from contextlib import contextmanager
from typing import Any, Callable, Iterator, Optional

from coaiapy.cli_streams import Context, is_terminal
from coaiapy.errors import ConfigError
from coaiapy.util.packages import require

_MINUTES = "{desc}: {percentage:3.0f}%|{bar}| {n:.1f}/{total:.1f} min [{elapsed}<{remaining}]"


@contextmanager
def seconds_bar(context: Context, name: str) -> Iterator[Callable[[float, Optional[float]], None]]:
    """Yield what is told how many seconds of how many are done (of ``None``: not known).

    The bar shows minutes.
    """
    bar = new_bar(context, desc=name, bar_format="{desc}: {n:.1f} min [{elapsed}]")

    def update(done: float, whole: Optional[float]) -> None:
        if bar is not None:
            if whole:
                bar.total, bar.bar_format = whole / 60, _MINUTES
            bar.n = done / 60
            bar.refresh()

    try:
        yield update
    finally:
        if bar is not None:
            bar.close()


@contextmanager
def steps_bar(
    context: Context, name: str, unit: str = "part"
) -> Iterator[Callable[[int, int], None]]:
    """Yield what is told how many steps of how many are done."""
    with _bar(context, name, unit) as update:
        yield update


@contextmanager
def _bar(context: Context, name: str, unit: str) -> Iterator[Any]:
    bar = new_bar(context, desc=name, unit=unit)

    def update(done: float, whole: Optional[float]) -> None:
        if bar is not None:
            bar.total = whole
            bar.update(done - bar.n)

    try:
        yield update
    finally:
        if bar is not None:
            bar.close()


def new_bar(context: Context, **options: Any) -> Any:
    """Return a ``tqdm`` bar on stderr, or ``None``: nobody watches or wants to, or the package is missing."""
    if context.quiet or not is_terminal(context.stderr):
        return None
    try:
        tqdm = require("tqdm").tqdm
    except ConfigError:
        return None  # a bar is no reason to fail
    # The thread that watches over idle bars would outlive the command.
    kind = type("Bar", (tqdm,), {"monitor_interval": 0})
    return kind(file=context.stderr, leave=False, **options)
