"""The server generations that the test server simulates, and how they differ."""

from typing import Dict, NamedTuple


class Kind(NamedTuple):
    """A kind of Langfuse server: its version as `health` returns it, and its features."""

    name: str
    version: str
    zod: int  # the generation of its validator: the error texts differ
    otlp: bool  # has POST /otel/v1/traces, and the other routes newer than 2.x
    checks_spans: bool  # refuses a malformed span at once instead of losing the request later
    rows: bool  # has the events table and GET /v2/observations
    legacy: bool  # has the traces and observations tables and their routes


KINDS: Dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("v2", "2.95.12", 3, otlp=False, checks_spans=False, rows=False, legacy=True),
        Kind("v3", "3.225.4", 4, otlp=True, checks_spans=False, rows=False, legacy=True),
        Kind("v4-legacy", "4.16.0", 4, otlp=True, checks_spans=True, rows=False, legacy=True),
        Kind("v4-dual", "4.16.0", 4, otlp=True, checks_spans=True, rows=True, legacy=True),
        Kind("v4-events_only", "4.16.0", 4, otlp=True, checks_spans=True, rows=True, legacy=False),
    )
}
