"""From the journal to the server: what was written is sent, and acknowledged record by record."""

from typing import NamedTuple, Optional, Tuple

from coaiapy.errors import CoaiaError
from coaiapy.journal import LOCAL, Journal, Written
from coaiapy.settings import Settings

# Seconds that one command may spend on sending.
DEADLINE = 15.0


class Rejected(NamedTuple):
    """A record that the server refused for good, and why."""

    kind: str
    id: str
    reason: str


class Outcome(NamedTuple):
    """What became of the records that a command wrote."""

    changed: int
    is_local: bool = False
    sent: int = 0
    waiting: int = 0
    rejected: Tuple[Rejected, ...] = ()
    problem: Optional[CoaiaError] = None


def destination_of(journal: Journal, settings: Settings) -> int:
    """Return the journal's number for the project that the settings write to."""
    if settings.is_local:
        return LOCAL
    return journal.destination(settings.base_url, settings.public_key)


def deliver(journal: Journal, settings: Settings, written: Written, seconds: float) -> Outcome:
    """Send what waits, the given rows first, and return what became of them."""
    return Outcome(changed=written.changed, is_local=True)
