"""A plain HTTP client for the tests of the test server itself, independent of coaiapy."""

import base64
import http.client
import json
from typing import Any, Dict, NamedTuple, Optional
from urllib.parse import urlencode, urlsplit

from .server import LangfuseServer


class Result(NamedTuple):
    status: int
    headers: Dict[str, str]
    body: Any


class Client:
    """A plain HTTP client on one connection. `auth` is "project key", "bad" or "none"."""

    def __init__(self, server: LangfuseServer, timeout: float = 60) -> None:
        self.server = server
        parts = urlsplit(server.url)
        self.prefix = parts.path
        self.connection = http.client.HTTPConnection(parts.netloc, timeout=timeout)

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: Optional[Dict[str, Any]] = None,
        headers: Optional[Dict[str, str]] = None,
        auth: str = "project key",
    ) -> Result:
        sent = {} if headers is None else dict(headers)
        if auth != "none":
            secret = self.server.secret_key if auth == "project key" else "wrong"
            pair = "%s:%s" % (self.server.public_key, secret)
            sent["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        data = body if isinstance(body, (bytes, type(None))) else encoded(body)
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        target = self.prefix + path + ("?" + urlencode(query) if query else "")
        self.connection.request(method, target, data, sent)
        response = self.connection.getresponse()
        text = response.read().decode("utf-8")
        is_json = "json" in (response.getheader("Content-Type") or "")
        return Result(
            response.status, dict(response.getheaders()), json.loads(text) if is_json else text
        )


def encoded(body: Any) -> bytes:
    return (body if isinstance(body, str) else json.dumps(body)).encode("utf-8")
