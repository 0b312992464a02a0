"""Uploads and downloads of media files, at the presigned storage URLs that Langfuse returns.

Such a URL contains its own permission. No key is sent with it, and messages show only its host.
"""

import re
import time
from typing import IO, Any, Callable, Dict, NamedTuple, Optional
from urllib.parse import urlsplit

from coaiapy import patience
from coaiapy.errors import CoaiaError, NetworkError, RefusedError
from coaiapy.langfuse.media.files import MediaFile
from coaiapy.util import deadlines, threads
from coaiapy.util.deadlines import Deadline
from coaiapy.util.http.answers import Answer, retry_after
from coaiapy.util.http.exchange import answer_of, bearer, opened
from coaiapy.util.http.failures import BadAddressError, NoAnswerError
from coaiapy.util.http.retry import TemporaryError, at_most, is_temporary, retrying
from coaiapy.util.masking import shown_url
from coaiapy.util.packages import require
from coaiapy.util.paths import open_regular

# The most bytes of an error response that are read, to find its message.
_LONGEST_ERROR = 65536


class Transfer(NamedTuple):
    """The storage's response to an upload: ``error`` is empty after a success."""

    status: int
    error: str
    milliseconds: int


def upload(url: str, file: MediaFile) -> Transfer:
    """PUT a file to the URL from the server, and return the storage's response.

    Retries after a missing response and a temporary status. Raises ``NetworkError`` when there is
    no response at all, ``RefusedError`` for a malformed URL.
    """
    headers = {"Content-Type": file.content_type}
    if "storage.googleapis.com" not in (_host(url) or ""):
        headers.update({"x-amz-checksum-sha256": file.sha256, "x-ms-blob-type": "BlockBlob"})
    started = time.monotonic()

    def put() -> Any:
        with open_regular(file.path) as stream:
            return _ask("PUT", url, headers, stream)

    answer = _tried(put, url, file.size, _LONGEST_ERROR)
    error = "" if answer.status in (200, 201) else _said(answer)
    return Transfer(answer.status, error, int((time.monotonic() - started) * 1000))


def download(url: str, size: int) -> bytes:
    """GET a file that should have ``size`` bytes, and return its bytes.

    If the storage sends more, reading stops soon after that size, so that the caller can notice.
    Retries as ``upload`` does. Raises ``NetworkError`` or ``RefusedError``.
    """

    def get() -> Any:
        return _ask("GET", url, {"Accept-Encoding": "identity"})

    answer = _tried(get, url, size, max(size, _LONGEST_ERROR))
    if answer.status != 200:
        raise failure(url, "download", answer.status, _said(answer))
    return answer.body


def failure(url: str, what: str, status: int, said: str) -> CoaiaError:
    """Return the error for an upload or download that the storage answered with ``status``."""
    kind = NetworkError if is_temporary(status) else RefusedError
    return kind("the storage {} answered {} to the {}: {}".format(place(url), status, what, said))


def place(url: str) -> str:
    """Return the scheme and host of a URL, without the permission in it."""
    parts = urlsplit(url)
    return "{}://{}".format(parts.scheme, parts.netloc.rpartition("@")[2])


def _ask(method: str, url: str, headers: Dict[str, str], data: Optional[IO[bytes]] = None) -> Any:
    timeout = (patience.STORAGE.connect, patience.STORAGE.part)
    return opened(require("requests"), method, url, timeout, headers, data=data, auth=bearer(""))


class _FailedForNowError(TemporaryError):
    """A response with a temporary status, which is worth a retry."""

    def __init__(self, answer: Answer) -> None:
        sentence = "the storage answered {}".format(answer.status)
        TemporaryError.__init__(self, sentence, retry_after(answer))
        self.answer = answer


def _tried(ask: Callable[[], Any], url: str, size: int, enough: int) -> Answer:
    """Return the storage's response, after retries the last one."""
    if _host(url) is None:
        raise _no_address(url)
    threads.prepare(url)

    deadline = deadlines.after(patience.STORAGE.whole + size / patience.SLOWEST_TRANSFER)

    def tried() -> Answer:
        answer = _in_time(ask, url, deadline, enough)
        if is_temporary(answer.status):
            raise _FailedForNowError(answer)
        return answer

    try:
        return retrying(
            tried,
            at_most(patience.STORAGE.tries, patience.STORAGE.longest_pause, deadline=deadline),
        )
    except _FailedForNowError as error:
        return error.answer


def _in_time(ask: Callable[[], Any], url: str, deadline: Deadline, enough: int) -> Answer:
    storage = "the storage " + place(url)
    try:
        return answer_of(ask, storage, deadline, enough)
    except BadAddressError as error:
        raise _no_address(url) from error
    except NoAnswerError as error:
        if error.is_overtime:  # no retry: it would take as long again
            raise NetworkError(
                "{} is too slow: the transfer was not complete after {:.0f} seconds; {}".format(
                    storage, deadline.seconds, deadline.hint
                )
            ) from error
        raise TemporaryError(
            "the request to {}, which the Langfuse server named, failed: {}; check that this "
            "machine can reach it".format(storage, error.reason)
        ) from error


def _no_address(url: str) -> RefusedError:
    return RefusedError(
        "the address of the storage that the server names is not valid: {!r}".format(
            shown_url(url)[:80]
        )
    )


def _said(answer: Answer) -> str:
    """Return the message in an error response, which storages send as XML."""
    body = answer.body.decode("utf-8", "replace")
    found = re.search(r"<Message>([^<]+)", body) or re.search(r"<Code>([^<]+)", body)
    return " ".join(found.group(1).split()) if found else "without a reason"


def _host(url: str) -> Optional[str]:
    try:
        parts = urlsplit(url)
        return parts.hostname if parts.scheme in ("http", "https") else None
    except ValueError:
        return None
