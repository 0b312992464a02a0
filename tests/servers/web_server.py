"""A web server on loopback that answers from a function, for services other than Langfuse."""

import json
import ssl
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit


class Asked(NamedTuple):
    """One request as it came in; header names are in lower case."""

    method: str
    path: str
    query: dict
    headers: dict


class Server(NamedTuple):
    """The URL of a running server, and the requests that it has got so far."""

    url: str
    asked: list


@contextmanager
def serving(answer, certificate=None):
    """Yield a ``Server`` whose ``answer(asked, url)`` returns status, JSON value or bytes, headers.

    If it returns a list or generator of bytes instead, they are sent unchanged as the response.
    With a ``certificate`` of ``trustme`` the server uses TLS, as ``localhost``.
    """
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):  # noqa: N802
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked.append(Asked(self.command, parts.path, dict(parse_qsl(parts.query)), headers))
            answered = answer(asked[-1], url)
            if not isinstance(answered, tuple):
                self.write_raw(answered)
                return
            status, body, extra = answered
            data = body if isinstance(body, bytes) else json.dumps(body).encode("utf-8")
            self.send_response(status)
            for name, value in dict(extra).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def write_raw(self, parts):
            for part in parts:
                self.wfile.write(part)
                self.wfile.flush()

        do_POST = do_PUT = do_PATCH = do_DELETE = do_CONNECT = do_GET  # noqa: N815

        def log_message(self, *args):
            pass

    class Listener(HTTPServer):
        def handle_error(self, request, client_address):
            """Ignore clients that refuse the certificate and close the connection."""

    server = Listener(("127.0.0.1", 0), Handler)
    url = "http://127.0.0.1:{}".format(server.server_port)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        url = "https://localhost:{}".format(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Server(url, asked)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
