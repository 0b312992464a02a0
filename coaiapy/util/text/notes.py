"""Notes: sentences that library code has for the user, and who hears them."""

from contextlib import contextmanager
from typing import Callable, Iterator, Set

Note = Callable[[str], None]


def ignore_note(sentence: str) -> None:
    """Ignore a note: the default of ``note``, for callers that do not want them."""


_listener: Note = ignore_note


_told: Set[str] = set()


@contextmanager
def heard_by(note: Note) -> Iterator[None]:
    """Have ``note`` called for each sentence of ``tell`` in the block, once for each."""
    global _listener
    before, _listener = _listener, note
    _told.clear()
    try:
        yield
    finally:
        _listener = before


def tell(sentence: str) -> None:
    """Say something that every command has to say, and that no caller expects.

    Without a listener, as in a script, nobody hears it.
    """
    if sentence not in _told:
        _told.add(sentence)
        _listener(sentence)
