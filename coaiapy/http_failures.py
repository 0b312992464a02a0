"""Why a request got no whole answer, in the few words that mean something to its reader.

What ``requests`` raises is an exception wrapped in others, and what it does not raise is an answer
that ended in mid-body.
"""

import re
from typing import Any, Callable, Optional

from coaiapy.errors import NetworkError
from coaiapy.http_answers import Answer
from coaiapy.spelled_values import whole_number

# A few compressed bytes may unpack to more than the memory holds; nothing we ask for is so large.
LARGEST_ANSWER = 256 << 20
_BLOCK = 1 << 16


def whole_answer(
    response: Any,
    block: int = _BLOCK,
    on_block: Callable[[], None] = lambda: None,
    enough: Optional[int] = None,
) -> Answer:
    """Return the answer of a ``requests`` response that was asked for with ``stream``.

    ``on_block`` is called after each ``block`` bytes and may raise. With ``enough``, reading ends
    where the body is longer than so many bytes. ``EOFError`` if the answer was cut off, is packed
    more than once, or goes on beyond ``LARGEST_ANSWER`` bytes and nobody said what is enough.
    """
    body = _body(response, block, on_block, enough)
    headers = {name.lower(): value for name, value in response.headers.items()}
    promised = whole_number(headers.get("content-length", ""))
    is_read = enough is None or len(body) <= enough
    # Not every urllib3 notices by itself that a connection ended in mid-body.
    if is_read and promised is not None and response.raw.tell() < promised:
        raise EOFError("the answer was cut off")
    return Answer(response.status_code, headers, body)


def _body(response: Any, block: int, on_block: Callable[[], None], enough: Optional[int]) -> bytes:
    data = bytearray()
    try:
        if "," in response.headers.get("content-encoding", ""):
            raise EOFError("the answer is packed more than once")
        for part in response.iter_content(block):
            data += part
            if enough is not None and len(data) > enough:
                break
            if enough is None and len(data) > LARGEST_ANSWER:
                raise EOFError("the answer has more than {} MB".format(LARGEST_ANSWER >> 20))
            on_block()
    finally:
        response.close()
    return bytes(data)


def never_connected(error: Exception) -> bool:
    """Whether the request certainly never reached a server."""
    return bool(re.search(r"NewConnectionError|NameResolutionError|Failed to resolve", repr(error)))


def not_trusted(url: str, error: Exception) -> NetworkError:
    """Return what to raise where TLS has failed; ``url`` as messages show it."""
    return NetworkError(
        "{} could not be reached safely: {}; check its certificate, or set REQUESTS_CA_BUNDLE to "
        "the authority that signed it".format(url, cause(error))
    )


def cause(error: Exception) -> str:
    """Return the few words of a nested exception that mean something."""
    text = repr(error)
    if "timed out" in text or "Timeout" in text:
        return "it did not answer in time"
    secure = re.search(r"certificate verify failed[^'\"(]*|WRONG_VERSION_NUMBER", text)
    if secure:
        return secure.group().strip().lower().replace("_", " ")
    system = re.search(r"\[Errno -?\d+\] ([^'\")]+)", text)
    if system:
        return system.group(1).strip().lower()
    if "Connection" in text and ("reset" in text or "aborted" in text or "closed" in text):
        return "the connection was lost"
    return str(error) if isinstance(error, EOFError) else "the answer was cut off"
