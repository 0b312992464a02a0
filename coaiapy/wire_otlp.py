"""Encodes records as OTLP/JSON for ``POST /api/public/otel/v1/traces`` of v4 servers.

A trace becomes a root span, an observation a span below it, and every span repeats the trace's
fields. A malformed span makes the server refuse the whole request (v4) or is silently lost (v3).
Spans are therefore always well-formed, and ``check`` refuses records that cannot be spans.
"""

from typing import Iterable, List, Optional, Tuple

from coaiapy import __version__
from coaiapy.langfuse.client.metadata import SCOPE
from coaiapy.langfuse.client.wire import (
    ACCEPTED,
    MAX_BYTES,
    REFUSED,
    Encoded,
    Request,
    Verdict,
    in_chunks,
    to_text,
    whole_request,
)
from coaiapy.langfuse.journal.claims import Outgoing
from coaiapy.span_text import SpanWriter, text_attribute
from coaiapy.util.http.answers import parsed

PATH = "/api/public/otel/v1/traces"
_HEADERS = {
    "Content-Type": "application/json",
    "Content-Encoding": "gzip",
    "x-langfuse-ingestion-version": "4",
}
# Spans have times in nanoseconds since 1970, in 64 bits, which allow only these years.
_FIRST_YEAR = "1970"
_LAST_YEAR = "2261"


def encode(items: Iterable[Outgoing], limit: int = MAX_BYTES) -> Encoded:
    """Return the requests for traces and observations, in their order.

    Each has at most ``limit`` bytes before compression, unless a single span is larger.
    """
    refused: List[Verdict] = []
    opening, closing = _frame()
    writer = SpanWriter()

    def spans() -> Iterable[Tuple[Outgoing, bytes]]:
        for item in items:
            reason = check(item)
            if reason is None:
                yield item, writer.text_of(item).encode("utf-8", "replace")
            else:
                refused.append(Verdict(item, REFUSED, reason))

    requests = [
        Request(PATH, _HEADERS, opening + text + closing, held)
        for held, text in in_chunks(spans(), limit - len(opening) - len(closing))
    ]
    return Encoded(requests, refused)


def outcome(status: int, body: bytes, items: List[Outgoing]) -> List[Verdict]:
    """Return one verdict for each record; a request is accepted or refused as a whole."""
    if 200 <= status < 300 and _is_acceptance(body):
        return [Verdict(item, ACCEPTED) for item in items]
    return whole_request(status, body, items)


def _is_acceptance(body: bytes) -> bool:
    """Tell whether the body of a 2xx response is from Langfuse: its job object, or ``{}``.

    A proxy or a login page may also answer 200, with an empty body, HTML or an error object.
    """
    try:
        said = parsed(body)
    except ValueError:
        return False
    if not isinstance(said, dict) or said.get("error") or said.get("message"):
        return False
    partial = said.get("partialSuccess")
    return not (isinstance(partial, dict) and str(partial.get("rejectedSpans") or 0) != "0")


def check(item: Outgoing) -> Optional[str]:
    """Return why a record cannot be a span, or ``None`` if it can."""
    if item.kind not in ("trace", "observation"):
        return "a {} cannot be a span".format(item.kind)
    for name in ("timestamp", "startTime", "endTime"):
        text = item.body.get(name)
        if text is not None and not _FIRST_YEAR <= text[:4] <= _LAST_YEAR:
            return "{} {} is outside the years {} to {} that a span can have".format(
                name, text, _FIRST_YEAR, _LAST_YEAR
            )
    if not 0 <= item.body.get("promptVersion", 0) < 2**31:
        return "promptVersion {} is not a valid version of a prompt".format(
            item.body["promptVersion"]
        )
    return None


def _frame() -> Tuple[bytes, bytes]:
    """Return the JSON text before and after the spans of a request.

    The resource has no ``service.version``: the server would take it for the trace's version.
    """
    opening = (
        '{{"resourceSpans":[{{"resource":{{"attributes":[{}]}},"scopeSpans":[{{"scope":{},"spans":['
    )
    scope = to_text({"name": SCOPE, "version": __version__})
    return opening.format(text_attribute("service.name", SCOPE), scope).encode("ascii"), b"]}]}]}"
