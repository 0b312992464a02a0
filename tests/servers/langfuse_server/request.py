"""A request with the status of its answer: the entries of `server.requests`."""

import gzip
import json
import threading
from typing import Any, Dict, List, Optional, Tuple
from urllib.parse import parse_qs, unquote, urlsplit

from .messages import plain_text


class Request:
    """A request and its outcome: `status` is None if it was not answered (yet), `fault` is the
    name of the fault that it got, `path` is without the server's prefix."""

    def __init__(self, method: str, target: str, headers: Dict[str, str], raw: bytes) -> None:
        parts = urlsplit(target)
        self.method = method
        self.target = target
        self.path = parts.path
        self.query: Dict[str, List[str]] = parse_qs(parts.query, keep_blank_values=True)
        self.headers = headers  # names in lower case
        self.raw = raw
        self.status: Optional[int] = None
        self.fault: Optional[str] = None
        self.gate = threading.Event()  # closed as long as a fault holds the request
        self._parsed: Optional[Tuple[Any]] = None

    def __repr__(self) -> str:
        return "<%s %s -> %s>" % (self.method, self.target, self.fault or self.status)

    @property
    def body(self) -> Any:
        """The decoded body, for assertions: JSON where it is JSON, else text; None when empty."""
        data = self.raw
        if self.headers.get("content-encoding") == "gzip":
            data = gzip.decompress(data)
        try:
            return json.loads(data.decode("utf-8")) if data else None
        except ValueError:
            return data.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as the parser of the JSON routes reads it, which allows no compression."""
        if not self.raw:
            return {}
        if self._parsed is None:
            self._parsed = (self._parse(),)
        return self._parsed[0]

    def forget_parsed(self) -> None:
        """Keep only the bytes, to save memory: tests may send very many records."""
        self._parsed = None

    def _parse(self) -> Any:
        content_type = self.headers.get("content-type", "")
        if "json" not in content_type:
            return self.raw.decode("utf-8", "replace")
        try:
            return json.loads(self.raw.decode("utf-8"))
        except ValueError:
            raise plain_text(400, "Invalid JSON") from None

    def first(self, name: str, default: Optional[str] = None) -> Optional[str]:
        """The first value of a query parameter."""
        values = self.query.get(name)
        return values[0] if values else default

    def segments(self) -> List[str]:
        """The path's parts, each decoded on its own: a %2F stays inside its part."""
        return [unquote(part) for part in self.path.split("/") if part]
