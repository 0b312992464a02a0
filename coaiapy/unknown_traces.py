"""Traces of which the journal has only observations: others made them, or nobody has.

Locally and on a v4 server a trace is there as soon as it has an observation. A v2 or v3 server
shows only the traces that it was told of. So it is told of those that it does not know; of no
others, because a trace that it is told of again is public no more.
"""

from typing import Any, Iterable, Iterator

from coaiapy import journal_reads
from coaiapy.errors import CoaiaError
from coaiapy.journal import Journal
from coaiapy.records import Kept
from coaiapy.settings import Settings


def note(trace_id: str) -> str:
    """Return what the writer of an observation should know: its trace may be mistyped."""
    return (
        "trace {!r} was not known here before; if it is new, "
        "coaia fuse traces create gives it a name".format(trace_id)
    )


def missing_on_server(
    journal: Journal, settings: Settings, destination: int, trace_ids: Iterable[str]
) -> Iterator[Kept]:
    """Yield what a server of v2 or v3 must be told of these traces, as far as it answers now."""
    from coaiapy.langfuse_generation import LEGACY, recall
    from coaiapy.readers import read

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
