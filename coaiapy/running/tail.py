"""The end of a stream that is too long to keep."""

from collections import deque
from typing import Deque


class Tail:
    """Keeps the last ``most`` bytes of what it is fed, and counts all of them in ``total``."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.total = 0
        self._parts: Deque[bytes] = deque()
        self._kept = 0

    def feed(self, data: bytes) -> None:
        """Take in the next bytes of the stream."""
        self.total += len(data)
        self._parts.append(data)
        self._kept += len(data)
        while self._kept - len(self._parts[0]) >= self.most:
            self._kept -= len(self._parts.popleft())

    @property
    def is_cut(self) -> bool:
        """Whether the stream had more bytes than are kept."""
        return self.total > self.most

    def value(self) -> bytes:
        """Return the bytes that are kept."""
        return b"".join(self._parts)[-self.most :] if self.most else b""
