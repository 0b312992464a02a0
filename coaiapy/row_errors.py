"""What is wrong in a file of many rows, told in one error at the end."""

from typing import List

from coaiapy.errors import UsageError

MAX_SHOWN = 20


class RowErrors:
    """Counts the wrong rows of a file, and keeps what is wrong with the first of them."""

    def __init__(self) -> None:
        self.count = 0
        self._shown: List[str] = []

    def add(self, place: str, error: Exception) -> None:
        """Note what is wrong at a place such as ``line 3``."""
        self.count += 1
        if self.count <= MAX_SHOWN:
            self._shown.append("{}: {}".format(place, error))

    def check(self, total: int, rows: str, undone: str) -> None:
        """Raise ``UsageError`` when a row was wrong; ``undone`` says what did not happen."""
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
