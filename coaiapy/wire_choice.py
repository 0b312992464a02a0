"""Chooses the wire format (OTLP spans or ingestion events) for each record and server."""

from typing import Iterable, List

from coaiapy import wire_ingestion, wire_otlp
from coaiapy.langfuse.client.server import V4, Server
from coaiapy.langfuse.client.wire import Encoded, Request, Verdict
from coaiapy.langfuse.journal.claims import Outgoing
from coaiapy.util.http.answers import Answer


def encode(server: Server, items: Iterable[Outgoing]) -> Encoded:
    """Return the requests for ``items``: spans for a v4 server, ingestion events for others.

    Scores are sent as events to every server.
    """
    spans: List[Outgoing] = []
    events: List[Outgoing] = []
    for item in items:
        is_span = server.generation == V4 and item.kind != "score"
        (spans if is_span else events).append(item)
    encoded = [wire_otlp.encode(spans), wire_ingestion.encode(events, server)]
    return Encoded(
        [request for part in encoded for request in part.requests],
        [verdict for part in encoded for verdict in part.refused],
    )


def outcome(answer: Answer, request: Request) -> List[Verdict]:
    """Return what the server's response means for each record of the request."""
    wire = wire_otlp if request.path == wire_otlp.PATH else wire_ingestion
    return wire.outcome(answer.status, answer.body, request.items)
