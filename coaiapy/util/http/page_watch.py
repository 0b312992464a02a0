"""Ends listings that have no end: pages that repeat, that come forever, or that take too long."""

from typing import Any, Iterable, List, Set

from coaiapy import patience
from coaiapy.errors import NetworkError
from coaiapy.util import deadlines
from coaiapy.util.deadlines import Deadline

MOST_ROWS = 1000000
MOST_BYTES = 2 << 30
# What is written during a listing may push a whole page of known rows to the next one, but hardly
# several times in a row.
MOST_KNOWN_PAGES = 10


class PageWatch:
    """Watches the pages of one listing of ``who``, the name of the server in messages."""

    def __init__(self, who: str) -> None:
        self.who = who
        self._deadline = deadlines.whole(patience.LISTING)
        self._seen: Set[int] = set()
        self._known_pages = 0
        self._bytes = 0

    def received(self, body: bytes) -> None:
        """Count the body of an answer to this listing."""
        self._bytes += len(body)

    def time_for_page(self, seconds: float) -> Deadline:
        """Return the deadline for the next page, which may take ``seconds``."""
        return self._deadline.within(seconds)

    def is_new(self, keys: Iterable[Any]) -> List[bool]:
        """Tell of each row of a page, by its key, whether it is new in this listing.

        Raises ``NetworkError`` if the listing has to be given up.
        """
        found = []
        for key in keys:
            before = len(self._seen)
            self._seen.add(hash(key))
            found.append(len(self._seen) > before)
        self._known_pages = 0 if any(found) else self._known_pages + 1
        self.check()
        return found

    def check(self) -> None:
        """Raise ``NetworkError`` if the listing has to be given up."""
        if self._known_pages >= MOST_KNOWN_PAGES:
            raise NetworkError(
                "{} repeats the same {} rows on every page, so the listing has no end: check that "
                "its address is right, or ask for fewer rows with a limit".format(
                    self.who, len(self._seen)
                )
            )
        if len(self._seen) > MOST_ROWS:
            raise NetworkError(
                "{} lists more than {} rows: ask for fewer with a filter or a limit".format(
                    self.who, MOST_ROWS
                )
            )
        if self._bytes > MOST_BYTES:
            raise NetworkError(
                "{} lists more than {} MB ({} rows so far): ask for fewer with a filter or a "
                "limit".format(self.who, MOST_BYTES >> 20, len(self._seen))
            )
        if not self._deadline.left:
            raise NetworkError(
                "{} has not listed everything within {:g} s ({} rows so far): ask for fewer with a "
                "filter or a limit, or raise --timeout".format(
                    self.who, self._deadline.seconds, len(self._seen)
                )
            )
