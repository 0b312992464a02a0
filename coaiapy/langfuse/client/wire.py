"""The types that both wire formats share: requests, and the verdict on each record in them."""

import json
import zlib
from typing import Any, Iterable, Iterator, List, NamedTuple, Tuple

from coaiapy.langfuse.client.errors import is_other_generation
from coaiapy.langfuse.journal.claims import Outgoing
from coaiapy.langfuse.records.body import Body
from coaiapy.util.formats.json_values import compact
from coaiapy.util.http.answers import message_of
from coaiapy.util.http.retry import is_temporary

# Servers refuse a body of more than 4.5 MB; their documentation advises to stay below 3.5 MB.
MAX_BYTES = 3000000
_COMPRESSION = 3

ACCEPTED = "accepted"
REFUSED = "refused"  # the record is wrong: mark it as rejected, with the reason
RETRY = "retry"  # send it again later, unchanged
SPLIT = "split"  # one record of the request is wrong: send it again in two halves
WRONG_DIALECT = "wrong dialect"  # the record may be good: detect the server's generation again
CREDENTIALS = "credentials"  # the server refuses the keys: keep all records, and stop


class Request(NamedTuple):
    """One POST request and the records in it.

    ``content`` is the body before compression; whether it is compressed is in the headers.
    """

    path: str
    headers: Body
    content: bytes
    items: List[Outgoing]

    @property
    def body(self) -> bytes:
        """The bytes of the body; zlib lets other threads run while it compresses."""
        is_packed = self.headers.get("Content-Encoding") == "gzip"
        return _gzip(self.content) if is_packed else self.content


class Verdict(NamedTuple):
    """What a response means for one record; ``reason`` is a sentence, empty when accepted."""

    item: Outgoing
    state: str
    reason: str = ""


class Encoded(NamedTuple):
    """The requests for some records, and verdicts on those that cannot be sent."""

    requests: List[Request]
    refused: List[Verdict]


def _gzip(data: bytes) -> bytes:
    """Return data compressed; the same data gives the same bytes, so that retries are equal."""
    compressor = zlib.compressobj(_COMPRESSION, zlib.DEFLATED, 31)
    return compressor.compress(data) + compressor.flush()


_encode = compact(allow_nan=False)


def to_bytes(value: Any) -> bytes:
    """Return strict compact JSON as UTF-8: without NaN, infinity and lone surrogates."""
    return to_text(value).encode("utf-8", "replace")


def to_text(value: Any) -> str:
    """Return compact JSON text; a number that JSON does not have is written as text."""
    try:
        return _encode(value)
    except ValueError:
        return _encode(_finite(value))


def _finite(value: Any) -> Any:
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return json.dumps(value)
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return value


def in_chunks(
    parts: Iterable[Tuple[Outgoing, bytes]], limit: int
) -> Iterator[Tuple[List[Outgoing], bytes]]:
    """Yield chunks of (records, their parts joined by commas), each of at most ``limit`` bytes.

    A single part that is longer gets its own chunk. The order is kept.
    """
    items: List[Outgoing] = []
    texts: List[bytes] = []
    size = 0
    for item, text in parts:
        if texts and size + len(text) + 1 > limit:
            yield items, b",".join(texts)
            items, texts, size = [], [], 0
        items.append(item)
        texts.append(text)
        size += len(text) + 1
    if texts:
        yield items, b",".join(texts)


def whole_request(status: int, body: bytes, items: List[Outgoing]) -> List[Verdict]:
    """Return the same verdict for all records of a request whose response is about all of them.

    Call it for every status except 2xx, and for a 2xx whose body is not from Langfuse.
    """
    state, reason = _state(status, body, len(items))
    return [Verdict(item, state, reason) for item in items]


def _state(status: int, body: bytes, count: int) -> Tuple[str, str]:
    said = message_of(body)
    reason = "the server answered {}{}".format(status, ": " + said if said else "")
    if status < 400:
        return RETRY, "{} (this is not Langfuse: a login page or a proxy?)".format(reason)
    if status in (401, 403):
        return CREDENTIALS, reason
    if is_other_generation(status, body) or status == 404:
        return WRONG_DIALECT, reason
    if is_temporary(status):
        return RETRY, reason
    return (REFUSED if count == 1 else SPLIT), reason
