"""One record on its way to a server, with all that its encoding needs to know."""

from typing import NamedTuple

from coaiapy.record_fields import Body


class Outgoing(NamedTuple):
    """A record in one revision.

    ``event_id`` is the same on every retry of a revision and new for the next one. ``context`` is
    the body of the trace that the record belongs to, ``{}`` where the journal does not know it.
    ``written_at`` (seconds since 1970, 0 if unknown) is when the revision was written: servers
    put the changes of one record in the order of their times.
    """

    row: int
    revision: int
    kind: str
    body: Body
    event_id: str
    context: Body = {}
    written_at: float = 0.0
