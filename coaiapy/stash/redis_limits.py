"""Limits on the answers of a Redis server, which the package ``redis`` does not have.

Its timeout is for each part of an answer: one that drips, or that never ends, would be read for
ever.
"""

import socket
import time
from typing import Any

from coaiapy import patience
from coaiapy.errors import NetworkError
from coaiapy.util import deadlines
from coaiapy.util.packages import require
from coaiapy.util.threads import OvertimeError, within

# The largest value that Redis holds, and something around it.
MOST_BYTES = (512 << 20) + (1 << 20)


def limit(client: Any, seconds: float, who: str) -> None:
    """Limit each answer that ``client`` gets: it begins within ``seconds``, and ends soon after.

    ``who`` is the server's name in messages.
    """
    pool = getattr(client, "connection_pool", None)
    kind = getattr(pool, "connection_class", None)
    if pool is None or kind is None:
        return  # a stand-in for redis.Redis, which scripts may have put in its place

    class Limited(kind):  # type: ignore[misc, valid-type]
        """A connection whose socket is limited, and whose name server as well."""

        def _connect(self) -> Any:
            require("encodings.idna")  # names of hosts are encoded with it
            require("encodings.punycode")
            try:
                connected = within(seconds, super()._connect, makes_requests=False)
            except OvertimeError:
                raise socket.timeout("timed out") from None
            return LimitedSocket(connected, seconds, who)

    pool.connection_class = Limited


class LimitedSocket:
    """A socket on which an answer is limited in time and size; a request begins a new answer."""

    def __init__(self, inner: Any, seconds: float, who: str) -> None:
        self._inner = inner
        self._seconds = seconds
        self._who = who
        self._whole = deadlines.current()
        self._begin()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def sendall(self, data: bytes, *flags: int) -> None:
        """Send a request."""
        self._begin()
        self._inner.sendall(data, *flags)

    def recv(self, *given: Any) -> bytes:
        """Return the next part of the answer; raise ``socket.timeout`` when the time is over."""
        return bytes(self._part(self._inner.recv, given, len))

    def recv_into(self, *given: Any) -> int:
        """Put the next part of the answer into a buffer, as ``recv`` does."""
        return int(self._part(self._inner.recv_into, given, int))

    def _begin(self) -> None:
        self._began = time.monotonic()
        self._received = 0

    def _part(self, receive: Any, given: Any, size_of: Any) -> Any:
        usual = self._inner.gettimeout()
        left = self._left()
        if usual is None or usual > left:
            if not left:
                raise socket.timeout("timed out")
            self._inner.settimeout(left)
        try:
            part = receive(*given)
        finally:
            self._inner.settimeout(usual)
        self._received += size_of(part)
        if self._received > MOST_BYTES:
            raise NetworkError(
                "{} answered with more than {} MB, which is no value of Redis: check host and "
                "port".format(self._who, MOST_BYTES >> 20)
            )
        return part

    def _left(self) -> float:
        allowed = min(self._seconds + self._received / patience.SLOWEST_REDIS, patience.REDIS)
        allowed = max(allowed, self._seconds)
        return min(max(0.0, self._began + allowed - time.monotonic()), self._whole.left)
