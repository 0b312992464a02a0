"""What became of the records that a command has written."""

from typing import NamedTuple, Optional, Tuple

from coaiapy.errors import CoaiaError
from coaiapy.langfuse.journal.schema import LOCAL

# What becomes of the records that wait.
SENT_LATER = "a later command will send it, or run: coaia fuse outbox flush"


class Rejected(NamedTuple):
    """A record that the server has refused, and why."""

    row: int
    kind: str
    id: str
    reason: str


class Outcome(NamedTuple):
    """The result of sending the records that a command has written, as numbers of records.

    ``changed``: new or changed in the journal. ``backlog``: were waiting before, and were sent now.
    ``is_off``: kept here only because tracing is turned off. ``waiting``: are still in the outbox.
    ``elsewhere``: wait for other servers and projects (only set by ``flush``). ``is_left``: they
    wait because the settings leave them to the background or to a flush. ``destination`` is their
    destination (see ``destinations``), ``problem`` why they wait, ``messages`` are sentences for the
    user.
    """

    changed: int
    is_local: bool = False
    is_off: bool = False
    destination: int = LOCAL
    sent: int = 0
    backlog: int = 0
    waiting: int = 0
    elsewhere: int = 0
    is_left: bool = False
    rejected: Tuple[Rejected, ...] = ()
    problem: Optional[CoaiaError] = None
    messages: Tuple[str, ...] = ()
