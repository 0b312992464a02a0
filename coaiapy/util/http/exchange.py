"""Makes one HTTP request and reads the whole response; every request of coaia goes through here.

No redirect is followed, every certificate is verified, and a response is limited in size and time.
"""

from contextlib import contextmanager
from typing import Any, Callable, Iterator, Mapping, Optional, Tuple

from coaiapy import __version__
from coaiapy.errors import NetworkError
from coaiapy.util.deadlines import NEVER, Deadline
from coaiapy.util.http import proxies
from coaiapy.util.http.answers import Answer
from coaiapy.util.http.failures import translated
from coaiapy.util.http.tls import authorities, check
from coaiapy.util.text.parsing import whole_number
from coaiapy.util.threads import OvertimeError, within

AGENT = "coaia/" + __version__
# A response that is larger is refused: a few compressed bytes may unpack to more than the memory
# holds, and nothing that coaia asks for is so large.
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

    ``session`` is a ``requests.Session``, or the package itself. ``timeout`` is the seconds that
    connecting may take, and the seconds that each wait for a part of the response may take.
    Raises ``ConfigError`` or ``NetworkError`` if a proxy or the CA certificates are at fault.
    """
    if url.lower().startswith("https:"):
        check(authorities())
    with proxies.named(url), _not_following(session) as session:
        response = session.request(
            method,
            url,
            headers=dict({"User-Agent": AGENT}, **(headers or {})),
            timeout=timeout,
            allow_redirects=False,
            stream=True,
            verify=authorities(),
            **content,
        )
    if response.status_code == 407:
        response.close()
        raise proxies.refusal(proxies.proxy_of(url), url, 407)
    return response


@contextmanager
def _not_following(session: Any) -> Iterator[Any]:
    """Yield a session that does not look where a redirection leads.

    ``requests`` looks even if it does not follow: it fails for an address that is none, and reads
    the whole body, however long.
    """
    if hasattr(session, "Session"):
        with session.Session() as once, _not_following(once):
            yield once
    else:
        session.get_redirect_target = lambda response: None
        yield session


def answer_of(
    ask: Callable[[], Any], who: str, deadline: Deadline, enough: Optional[int] = None
) -> Answer:
    """Call ``ask``, which opens a response, and return it read whole, all by ``deadline``.

    ``who`` is the service's name in messages. With ``enough``, reading stops when the body is
    longer than so many bytes. Raises ``NoAnswerError``, ``BadAddressError`` or, for a certificate
    that cannot be trusted or without time for a request, ``NetworkError``.
    """
    if not deadline.left:
        raise NetworkError("{} was not asked: {}".format(who, deadline.why_over))
    with translated(who):
        return within(deadline.left, lambda: whole_answer(ask(), deadline, enough))


def whole_answer(response: Any, deadline: Deadline = NEVER, enough: Optional[int] = None) -> Answer:
    """Read a ``requests`` response that was opened with ``stream``, and close it.

    Raises ``EOFError`` if it was cut off, has several content encodings, or is longer than
    ``LARGEST_ANSWER`` bytes (without ``enough``); ``OvertimeError`` if it goes on after
    ``deadline``.
    """
    body = _body(response, deadline, enough)
    headers = {name.lower(): value for name, value in response.headers.items()}
    promised = whole_number(headers.get("content-length", ""))
    is_read = enough is None or len(body) <= enough
    # Older versions of urllib3 do not notice that a connection ended in the middle of the body.
    if is_read and promised is not None and response.raw.tell() < promised:
        raise EOFError("the answer was cut off")
    return Answer(response.status_code, headers, body)


def _body(response: Any, deadline: Deadline, enough: Optional[int]) -> bytes:
    data = bytearray()
    try:
        if "," in response.headers.get("content-encoding", ""):
            raise EOFError("the answer is compressed more than once")
        for part in response.iter_content(_BLOCK):
            data += part
            if enough is not None and len(data) > enough:
                break
            if enough is None and len(data) > LARGEST_ANSWER:
                raise EOFError("the answer has more than {} MB".format(LARGEST_ANSWER >> 20))
            if not deadline.left:
                raise OvertimeError()
    finally:
        response.close()
    return bytes(data)


def bearer(token: str) -> Callable[[Any], Any]:
    """Return a ``requests`` auth hook that adds a Bearer token, or nothing if it is empty.

    It is needed without a token as well: otherwise ``requests`` sends a key from a ``.netrc``.
    """

    def sign(request: Any) -> Any:
        if token:
            request.headers["Authorization"] = b"Bearer " + token.encode("utf-8")
        return request

    return sign
