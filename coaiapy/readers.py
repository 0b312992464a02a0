"""Which reader answers for which server: the one place that chooses (and deletes)."""

from typing import Sequence, Union

from coaiapy import ids
from coaiapy.journal import Journal
from coaiapy.langfuse_generation import V4, server_for
from coaiapy.langfuse_http import LangfuseHttp, quoted
from coaiapy.reader_legacy import LegacyReader
from coaiapy.reader_local import LocalReader
from coaiapy.reader_v4 import SpanReader
from coaiapy.settings import Settings

# Servers take up to 1000 ids, and ask for no more than this.
DELETED_AT_ONCE = 50

Reader = Union[LocalReader, LegacyReader, SpanReader]


def reader_for(journal: Journal, settings: Settings) -> Reader:
    """Return the reader of the journal (in local mode) or of the server's generation."""
    if settings.is_local:
        return LocalReader(journal)
    http = LangfuseHttp(settings)
    if server_for(http, journal).generation == V4:
        return SpanReader(http)
    return LegacyReader(http)


def delete_on_server(http: LangfuseHttp, journal: Journal, trace_ids: Sequence[str]) -> None:
    """Ask the server to delete traces; ``RefusedError`` from one that cannot (v2)."""
    if server_for(http, journal).generation == V4:
        trace_ids = [ids.span_trace_id(trace_id) for trace_id in trace_ids]
    if len(trace_ids) == 1:
        http.request("DELETE", "/api/public/traces/" + quoted(trace_ids[0]), retry=True)
        return
    for start in range(0, len(trace_ids), DELETED_AT_ONCE):
        chunk = list(trace_ids[start : start + DELETED_AT_ONCE])
        http.request("DELETE", "/api/public/traces", json={"traceIds": chunk}, retry=True)
