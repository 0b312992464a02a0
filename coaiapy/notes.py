"""Notes: sentences for the user about something that is worth knowing but is not an error.

A function that may have one takes a parameter ``note`` and calls it with the sentence.
"""

from typing import Callable

Note = Callable[[str], None]


def ignore_note(sentence: str) -> None:
    """Ignore a note: the default of ``note``, for callers that do not want them."""
