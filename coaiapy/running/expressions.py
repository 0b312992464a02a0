"""Uses regular expressions of a user or a stranger, in bounded time: to mask texts, to check values.

An expression can take for ever on some text, and nothing in Python ends that. So it works in a
process of its own, which is killed when the time is over.
"""

import os
import selectors
import signal
import time
from typing import Callable, List, Optional, Pattern, Sequence

from coaiapy import patience
from coaiapy.errors import UsageError
from coaiapy.util.masking import MASK
from coaiapy.util.text.parsing import expression

WITHHELD = "(not recorded: masking it took longer than {:g} s)".format(patience.EXPRESSIONS)


class Expressions:
    """Regular expressions of a user; raises ``UsageError`` for one that is wrong.

    When their time is over, all further texts are withheld.
    """

    def __init__(self, given: Sequence[str]) -> None:
        self._patterns: List[Pattern[str]] = [_compiled(one) for one in given]
        self._left = patience.EXPRESSIONS

    def __call__(self, text: str) -> str:
        """Return ``text`` with ``****`` for each match, or ``WITHHELD``."""
        if not (self._patterns and text):
            return text
        begun = time.monotonic()
        found = _masked(self._patterns, text, self._left) if self._left > 0 else None
        self._left -= time.monotonic() - begun
        if found is None:
            self._left = 0
            return WITHHELD
        return found


def _compiled(text: str) -> Pattern[str]:
    try:
        found: Pattern[str] = expression(text)
    except ValueError as error:
        raise UsageError("--redact {!r} {}".format(text, error)) from error
    if found.match(""):
        raise UsageError(
            "--redact {!r} also matches nothing at all: name what to mask".format(text)
        )
    return found


def can_be_bounded() -> bool:
    """Tell whether this system can end a search that takes too long."""
    return hasattr(os, "fork")


def found_in(pattern: str, texts: Sequence[str], seconds: float) -> Optional[List[bool]]:
    """Tell of each text whether the pattern is found in it; ``None`` if that takes too long."""
    wanted = expression(pattern)

    def search() -> str:
        return "".join("1" if wanted.search(text) else "0" for text in texts)

    said = _apart(search, seconds)
    return None if said is None else [letter == "1" for letter in said]


def _masked(patterns: Sequence[Pattern[str]], text: str, seconds: float) -> Optional[str]:
    def mask() -> str:
        masked = text
        for pattern in patterns:
            masked = pattern.sub(MASK, masked)
        return masked

    return _apart(mask, seconds)


def _apart(work: Callable[[], str], seconds: float) -> Optional[str]:
    """Return what ``work`` returns in a process of its own, ``None`` if it takes too long."""
    reading, writing = os.pipe()
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, signal.Signals)
    try:
        process = os.fork()
        if not process:
            _work(work, writing)
    except OSError:  # no further process: then nobody does it
        os.close(reading)
        return None
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        os.close(writing)
    said = None
    try:
        said = _read(reading, time.monotonic() + seconds)
    finally:
        os.close(reading)
        _end(process, is_late=said is None)
    return None if said is None else said.decode("utf-8", "surrogatepass")


def _end(process: int, is_late: bool) -> None:
    try:
        if is_late:
            os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
    except (ProcessLookupError, ChildProcessError):
        pass  # where the caller of this process ignores the end of processes


def _work(work: Callable[[], str], writing: int) -> None:
    """In the new process: write the size of the text that is made, and the text."""
    try:
        data = work().encode("utf-8", "surrogatepass")
        with os.fdopen(writing, "wb") as stream:
            stream.write("{}:".format(len(data)).encode("ascii") + data)
    finally:
        os._exit(0)


def _read(reading: int, end: float) -> Optional[bytes]:
    """Return the whole text, ``None`` if it is not there by ``end``."""
    said = b""
    with selectors.DefaultSelector() as selector:
        selector.register(reading, selectors.EVENT_READ)
        while selector.select(max(0.0, end - time.monotonic())):
            part = os.read(reading, 1 << 16)
            if not part:
                size, _, data = said.partition(b":")
                return data if size == str(len(data)).encode("ascii") else None
            said += part
    return None
