"""The storage for media: another host, with presigned URLs.

It is as strict as S3: type, length and checksum of a file must be those that the URL was signed
for, and a request with an additional key is refused.
"""

import base64
import hashlib
import socketserver
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, Dict, List, Optional, Tuple
from urllib.parse import parse_qs, urlsplit

from .tables import Body


class Storage:
    """Runs from the first URL that it signs until `stop`. `files` are the bytes by media id;
    `requests` are (method, path, headers in lower case); `fail` and `corrupt` simulate faults."""

    def __init__(self) -> None:
        self.files: Dict[str, bytes] = {}
        self.requests: List[Tuple[str, str, Dict[str, str]]] = []
        self.promised: Dict[str, Body] = {}
        self._planned: List[int] = []
        self._lock = threading.Lock()
        self._listener: Optional[_Listener] = None

    def upload_url(self, media: Body) -> str:
        self.promised[media["mediaId"]] = media
        return self._url(media, "PutObject")

    def download_url(self, media: Body) -> str:
        return self._url(media, "GetObject")

    def fail(self, status: int, times: int = 1) -> None:
        """Answer the next `times` requests with `status`; 0 closes the connection without answer."""
        with self._lock:
            self._planned += [status] * times

    def corrupt(self, media_id: str, content: bytes) -> None:
        """Replace the stored bytes of a file by others."""
        self.files[media_id] = content

    def planned_nothing(self) -> None:
        """Remove the planned faults."""
        with self._lock:
            self._planned = []

    def planned(self) -> Optional[int]:
        with self._lock:
            return self._planned.pop(0) if self._planned else None

    def _url(self, media: Body, action: str) -> str:
        if self._listener is None:
            self._listener = _Listener(self)
            serve = threading.Thread(target=self._listener.serve_forever, args=(0.01,))
            serve.daemon = True
            serve.start()
        return "http://127.0.0.1:%d/langfuse/media/%s?X-Amz-Signature=signed&x-id=%s" % (
            self._listener.server_address[1],
            media["mediaId"],
            action,
        )

    def stop(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.shutdown()
            listener.server_close()


class _Listener(socketserver.ThreadingMixIn, HTTPServer):
    daemon_threads = True

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that close the connection."""


class _Handler(BaseHTTPRequestHandler):
    server: _Listener

    def do_PUT(self) -> None:  # noqa: N802
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.handle_signed("PutObject", body)

    def do_GET(self) -> None:  # noqa: N802
        self.handle_signed("GetObject", b"")

    def handle_signed(self, action: str, body: bytes) -> None:
        storage = self.server.storage
        headers = {name.lower(): value for name, value in self.headers.items()}
        parts = urlsplit(self.path)
        storage.requests.append((self.command, parts.path, headers))
        planned = storage.planned()
        if planned == 0:
            self.close_connection = True
            return
        media_id = parts.path.rsplit("/", 1)[-1]
        if planned is not None:
            self.reply(planned, b"<Error><Code>Planned</Code></Error>")
        elif "authorization" in headers:
            self.reply(400, b"<Error><Code>InvalidRequest</Code></Error>")
        elif parse_qs(parts.query).get("x-id") != [action]:
            self.reply(403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>")
        elif action == "GetObject":
            content = storage.files.get(media_id)
            self.reply(404 if content is None else 200, content or b"")
        else:
            status, said = check_upload(storage.promised.get(media_id), headers, body)
            if status == 200:
                storage.files[media_id] = body
            self.reply(status, said)

    def reply(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
        """Print nothing; see `Storage.requests` instead."""


def check_upload(media: Optional[Body], headers: Dict[str, str], body: bytes) -> Tuple[int, bytes]:
    """Check an upload as S3 does: first the signed headers, then the bytes."""
    signed = {
        "content-type": media and media["contentType"],
        "content-length": media and str(media["contentLength"]),
        "x-amz-checksum-sha256": media and media["sha256Hash"],
    }
    if media is None or any(headers.get(name) != value for name, value in signed.items()):
        return 403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>"
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode("ascii")
    if digest != media["sha256Hash"] or len(body) != media["contentLength"]:
        return 400, b"<Error><Code>XAmzContentChecksumMismatch</Code></Error>"
    return 200, b""
