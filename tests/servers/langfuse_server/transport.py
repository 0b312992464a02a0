"""HTTP/1.1 over real sockets: one thread per connection, keep-alive, only complete requests."""

import socket
import socketserver
import struct
import threading
import time
import traceback
from email.utils import formatdate
from http.client import responses
from http.server import BaseHTTPRequestHandler
from typing import Any, List, Optional, Set, Tuple

from . import faults, routes
from .messages import HTML_TYPE, NOT_FOUND_PAGE, Answer
from .request import Request


class Listener(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """The listening socket and the connections it has accepted."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, server: Any, port: int) -> None:
        self.played = server
        self.lock = threading.Lock()
        self.connections: Set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), Handler)

    def get_request(self) -> Tuple[socket.socket, Any]:
        connection, address = super().get_request()
        with self.lock:
            self.connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        with self.lock:
            self.connections.discard(request)
        super().shutdown_request(request)

    def close_connections(self) -> None:
        with self.lock:
            open_ones: List[socket.socket] = list(self.connections)
        for connection in open_ones:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # already closed by the other side

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that close the connection; anything else is a bug of the test server."""
        error = traceback.format_exc()
        if not error.rstrip().rpartition("\n")[2].startswith(CONNECTION_ERRORS):
            self.played.errors.append(error)


CONNECTION_ERRORS = ("ConnectionResetError", "BrokenPipeError", "ConnectionAbortedError", "OSError")


class Exchange:
    """A request that is not answered yet; a fault may decide how it ends."""

    def __init__(self, handler: "Handler", request: Request) -> None:
        self.handler = handler
        self.request = request
        self.server = handler.server.played

    def answer(self, raw: Optional[bytes] = None) -> Answer:
        """Carry the request out, with the body `raw` instead of its own if that is given."""
        request = self.request
        if raw is not None:
            request = Request(request.method, request.target, request.headers, raw)
            request.path = self.request.path
        try:
            return routes.answer(self.server, request)
        except Exception:
            self.server.errors.append(traceback.format_exc())
            return Answer(500, {"message": "Internal Server Error", "error": "stand-in failed"})

    def encoded(self, answer: Answer, raw: bool = False) -> bytes:
        body = str(answer.body).encode("utf-8") if raw else answer.payload()
        lines = ["HTTP/1.1 %d %s" % (answer.status, responses.get(answer.status, "Unknown"))]
        if answer.content_type is not None:
            lines.append("Content-Type: " + answer.content_type)
        lines += ["%s: %s" % header for header in answer.headers.items()]
        lines.append("Date: " + formatdate(time.time() + self.server.clock_offset, usegmt=True))
        lines.append("Content-Length: %d" % len(body))
        if self.handler.close_connection:
            lines.append("Connection: close")
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body

    def send(self, answer: Answer, raw: bool = False) -> None:
        self.request.status = answer.status
        self.write(self.encoded(answer, raw))

    def write(self, data: bytes) -> None:
        self.handler.connection.sendall(data)

    def close(self) -> None:
        self.handler.close_connection = True

    def abort(self) -> None:
        """Close the connection at once with a reset."""
        linger = struct.pack("ii", 1, 0)
        self.handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.handler.rfile.close()  # the socket stays open as long as a file uses it
        self.handler.connection.close()
        self.close()

    def client_waits(self) -> bool:
        """Whether the other side still holds the connection open."""
        try:
            flags = socket.MSG_PEEK | socket.MSG_DONTWAIT
            return self.handler.connection.recv(1, flags) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Listener

    def exchange(self) -> None:
        played = self.server.played
        raw = self.read_body()
        if raw is None:  # the client closed the connection early: the request is ignored
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, raw)
        known = request.path.startswith(played.prefix + "/")
        request.path = request.path[len(played.prefix) :] if known else ""
        played.arrived(request)
        exchange = Exchange(self, request)
        fault = played.faults.take(request)
        if fault is not None:
            faults.play(fault, exchange)
        elif not known:
            exchange.send(Answer(404, NOT_FOUND_PAGE, HTML_TYPE))
        else:
            exchange.send(exchange.answer())

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = exchange  # noqa: N815

    def read_body(self) -> Optional[bytes]:
        """The whole body, or None when the connection ended before it did."""
        if "chunked" in (self.headers.get("Transfer-Encoding") or "").lower():
            return self.read_chunks()
        length = int(self.headers.get("Content-Length") or 0)
        data = self.rfile.read(length)
        return data if len(data) == length else None

    def read_chunks(self) -> Optional[bytes]:
        data = b""
        while True:
            line = self.rfile.readline()
            if not line.strip():
                return None
            size = int(line.split(b";")[0], 16)
            chunk = self.rfile.read(size)
            end = self.rfile.readline()
            if len(chunk) != size or end.strip():
                return None
            if size == 0:
                return data
            data += chunk

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
        """Print nothing; see `server.requests` instead."""
