"""What both wires share: what goes out, the requests that carry it, what became of each record."""

import json
import zlib
from typing import Any, Iterable, Iterator, List, NamedTuple, Tuple

from coaiapy.http_answers import message_of
from coaiapy.http_retry import is_temporary
from coaiapy.langfuse_dialect import is_other_generation
from coaiapy.outgoing import Outgoing
from coaiapy.record_fields import Body

# Servers refuse a body of more than 4.5 MB; their documentation advises to stay below 3.5 MB.
MAX_BYTES = 3000000
_COMPRESSION = 3

ACCEPTED = "accepted"
REFUSED = "refused"  # for good: set the record aside with the reason
RETRY = "retry"  # later, as it is
SPLIT = "split"  # one of several is at fault: send the halves
WRONG_DIALECT = "wrong dialect"  # the data may be good: look at the server's generation again
CREDENTIALS = "credentials"  # nobody's record will pass: keep everything, stop


class Request(NamedTuple):
    """One POST and the records that it carries.

    ``content`` is what its body holds before it is compressed, if the headers say that it is.
    """

    path: str
    headers: Body
    content: bytes
    items: List[Outgoing]

    @property
    def body(self) -> bytes:
        """The bytes of the body. Other threads can run while it is being compressed."""
        is_packed = self.headers.get("Content-Encoding") == "gzip"
        return _gzip(self.content) if is_packed else self.content


class Verdict(NamedTuple):
    """What an answer means for one record; ``reason`` is a sentence, empty when accepted."""

    item: Outgoing
    state: str
    reason: str = ""


class Encoded(NamedTuple):
    """The requests for some records, and verdicts on those that must not be sent at all."""

    requests: List[Request]
    refused: List[Verdict]


def _gzip(data: bytes) -> bytes:
    """Compress; the same data gives the same bytes, so that a retry is the same request."""
    compressor = zlib.compressobj(_COMPRESSION, zlib.DEFLATED, 31)
    return compressor.compress(data) + compressor.flush()


_ENCODER = json.JSONEncoder(
    ensure_ascii=False,
    check_circular=False,
    allow_nan=False,
    separators=(",", ":"),
    default=str,
)


def to_bytes(value: Any) -> bytes:
    """Return compact UTF-8 JSON that every parser takes: no NaN, no infinity, no half characters."""
    return to_text(value).encode("utf-8", "replace")


def to_text(value: Any) -> str:
    """Return compact JSON text; a number that JSON does not have is written as text."""
    try:
        return _ENCODER.encode(value)
    except ValueError:
        return _ENCODER.encode(_finite(value))


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
    """Yield (records, their parts joined by commas), each at most ``limit`` bytes long.

    A part that is longer by itself gets a chunk of its own. Order is kept.
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
    """Return the verdicts on all records of a request that was answered as a whole.

    Call it for every status but 2xx, and for a 2xx whose body is not what a Langfuse says.
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
