"""To and from the storage that a Langfuse server sends clients to, at whatever address it names.

The address carries its own permission, so no key is sent along, and only its host is ever shown.
"""

import re
import time
from typing import IO, Any, Callable, Dict, NamedTuple, Optional
from urllib.parse import urlsplit

from coaiapy import __version__
from coaiapy.errors import CoaiaError, NetworkError, RefusedError
from coaiapy.files import open_bytes
from coaiapy.http_answers import Answer, retry_after
from coaiapy.http_failures import cause, not_trusted, whole_answer
from coaiapy.http_retry import TemporaryError, at_most, is_temporary, retrying
from coaiapy.masking import shown_url
from coaiapy.media_files import MediaFile
from coaiapy.packages import require
from coaiapy.time_limit import OvertimeError, within
from coaiapy.tls import authorities

CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
TRIES = 3
# A storage that asks for a longer pause than this is not waited for.
LONGEST_PAUSE = 20.0
# Bytes per second: a transfer that is slower on the whole is given up.
SLOWEST = 16384.0
# So many bytes of an answer are read to find out what it complains about.
_LONGEST_ERROR = 65536


class Transfer(NamedTuple):
    """What the storage answered to an upload: ``error`` is "" when all is well."""

    status: int
    error: str
    milliseconds: int


def upload(url: str, file: MediaFile) -> Transfer:
    """PUT a file where the server says, and return what the storage answered.

    Tries again after no answer and after a status that is temporary. Raises ``NetworkError`` when
    no answer came at all, ``RefusedError`` for what is no address.
    """
    headers = {"Content-Type": file.content_type}
    if "storage.googleapis.com" not in (_host(url) or ""):
        headers.update({"x-amz-checksum-sha256": file.sha256, "x-ms-blob-type": "BlockBlob"})
    started = time.monotonic()

    def put() -> Answer:
        with open_bytes(file.path) as stream:
            return whole_answer(_ask("PUT", url, headers, stream), enough=_LONGEST_ERROR)

    answer = _tried(put, url, file.size)
    error = "" if answer.status in (200, 201) else _said(answer)
    return Transfer(answer.status, error, int((time.monotonic() - started) * 1000))


def download(url: str, size: int) -> bytes:
    """GET a file of ``size`` bytes. What comes is longer if the storage has more, but not by much.

    Tries again as ``upload`` does. Raises ``NetworkError`` or ``RefusedError``.
    """

    def get() -> Answer:
        response = _ask("GET", url, {"Accept-Encoding": "identity"})
        return whole_answer(response, enough=max(size, _LONGEST_ERROR))

    answer = _tried(get, url, size)
    if answer.status != 200:
        raise failure(url, "download", answer.status, _said(answer))
    return answer.body


def failure(url: str, what: str, status: int, said: str) -> CoaiaError:
    """Return the error for an upload or download that the storage answered with ``status``."""
    kind = NetworkError if is_temporary(status) else RefusedError
    return kind("the storage {} answered {} to the {}: {}".format(place(url), status, what, said))


def place(url: str) -> str:
    """Return where an address leads, without the permission in it."""
    parts = urlsplit(url)
    return "{}://{}".format(parts.scheme, parts.netloc.rpartition("@")[2])


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


class _FailedForNowError(TemporaryError):
    """An answer that may be another one next time."""

    def __init__(self, answer: Answer) -> None:
        TemporaryError.__init__(self, "the storage answered {}".format(answer.status))
        self.answer = answer
        self.retry_after = retry_after(answer)


def _tried(once: Callable[[], Answer], url: str, size: int) -> Answer:
    """Return the storage's answer; the last one if it fails for now each time."""
    if _host(url) is None:
        raise _no_address(url)

    def tried() -> Answer:
        answer = _in_time(once, url, READ_SECONDS + size / SLOWEST)
        if is_temporary(answer.status):
            raise _FailedForNowError(answer)
        return answer

    try:
        return retrying(tried, at_most(TRIES, LONGEST_PAUSE))
    except _FailedForNowError as error:
        return error.answer


def _in_time(once: Callable[[], Answer], url: str, seconds: float) -> Answer:
    exceptions = require("requests").exceptions
    try:
        return within(seconds, once)
    except OvertimeError as error:  # it would take as long again
        raise NetworkError(
            "the storage {} is too slow: {} of {:.0f} seconds; try again on a faster "
            "network".format(place(url), error, seconds)
        ) from error
    except (exceptions.InvalidURL, exceptions.InvalidSchema) as error:
        raise _no_address(url) from error
    except exceptions.SSLError as error:  # a certificate will not be another one next time
        raise not_trusted("the storage " + place(url), error) from error
    except (exceptions.RequestException, OSError, EOFError) as error:
        raise TemporaryError(
            "the storage {}, which the Langfuse server names, gave no answer: {}; check that this "
            "machine can reach it".format(place(url), cause(error))
        ) from error


def _no_address(url: str) -> RefusedError:
    return RefusedError(
        "the server names no address of a storage, but {!r}".format(shown_url(url)[:80])
    )


def _said(answer: Answer) -> str:
    """Return the reason in an answer: storages speak XML."""
    body = answer.body.decode("utf-8", "replace")
    found = re.search(r"<Message>([^<]+)", body) or re.search(r"<Code>([^<]+)", body)
    return " ".join(found.group(1).split()) if found else "without a reason"


def _host(url: str) -> Optional[str]:
    try:
        parts = urlsplit(url)
        return parts.hostname if parts.scheme in ("http", "https") else None
    except ValueError:
        return None
