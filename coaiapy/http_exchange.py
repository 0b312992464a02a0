"""One request to a web service and its whole answer: the only place that asks with ``requests``.

No redirect is followed, every certificate is checked, and an answer is bounded in size and time.
"""

import time
from typing import Any, Callable, Mapping, Optional, Tuple

from coaiapy import __version__
from coaiapy.http_answers import Answer
from coaiapy.http_failures import translated
from coaiapy.spelled_values import whole_number
from coaiapy.time_limit import OvertimeError, within
from coaiapy.tls import authorities

AGENT = "coaia/" + __version__
# A few compressed bytes may unpack to more than the memory holds; nothing we ask for is so large.
LARGEST_ANSWER = 256 << 20
_BLOCK = 1 << 14


def opened(
    session: Any,
    method: str,
    url: str,
    timeout: Tuple[float, float],
    headers: Optional[Mapping[str, str]] = None,
    **content: Any,
) -> Any:
    """Return the ``requests`` response to one request; its body is not read yet.

    ``session`` is one of ``requests``, or the package itself. ``timeout`` is how many seconds a
    connection may take, and each wait for a part of the answer.
    """
    return session.request(
        method,
        url,
        headers=dict({"User-Agent": AGENT}, **(headers or {})),
        timeout=timeout,
        allow_redirects=False,
        stream=True,
        verify=authorities(),
        **content,
    )


def answer_of(
    ask: Callable[[], Any], who: str, seconds: float, enough: Optional[int] = None
) -> Answer:
    """Return the whole answer of the response that ``ask`` opens, all within ``seconds``.

    ``who`` is the service as messages name it. With ``enough``, reading ends where the body is
    longer than so many bytes. Raises ``NoAnswerError``, ``BadAddressError`` or ``NetworkError``
    (a certificate).
    """
    until = time.monotonic() + seconds
    with translated(who):
        return within(seconds, lambda: whole_answer(ask(), until, enough))


def whole_answer(
    response: Any, until: float = float("inf"), enough: Optional[int] = None
) -> Answer:
    """Return the answer of a ``requests`` response that was asked for with ``stream``.

    ``EOFError`` if it was cut off, is packed more than once, or goes on beyond ``LARGEST_ANSWER``
    bytes and nobody said what is enough; ``OvertimeError`` if it goes on after ``until``, a moment
    of ``time.monotonic()``.
    """
    body = _body(response, until, enough)
    headers = {name.lower(): value for name, value in response.headers.items()}
    promised = whole_number(headers.get("content-length", ""))
    is_read = enough is None or len(body) <= enough
    # Not every urllib3 notices by itself that a connection ended in mid-body.
    if is_read and promised is not None and response.raw.tell() < promised:
        raise EOFError("the answer was cut off")
    return Answer(response.status_code, headers, body)


def _body(response: Any, until: float, enough: Optional[int]) -> bytes:
    data = bytearray()
    try:
        if "," in response.headers.get("content-encoding", ""):
            raise EOFError("the answer is packed more than once")
        for part in response.iter_content(_BLOCK):
            data += part
            if enough is not None and len(data) > enough:
                break
            if enough is None and len(data) > LARGEST_ANSWER:
                raise EOFError("the answer has more than {} MB".format(LARGEST_ANSWER >> 20))
            if time.monotonic() > until:
                raise OvertimeError()
    finally:
        response.close()
    return bytes(data)


def bearer(token: str) -> Callable[[Any], Any]:
    """Return what signs a request with a token, or with nothing if there is none.

    Without it ``requests`` would look for another key in a ``.netrc``.
    """

    def sign(request: Any) -> Any:
        if token:
            request.headers["Authorization"] = b"Bearer " + token.encode("utf-8")
        return request

    return sign
