"""Collects the mistakes in a file of many rows into one error."""

from typing import Dict, List

from coaiapy.errors import UsageError

MAX_SHOWN = 20
# The most places that are named for one mistake.
_PLACES = 3


class RowErrors:
    """Counts the wrong rows of a file, and keeps the first ``MAX_SHOWN`` different mistakes."""

    def __init__(self) -> None:
        self.count = 0
        self._places: Dict[str, List[str]] = {}
        self._untold = 0

    def add(self, place: str, error: Exception) -> None:
        """Add an error at a place such as ``line 3``."""
        self.count += 1
        said = str(error)
        if said in self._places or len(self._places) < MAX_SHOWN:
            self._places.setdefault(said, []).append(place)
        else:
            self._untold += 1

    def check(self, total: int, rows: str, undone: str) -> None:
        """Raise ``UsageError`` if there were errors; the same mistake is told once.

        ``rows`` and ``undone`` are words for the message, such as "items" and "sent": "2 of 9 items
        are wrong, so nothing was sent".
        """
        if not self.count:
            return
        lines = ["{}: {}".format(_listed(self._places[said]), said) for said in self._places]
        if self._untold:
            lines.append("and {} more".format(self._untold))
        raise UsageError(
            "{} of {} {} are wrong, so nothing was {}:\n  {}".format(
                self.count, total, rows, undone, "\n  ".join(lines)
            )
        )


def _listed(places: List[str]) -> str:
    more = len(places) - _PLACES
    return ", ".join(places[:_PLACES]) + (" and {} more".format(more) if more > 0 else "")
