"""A record to send, with everything that its encoding needs."""

from typing import NamedTuple

from coaiapy.langfuse.records.fields import Body


class Outgoing(NamedTuple):
    """One revision of a record.

    ``row`` is its row in the journal, ``event`` the random id that it has there. ``context`` is the
    body of its trace, ``{}`` if the journal does not have it; its ``hasRoot`` is false if coaia has
    not written the trace's root span. ``written_at`` is when the revision
    was written (seconds since 1970, 0 if unknown); servers apply the changes of a record in this
    order.
    """

    row: int
    revision: int
    kind: str
    body: Body
    event: str
    context: Body = {}
    written_at: float = 0.0

    @property
    def event_id(self) -> str:
        """The same id for every retry of a revision, and a new one for the next revision."""
        return "{}-{}".format(self.event, self.revision)
