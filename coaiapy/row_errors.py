"""Collects the mistakes in a file of many rows into one error."""

from typing import List

from coaiapy.errors import UsageError

MAX_SHOWN = 20


class RowErrors:
    """Counts the wrong rows of a file, and keeps the errors of the first ``MAX_SHOWN``."""

    def __init__(self) -> None:
        self.count = 0
        self._shown: List[str] = []

    def add(self, place: str, error: Exception) -> None:
        """Add an error at a place such as ``line 3``."""
        self.count += 1
        if self.count <= MAX_SHOWN:
            self._shown.append("{}: {}".format(place, error))

    def check(self, total: int, rows: str, undone: str) -> None:
        """Raise ``UsageError`` if there were errors.

        ``rows`` and ``undone`` are words for the message, such as "items" and "sent": "2 of 9 items
        are wrong, so nothing was sent".
        """
        if not self.count:
            return
        lines = list(self._shown)
        if self.count > len(lines):
            lines.append("and {} more".format(self.count - len(lines)))
        raise UsageError(
            "{} of {} {} are wrong, so nothing was {}:\n  {}".format(
                self.count, total, rows, undone, "\n  ".join(lines)
            )
        )
