"""To and from the storage that a Langfuse server sends clients to, at whatever address it names.

The address carries its own permission, so no key is sent along, and only its host is ever shown.
"""

import re
import time
from typing import IO, Any, Dict, NamedTuple, Optional
from urllib.parse import urlsplit

from coaiapy import __version__
from coaiapy.errors import CoaiaError, NetworkError, RefusedError
from coaiapy.files import open_bytes
from coaiapy.http_failures import cause
from coaiapy.langfuse_http import backoff
from coaiapy.media_files import MediaFile
from coaiapy.packages import require
from coaiapy.tls import authorities

CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
TRIES = 3
_BLOCK = 1 << 16


class Transfer(NamedTuple):
    """What the storage answered to an upload: ``error`` is "" when all is well."""

    status: int
    error: str
    milliseconds: int


def upload(url: str, file: MediaFile) -> Transfer:
    """PUT a file where the server says, and return what the storage answered.

    Tries again after no answer, 429 and 5xx. Raises ``NetworkError`` when no answer came at all,
    ``RefusedError`` for what is no address.
    """
    headers = {"Content-Type": file.content_type}
    if "storage.googleapis.com" not in (_host(url) or ""):
        headers.update({"x-amz-checksum-sha256": file.sha256, "x-ms-blob-type": "BlockBlob"})
    started = time.monotonic()

    def put() -> Any:
        with open_bytes(file.path) as stream:
            return _ask("PUT", url, headers, stream)

    response = _tried(put, url)
    error = "" if response.status_code in (200, 201) else _said(response)
    return Transfer(response.status_code, error, int((time.monotonic() - started) * 1000))


def download(url: str, size: int) -> bytes:
    """GET a file of ``size`` bytes; one byte more is read if there are more.

    Raises ``NetworkError`` or ``RefusedError``.
    """

    def get() -> Any:
        response = _ask("GET", url, {"Accept-Encoding": "identity"})
        response.kept = _content(response, size) if response.status_code == 200 else b""
        return response

    response = _tried(get, url)
    if response.status_code != 200:
        raise failure(url, "download", response.status_code, _said(response))
    content: bytes = response.kept
    return content


def failure(url: str, what: str, status: int, said: str) -> CoaiaError:
    """Return the error for an upload or download that the storage answered with ``status``."""
    kind = NetworkError if status >= 500 or status == 429 else RefusedError
    return kind("the storage {} answered {} to the {}: {}".format(place(url), status, what, said))


def place(url: str) -> str:
    """Return where an address leads, without the permission in it."""
    parts = urlsplit(url)
    return "{}://{}".format(parts.scheme, parts.netloc.rpartition("@")[2])


def _content(response: Any, size: int) -> bytes:
    data = bytearray()
    for block in response.iter_content(_BLOCK):
        data += block
        if len(data) > size:
            break
    promised = response.headers.get("content-length", "")
    if promised.isdigit() and len(data) < min(int(promised), size):
        raise EOFError("the answer was cut off")
    return bytes(data)


def _ask(method: str, url: str, headers: Dict[str, str], data: Optional[IO[bytes]] = None) -> Any:
    def unsigned(request: Any) -> Any:
        """Send no key: without this, one from ``.netrc`` would go along."""
        return request

    return require("requests").request(
        method,
        url,
        headers=dict(headers, **{"User-Agent": "coaia/" + __version__}),
        data=data,
        auth=unsigned,
        timeout=(CONNECT_SECONDS, READ_SECONDS),
        allow_redirects=False,
        stream=True,
        verify=authorities(),
    )


def _tried(once: Any, url: str) -> Any:
    if _host(url) is None:
        raise RefusedError("the server names no address of a storage, but {!r}".format(url[:80]))
    exceptions = require("requests").exceptions
    for attempt in range(TRIES):
        last = attempt + 1 == TRIES
        try:
            response = once()
        except (exceptions.RequestException, OSError, EOFError) as error:
            if last:
                raise _no_answer(url, error) from error
        else:
            if last or not (response.status_code >= 500 or response.status_code == 429):
                return response
        time.sleep(backoff(attempt))
    raise AssertionError("the last try returns or raises")


def _no_answer(url: str, error: Exception) -> NetworkError:
    return NetworkError(
        "the storage {}, which the Langfuse server names, gave no answer: {}; check that this "
        "machine can reach it".format(place(url), cause(error))
    )


def _said(response: Any) -> str:
    """Return the reason in an answer: storages speak XML."""
    body = (response.raw.read(2000, decode_content=True) or b"").decode("utf-8", "replace")
    found = re.search(r"<Message>([^<]+)", body) or re.search(r"<Code>([^<]+)", body)
    said = found.group(1) if found else str(response.reason or "")
    return " ".join(said.split()) or "without a reason"


def _host(url: str) -> Optional[str]:
    try:
        parts = urlsplit(url)
        return parts.hostname if parts.scheme in ("http", "https") else None
    except ValueError:
        return None
