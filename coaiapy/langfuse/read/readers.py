"""Chooses the reader for the settings' server, and deletes traces on it."""

from typing import Any, Callable, List, Sequence

from coaiapy.config.settings import Settings
from coaiapy.errors import RefusedError
from coaiapy.langfuse.journal.db import Journal
from coaiapy.langfuse.read.local import LocalReader
from coaiapy.langfuse.records import ids

# Servers accept up to 1000 ids in a request, but their documentation recommends at most 50.
DELETED_AT_ONCE = 50
TRACES = "/api/public/traces"

# A function that gets a reader and returns what it has read. It must not return a lazy iterator,
# which would ask the server after the client is closed.
Question = Callable[[Any], Any]


def read(
    journal: Journal,
    settings: Settings,
    ask: Question,
    hasty: bool = False,
) -> Any:
    """Return ``ask(reader)``: with the journal's reader in local mode, else with the server's.

    With ``hasty`` there is no retry after a missing response.
    """
    if settings.is_local:
        return ask(LocalReader(journal))

    def of_reader(http: Any, server: Any) -> Any:
        return ask(_reader(http, server))

    return of_server(journal, settings, of_reader, hasty=hasty)


def of_server(
    journal: Journal, settings: Settings, ask: Callable[[Any, Any], Any], **options: bool
) -> Any:
    """Return ``ask(client, server)`` with a ``LangfuseHttp`` and a ``Server``.

    ``options`` are those of ``reachability.client``.

    If the server turns out to be of another generation than the journal says, it is detected again
    and ``ask`` is called once more.
    """
    from coaiapy.langfuse.client import reachability
    from coaiapy.langfuse.client import server as servers
    from coaiapy.langfuse.client.errors import WrongDialectError

    with reachability.client(settings, journal, **options) as http:
        known = servers.server_for(http, journal)
        try:
            return ask(http, known)
        except WrongDialectError:
            servers.forget(journal, settings.base_url)
            found = servers.server_for(http, journal)
            if found == known:
                raise
            return ask(http, found)


def _reader(http: Any, server: Any) -> Any:
    if server.keeps_spans:
        from coaiapy.langfuse.read.v4.reader import SpanReader

        return SpanReader(http)
    from coaiapy.langfuse.read.v3 import LegacyReader

    return LegacyReader(http, server)


def delete_on_server(journal: Journal, settings: Settings, trace_ids: Sequence[str]) -> None:
    """Delete traces on the server, under every form that their ids may have there.

    Raises ``RefusedError`` if the server cannot delete traces, as with v2.
    """
    from coaiapy.langfuse.client import reachability
    from coaiapy.langfuse.client.errors import WrongDialectError
    from coaiapy.langfuse.client.http import quoted
    from coaiapy.langfuse.client.server import server_for

    forms: List[str] = []
    for trace_id in trace_ids:
        forms.extend(form for form in ids.known_forms(trace_id) if form not in forms)
    with reachability.client(settings, journal) as http:
        try:
            if len(forms) == 1:
                http.request("DELETE", TRACES + "/" + quoted(forms[0]), retry=True)
            for start in range(0, len(forms) if len(forms) > 1 else 0, DELETED_AT_ONCE):
                chunk = forms[start : start + DELETED_AT_ONCE]
                http.request("DELETE", TRACES, json={"traceIds": chunk}, retry=True)
        except WrongDialectError as error:
            version = server_for(http, journal).version or "unknown"
            raise RefusedError(
                "{} (version {}) cannot delete traces on demand: delete them on its web "
                "page".format(http.shown_url, version)
            ) from error
