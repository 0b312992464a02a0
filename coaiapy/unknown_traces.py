"""Traces of which the journal has only observations: written by others, or not created at all.

Locally and on a v4 server a trace exists as soon as it has an observation. A server of v2 or v3
shows only traces that were created, so that missing ones are created there. Those that exist are
left alone: creating a trace again would make a public one private.
"""

from typing import Any, Iterable, Iterator

from coaiapy.config.settings import Settings
from coaiapy.errors import CoaiaError
from coaiapy.langfuse.journal import reads as journal_reads
from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.records.records import Kept


def note(trace_id: str) -> str:
    """Return a note for the user about an unknown trace, whose id may be mistyped."""
    return (
        "trace {!r} was not known here before; if it is new, "
        "coaia fuse traces create gives it a name".format(trace_id)
    )


def missing_on_server(
    journal: Journal, settings: Settings, destination: int, trace_ids: Iterable[str]
) -> Iterator[Kept]:
    """Yield those of the traces that must be created on a server of v2 or v3.

    Yields nothing for other servers, and stops when the server does not respond.
    """
    from coaiapy.langfuse.client.server import LEGACY, recall
    from coaiapy.langfuse.read.readers import read

    server = recall(journal, settings.base_url)
    if server is None or server.generation != LEGACY:
        return
    for trace_id in trace_ids:
        try:
            found = read(journal, settings, _has(trace_id), hasty=True)
        except CoaiaError:
            return
        body = journal_reads.trace(journal, destination, trace_id)
        if found is None and body is not None:
            yield Kept("trace", body)


def _has(trace_id: str) -> Any:
    return lambda reader: reader.trace(trace_id)
