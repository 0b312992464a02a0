"""The stash in a Redis server."""

import math
import os
from typing import Any, Dict, Iterable, Iterator, List, Optional

from coaiapy.config.redis import RedisServer
from coaiapy.errors import ConfigError
from coaiapy.stash import redis_limits
from coaiapy.stash.patterns import Entry
from coaiapy.stash.redis_errors import reporting
from coaiapy.util import deadlines
from coaiapy.util.http.page_watch import PageWatch
from coaiapy.util.packages import require

_BATCH = 500


class RedisStash:
    """Values stored under keys in ``server``; a context manager, which closes the connection.

    Every method raises ``ConfigError``, ``NetworkError`` or ``RefusedError`` (see
    ``redis_errors``). There is no connection before the first call of a method.
    """

    def __init__(self, server: RedisServer, client: Any = None) -> None:
        self.server = server
        self.client = client or new_client(server)
        self.where = "Redis at " + server.shown

    def __enter__(self) -> "RedisStash":
        return self

    def __exit__(self, *exc: Any) -> None:
        self.client.connection_pool.disconnect()

    def ping(self) -> None:
        """Connect, log in and ask for an answer; raise if one of these fails."""
        with reporting(self.server):
            self.client.ping()

    def put(self, key: str, value: bytes, ttl: Optional[int] = None) -> None:
        """Store ``value`` under ``key`` for ``ttl`` seconds, or without a limit."""
        with reporting(self.server, writing=True):
            # The result need not be checked: SET answers OK or an error, which is raised.
            self.client.set(_bytes(key), value, **({"ex": ttl} if ttl else {}))

    def get(self, key: str) -> Optional[bytes]:
        """Return the value under ``key``, or ``None``."""
        with reporting(self.server):
            value = self.client.get(_bytes(key))
        return None if value is None else bytes(value)

    def entry(self, key: str) -> Optional[Entry]:
        """Return the entry of ``key``, or ``None`` if there is no such key."""
        with reporting(self.server):
            return next(self._entries([_bytes(key)]), None)

    def entries(self, pattern: str) -> List[Entry]:
        """Return the entries of the keys that match ``pattern``, sorted by key.

        Keys of other programs that hold lists, hashes and so on are left out.
        """
        with reporting(self.server):
            keys = set(self._keys(_bytes(pattern)))
            return sorted(self._entries(sorted(keys)))

    def delete(self, keys: Iterable[str]) -> int:
        """Delete ``keys``, and return how many of them existed."""
        names = [_bytes(key) for key in keys]
        with reporting(self.server, writing=True):
            batches = (names[at : at + _BATCH] for at in range(0, len(names), _BATCH))
            return sum(int(self.client.delete(*batch)) for batch in batches)

    def _keys(self, pattern: bytes) -> Iterator[bytes]:
        """Yield the keys that match; a page of the server's may have none, or known ones."""
        watch = PageWatch(self.where)
        cursor: Any = 0
        while True:
            cursor, found = self.client.scan(cursor, match=pattern, count=_BATCH)
            if found:
                watch.is_new(found)
            watch.check()
            for key in found:
                yield key
            if not int(cursor):
                return

    def _entries(self, keys: List[bytes]) -> Iterator[Entry]:
        for start in range(0, len(keys), _BATCH):
            batch = keys[start : start + _BATCH]
            pipeline = self.client.pipeline(transaction=False)
            for key in batch:
                pipeline.type(key).pttl(key).strlen(key)
            answers = pipeline.execute(raise_on_error=False)
            for position, key in enumerate(batch):
                kind, milliseconds, size = answers[3 * position : 3 * position + 3]
                if isinstance(kind, Exception):
                    raise kind
                if kind == b"string":
                    yield Entry(_text(key), int(size), _seconds(milliseconds))


def new_client(server: RedisServer) -> Any:
    """Return a ``redis.Redis`` for ``server``; it connects when it is first used.

    ``redis.Redis`` is looked up at each call, because scripts may replace it.
    """
    redis = require("redis")
    seconds = deadlines.after(server.timeout).left or server.timeout
    options: Dict[str, Any] = {
        "host": server.host,
        "port": server.port,
        "db": server.db,
        "password": server.password or None,
        "socket_timeout": seconds,
        "socket_connect_timeout": seconds,
    }
    if server.username:
        options["username"] = server.username
    if server.ssl:
        options["ssl"] = True
        options.update(_tls_options(server))
    client = redis.Redis(**options)
    redis_limits.limit(client, seconds, "Redis at " + server.shown)
    return client


def _tls_options(server: RedisServer) -> Dict[str, Any]:
    if not server.verify:
        return {"ssl_cert_reqs": "none", "ssl_check_hostname": False}
    if server.ssl_ca_certs and not os.path.isfile(server.ssl_ca_certs):
        raise ConfigError(
            "REDIS_SSL_CA_CERTS {} is not a file: correct it".format(server.ssl_ca_certs)
        )
    options: Dict[str, Any] = {"ssl_cert_reqs": "required", "ssl_check_hostname": True}
    authorities = server.ssl_ca_certs or _bundled_authorities()
    if authorities:
        options["ssl_ca_certs"] = authorities
    return options


def _bundled_authorities() -> str:
    """Return certifi's CA file if the system has no CA certificates (as on a phone), else ""."""
    import ssl

    known = ssl.get_default_verify_paths()
    if known.cafile or known.capath and os.listdir(known.capath):
        return ""
    try:
        return str(require("certifi").where())
    except ConfigError:
        return ""


def _bytes(key: str) -> bytes:
    return key.encode("utf-8", "surrogateescape")


def _text(key: bytes) -> str:
    return key.decode("utf-8", "surrogateescape")


def _seconds(milliseconds: int) -> Optional[int]:
    return None if milliseconds < 0 else int(math.ceil(milliseconds / 1000.0))
